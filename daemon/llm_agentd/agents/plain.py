"""Text of people as data: one line, nothing in it that steers a terminal, a chat or a game's colours. Pure."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"\x1b\([^)]*\)|[\x00-\x1f\x7f]")  # also Luanti's colour escapes


def plain(text: str) -> str:
    """One line without control characters. (Chat-template tokens in it are the engine's care.)"""
    return " ".join(_CONTROL.sub(" ", str(text)).split())
