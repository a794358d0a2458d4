"""Starts LNPScope: parses the arguments and hands over to one command."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the program."""
    return 0


if __name__ == "__main__":
    sys.exit(main())
