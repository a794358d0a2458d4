"""The best-fitting particle of the shown curve."""
