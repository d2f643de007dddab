"""A virtual screen: an X server (Xvfb) whose picture lies in a file, and functions that measure the picture.

Knows nothing of the game but what its letters look like.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from tests.support.form_layout import Box

STOP_S = 20.0
XWD_COLOUR_BYTES = 12  # an entry of the colour map that lies before the pixels of an XWD file
WHITE = 250  # of 255, and more: the letters of chat and bubbles; nothing on the stage is as bright
DIFFERENT = 24  # of 255: a pixel that changed by less is the light's flicker
Pixels = Any  # numpy, height × width × RGB


class Screen:
    """An X server on a free display, which it finds itself; its picture lies in `folder`."""

    def __init__(self, folder: Path, size: tuple[int, int]) -> None:
        self.size = size
        self._file = folder / "Xvfb_screen0"
        mode = f"{size[0]}x{size[1]}x24"
        command = ["Xvfb", "-displayfd", "1", "-screen", "0", mode, "+extension", "GLX", "-nolisten", "tcp", "-ac"]
        self._process = subprocess.Popen(
            [*command, "-fbdir", str(folder)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout is not None
        number = self._process.stdout.readline().strip()
        assert number, "Xvfb does not start"
        self.display = f":{number}"

    def pixels(self, box: Box | None = None) -> Pixels:
        """The picture now, or a part of it."""
        raw = self._file.read_bytes()
        header: Any = np.frombuffer(raw, ">u4", 25)
        start = int(header[0]) + int(header[19]) * XWD_COLOUR_BYTES
        width, height, line_bytes = int(header[4]), int(header[5]), int(header[12])
        rows: Any = np.frombuffer(raw, np.uint8, line_bytes * height, start).reshape(height, line_bytes)
        seen: Pixels = rows[:, : width * 4].reshape(height, width, 4)[:, :, 2::-1]
        return seen if box is None else seen[box.top : box.bottom, box.left : box.right]

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(STOP_S)
        assert self._process.stdout is not None
        self._process.stdout.close()


def changed(before: Pixels, after: Pixels) -> float:
    """The share of pixels that differ, 0 to 1."""
    return float((np.abs(before.astype(int) - after.astype(int)).max(axis=2) > DIFFERENT).mean())


def white(seen: Pixels) -> int:
    """How many pixels are as only letters are; a letter has about three."""
    return int((seen >= WHITE).all(axis=2).sum())


def colours(seen: Pixels) -> int:
    """How many there are on every fourth pixel of every fourth row."""
    return len(np.unique(seen[::4, ::4].reshape(-1, 3), axis=0))
