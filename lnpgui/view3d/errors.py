"""What can stand in the way of a 3-D view."""

from __future__ import annotations


class NoOpenGL(Exception):
    """The machine has no OpenGL that could draw."""
