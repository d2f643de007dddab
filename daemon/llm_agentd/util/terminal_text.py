"""Text of players, models and files as it may reach a terminal, which takes control characters for commands.

With them a name could set the window's title, clear the screen or write to the clipboard (OSC 52); U+009B begins such a
sequence like ESC, and U+202E shows a line backwards. Pure; any thread.
"""

from __future__ import annotations

import logging

# Kept besides what is printable: line breaks, tabs, and the joiners that emoji, Persian and Hindi are written with.
_KEPT = "\n\t\u200c\u200d"


def plain(text: str) -> str:
    """`text` with a space in the place of each character that a terminal does not simply print."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in _KEPT else " " for char in text)


class PlainFormatter(logging.Formatter):
    """Log lines name players and NPCs: a message stays one line, and all of it plain. A traceback keeps its lines."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return super().formatMessage(record).replace("\n", " ")

    def format(self, record: logging.LogRecord) -> str:
        return plain(super().format(record))
