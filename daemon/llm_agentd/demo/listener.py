"""A player who only listens: a real game client on a virtual screen, as small and as slow as it can be drawn.

For `bench ticks --voice`, as voices are sent to players alone. Knows the client's command line, nothing of speech.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from llm_agentd.errors import StartError
from llm_agentd.ops.game_binaries import CLIENT, find_binary

NAME = "Listener"
STOP_S = 20.0
_CONF = """\
screen_w = 160
screen_h = 120
autosave_screensize = false
vsync = false
fps_max = 4
fps_max_unfocused = 4
viewing_range = 20
enable_shaders = false
enable_particles = false
enable_clouds = false
enable_sound = true
pause_on_lost_focus = false
update_last_checked = disabled
contentdb_url =
serverlist_url =
"""
# Sound goes nowhere, but the client decodes and mixes it. Newer clients open their window by SDL.
_ENVIRONMENT = {"LIBGL_ALWAYS_SOFTWARE": "1", "ALSOFT_DRIVERS": "null", "SDL_VIDEODRIVER": "x11"}


@contextmanager
def listener(folder: Path, port: int) -> Iterator[None]:
    """While the block runs the player is in the game, or on the way there. Raises StartError: a program is missing."""
    client = find_binary(CLIENT)
    if not shutil.which("Xvfb"):
        raise StartError("no Xvfb found, which a client without a screen needs; install it: apt-get install -y xvfb")
    (folder / "client.conf").write_text(_CONF, encoding="utf-8")
    with _screen() as display, (folder / "client.out").open("wb") as output:
        child = subprocess.Popen(
            [
                *(client, "--config", str(folder / "client.conf"), "--logfile", str(folder / "client.log"), "--go"),
                *("--address", "127.0.0.1", "--port", str(port), "--name", NAME, "--password", "x"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**os.environ, **_ENVIRONMENT, "DISPLAY": display, "HOME": str(folder)},
        )
        try:
            yield
        finally:
            _end(child)


@contextmanager
def _screen() -> Iterator[str]:
    """The name of a display that an X server has found free."""
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "160x120x24", "+extension", "GLX", "-nolisten", "tcp", "-ac"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert child.stdout is not None
    try:
        number = child.stdout.readline().strip()
        if not number:
            raise StartError("Xvfb does not start; run it by hand to see why")
        yield f":{number}"
    finally:
        _end(child)
        child.stdout.close()


def _end(child: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(STOP_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
