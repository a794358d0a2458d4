"""The screen of LNPScope."""
