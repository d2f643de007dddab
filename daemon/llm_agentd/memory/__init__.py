"""What NPCs remember: talk and events, kept on disk, retrieved for prompts, forgotten on request.

`open_memory` gives the memory that the configuration asks for; all are a `Memory`. The package must not know requests,
engines or sockets, and it never stops a daemon that runs: where the disk cannot be used, the log says so once and NPCs
remember nothing.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path

from llm_agentd.memory.base import ForgetCounts, Memory, NullMemory, Outcome, SummarizeBy, SummaryJob
from llm_agentd.memory.ranking import Vectorize
from llm_agentd.memory.sqlite_memory import SqliteMemory
from llm_agentd.memory.store import explain

__all__ = [
    "ForgetCounts",
    "Memory",
    "NullMemory",
    "Outcome",
    "SqliteMemory",
    "SummarizeBy",
    "SummaryJob",
    "Vectorize",
    "open_memory",
]

log = logging.getLogger(__name__)


def open_memory(
    path: Path,
    *,
    turns: int,
    max_bytes: int,
    summarize_by: SummarizeBy = "auto",
    purge_cache: Callable[[str | None], int] = lambda _: 0,
    vectorize: Vectorize | None = None,
) -> Memory:
    """The memory in the file `path`, made if missing. Raises StartError where another daemon uses it.

    `turns`: exchanges that a prompt shows; 0 turns memory off. `purge_cache(player)` deletes what names a player (None:
    all) from the cache of replies and returns how many. `vectorize` turns a line into a vector of length 1, so that
    what was told in other words is found; None: words and their relatives decide. A file that cannot be used
    (read-only, damaged, full disk) gives a NullMemory and one warning.
    """
    if not turns:
        return NullMemory()
    try:
        return SqliteMemory(
            path,
            turns=turns,
            max_bytes=max_bytes,
            summarize_by=summarize_by,
            purge_cache=purge_cache,
            vectorize=vectorize,
        )
    except (sqlite3.Error, OSError) as error:
        log.warning("agents.memory_path: NPCs remember nothing, %s", explain(path, error))
        return NullMemory()
