"""Tables for people: cells that hold nothing but text, and the width of a console that is none.

Text of players and models goes into a table by `cell` alone. Pure.
"""

from __future__ import annotations

from typing import TextIO

from rich.console import Console
from rich.text import Text

from llm_agentd.util.terminal_text import plain

NARROWEST_COLUMNS = 110  # of a table in a pipe or a log, which have no columns of their own


def console_for(out: TextIO) -> Console:
    console = Console(file=out, highlight=False)
    if not out.isatty():
        console.width = max(NARROWEST_COLUMNS, console.width)
    return console


def cell(text: str) -> Text:
    """Data: no markup, and no control character reaches the terminal."""
    return Text(plain(text))
