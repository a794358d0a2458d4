"""The version of the program, written into every result."""

VERSION = "0.1.0"
