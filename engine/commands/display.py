"""Whether a window can be shown at all. Qt ends the program when it can't, so it has to be known before."""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping
from pathlib import Path


def why_no_display(environment: Mapping[str, str], platform: str = sys.platform) -> str | None:
    """Return None where a window can be shown, else a sentence.

    Windows and macOS always have a display. Elsewhere ``QT_QPA_PLATFORM`` is the user's word; without it a Wayland or X server
    must be named by the environment and take a connection (the name outlives a closed ``ssh -X``).
    """
    if platform in {"win32", "darwin"} or environment.get("QT_QPA_PLATFORM"):
        return None
    wayland, display = environment.get("WAYLAND_DISPLAY"), environment.get("DISPLAY")
    if not wayland and not display:
        return "There is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)."
    if wayland and _answers(str(Path(environment.get("XDG_RUNTIME_DIR", "/")) / wayland)):
        return None
    if display and _x_server_answers(display):
        return None
    return f"The display {display or wayland} does not answer."


def _x_server_answers(display: str) -> bool:
    """Return whether the X server called host:number.screen takes connections."""
    host, _, number = display.rpartition(":")
    number = number.partition(".")[0]
    if not number.isdigit():
        return False
    if host in {"", "unix"}:
        path = f"/tmp/.X11-unix/X{number}"
        return _answers(path) or _answers("\0" + path)
    if host.startswith("/"):
        return _answers(f"{host}:{number}")
    try:
        with socket.create_connection((host, 6000 + int(number)), timeout=3):
            return True
    except OSError:
        return False


def _answers(path: str) -> bool:
    """Return whether a Unix socket takes connections; a leading zero byte marks Linux' abstract names."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(3)
        try:
            client.connect(path)
        except OSError:
            return False
        return True
