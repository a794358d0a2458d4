from __future__ import annotations

import socket
import sys

import pytest

from engine.commands.display import why_no_display

linux = pytest.mark.skipif(sys.platform != "linux", reason="Unix sockets of a display server")


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_that_windows_and_macos_always_have_a_display(platform):
    assert why_no_display({}, platform) is None


def test_that_a_platform_chosen_by_the_user_is_believed():
    assert why_no_display({"QT_QPA_PLATFORM": "offscreen"}, "linux") is None


def test_that_no_named_server_means_no_display():
    assert "neither DISPLAY nor WAYLAND_DISPLAY" in why_no_display({}, "linux")


@linux
@pytest.mark.parametrize("display", [":98765", "localhost:1234.0", "nonsense", "/nowhere/x:0"])
def test_that_a_server_that_is_gone_is_named(display):
    assert why_no_display({"DISPLAY": display}, "linux") == f"The display {display} does not answer."


@linux
def test_that_a_listening_wayland_server_is_a_display(tmp_path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "wayland-7"))
        server.listen()
        assert why_no_display({"WAYLAND_DISPLAY": "wayland-7", "XDG_RUNTIME_DIR": str(tmp_path)}, "linux") is None


@linux
def test_that_a_listening_x_server_is_a_display():
    number = 54321
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0/tmp/.X11-unix/X{number}")
        server.listen()
        assert why_no_display({"DISPLAY": f":{number}.0"}, "linux") is None


@linux
def test_that_a_forwarded_x_server_is_reached_by_its_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1] - 6000
        assert why_no_display({"DISPLAY": f"127.0.0.1:{number}.0"}, "linux") is None
