"""`llm-agentd moderation`: lists the audit log, also while the daemon runs, and checks a text.

Runs in a process separate from the daemon's. Knows the log's file and the word list, no sockets.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

from rich.table import Table

from llm_agentd.errors import StartError
from llm_agentd.moderation.audit_log import entries
from llm_agentd.moderation.moderator import Moderator
from llm_agentd.ops.terminal import cell, console_for
from llm_agentd.util.json_line import json_line
from llm_agentd.util.terminal_text import plain
from llm_agentd.util.timestamps import parse_time

_SPAN = re.compile(r"(\d+)\s*([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
COLUMNS = ("time", "direction", "player", "npc", "category", "match", "text")


def since(value: str, now: datetime) -> datetime:
    """`2h`, `7d` before now, or a date or time such as 2026-01-31. Raises ValueError."""
    span = _SPAN.fullmatch(value.strip().lower())
    if span:
        return now - timedelta(**{_UNITS[span[2]]: int(span[1])})
    return parse_time(value)


def show_log(path: Path, *, player: str | None, after: datetime | None, as_json: bool, out: TextIO) -> int:
    """The newest last; returns 0. Raises StartError where the log cannot be read."""
    try:
        found = list(entries(path, player=player, since=after))
    except OSError as error:
        raise StartError(f"cannot read {path}: {error.strerror}") from None
    if as_json:
        out.writelines(map(json_line, found))
    elif found:
        console_for(out).print(_table(found))
    else:
        print(f"nothing was held back (as far as {path} says)", file=out)
    return 0


def check(moderator: Moderator, text: str, out: TextIO) -> int:
    """Says whether `text` passes; returns 0 if it does, else 1."""
    verdict = moderator.look_up(text)
    print("passes" if verdict is None else f"held back: {verdict.category}: {plain(verdict.match)}", file=out)
    return 0 if verdict is None else 1


def _table(found: list[dict[str, Any]]) -> Table:
    table = Table(*COLUMNS)
    for entry in found:
        table.add_row(*(cell(str(entry.get(column, ""))) for column in COLUMNS))
    return table
