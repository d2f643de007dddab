"""What NPCs remember: talk and events, kept on disk, retrieved for prompts, forgotten on request.

`open_memory` gives the memory that the configuration asks for; all are a `Memory`. The package must not know requests,
engines or sockets, and it never stops a daemon that runs: where the disk cannot be used, the log says so once and NPCs
remember nothing. A daemon that is older than its memory does not start: NPCs that suddenly know nobody, and players who
tell them everything again, are worse than a line that says why.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from llm_agentd.errors import LastingStartError
from llm_agentd.memory import salvage
from llm_agentd.memory.base import ForgetCounts, Memory, NullMemory, Outcome, SummarizeBy, SummaryJob
from llm_agentd.memory.ranking import Vectorize
from llm_agentd.memory.schema import NewerVersionError
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

OFF = "the memory is off (agents.remember_turns: 0); run `llm-agentd memory forget`, or delete the file"


def open_memory(
    path: Path,
    *,
    turns: int,
    max_bytes: int,
    summarize_by: SummarizeBy = "auto",
    purge_cache: Callable[[str | None], int] = lambda _: 0,
    vectorize: Vectorize | None = None,
) -> Memory:
    """The memory in the file `path`, made if missing. Raises StartError where another daemon uses it, or a newer
    version has written it.

    `turns`: exchanges that a prompt shows; 0 turns memory off. `purge_cache(player)` deletes what names a player (None:
    all) from the cache of replies and returns how many. `vectorize` turns a line into a vector of length 1, so that
    what was told in other words is found; None: words and their relatives decide. A damaged file is kept aside, and
    what can be read of it goes into a new one. A file of an older version is brought up to date, and a copy kept. One
    that cannot be used (read-only, full disk) is left alone: the memory is a NullMemory, whose `stats` say why, as one
    warning does.
    """
    if not turns:
        return NullMemory(holds_old=lambda: _stays(path, OFF), purge_cache=purge_cache)

    def opened() -> SqliteMemory:
        return SqliteMemory(
            path,
            turns=turns,
            max_bytes=max_bytes,
            summarize_by=summarize_by,
            purge_cache=purge_cache,
            vectorize=vectorize,
        )

    try:
        try:
            return opened()
        except salvage.DAMAGE as error:
            if not salvage.is_damage(error):
                raise
            salvage.start_anew(path, str(error))
            return opened()
    except NewerVersionError as error:
        raise LastingStartError(f"agents.memory_path: {explain(path, error)}") from None
    except (*salvage.DAMAGE, OSError) as error:
        problem = explain(path, error)
        log.warning("agents.memory_path: NPCs remember nothing, %s", problem)
        return NullMemory(problem, holds_old=lambda: _stays(path, problem), purge_cache=purge_cache)


def _stays(path: Path, why: str) -> str:
    """What `forget` must answer while the memory is off: "" only where there is surely nothing to forget."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError:  # nobody can tell
        pass
    return f"what {path} holds of it stays, it was not forgotten: {why}"
