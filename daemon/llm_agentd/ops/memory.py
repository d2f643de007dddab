"""`llm-agentd memory`: looks into what NPCs remember, and deletes it for good, also while the daemon runs.

Runs in a process separate from the daemon's, on the same SQLite file, in short transactions. What is forgotten is
deleted from the file, its index, its WAL and the completion cache. It knows the files, not the daemon.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import lmdb

from llm_agentd.cache.lmdb_store import SCHEMA as CACHE_SCHEMA
from llm_agentd.cache.lmdb_store import LmdbStore
from llm_agentd.errors import StartError
from llm_agentd.memory.store import Store, explain
from llm_agentd.moderation.audit_log import forget_player
from llm_agentd.ops.shared_cache import purge_shared
from llm_agentd.redis.address import RedisAddress
from llm_agentd.util.json_line import json_line

KEPT = ("damaged", "version", "replaced")  # copies that a repair, a migration and `restore` left beside the file


def export(path: Path, *, npc: str | None, player: str | None, out: TextIO) -> int:
    """One JSON object a line, the oldest first. Returns the exit code; raises StartError naming the fix."""
    with _opened(path) as store:
        for row in store.iterate(npc, player):
            view = row.view()
            view["at"] = datetime.fromtimestamp(view.pop("at_s"), UTC).isoformat(timespec="seconds")
            out.write(json_line(view))
    return 0


def forget(
    path: Path,
    cache_path: Path,
    audit_path: Path,
    *,
    npc: str | None,
    player: str | None,
    shared: tuple[RedisAddress, float] | None = None,
    out: TextIO,
) -> int:
    """Deletes what matches (neither given: everything) and prints how much. Raises StartError naming the fix.

    `shared`: of the cache that daemons share, from which what names the player goes too; and how long replies live.

    Where all NPCs forget a player, that player's lines of the moderation log go too. Only here: `/llm forget` in the
    game must not delete what an admin may want to see.
    """
    with _opened(path) as store:
        counts, is_wal_empty = store.forget(npc, player)
    cached = _purge(cache_path, player) if player or not npc else 0
    problem = ""
    if shared is not None and (player or not npc):
        try:
            cached += purge_shared(shared[0], player, shared[1])
        except StartError as error:  # told at the end: the rest is done first
            problem = f"{error}, and run this again: the replies that it has are kept until they expire"
    logged = forget_player(audit_path, player) if player and not npc else 0
    of = " ".join(f"{kind} {name!r}" for kind, name in (("player", player), ("npc", npc)) if name is not None) or "all"
    print(
        f"forgotten of {of}: {counts['exchanges']} exchanges, {counts['outcomes']} outcomes, {counts['facts']} facts;"
        f" {cached} cached replies, {logged} lines of the moderation log",
        file=out,
    )
    if copies := sorted(str(copy) for mark in KEPT for copy in path.parent.glob(f"{path.name}.{mark}-*")):
        print(f"not touched, yours to delete: what was kept as {', '.join(copies)}", file=out)
    if problem:
        raise StartError(problem)
    if not is_wal_empty:
        raise StartError(
            f"agents.memory_path: {path}-wal still holds old pages, as something reads {path} right now; end that and"
            " run this again"
        )
    return 0


@contextmanager
def _opened(path: Path) -> Iterator[Store]:
    if not path.is_file():
        raise StartError(
            f"agents.memory_path: no memory in {path}; it is made when the daemon first runs with agents.remember_turns"
            " over 0, or the daemon uses another agents.memory_path"
        )
    try:
        store = Store(path, create=False)
        try:
            yield store
        finally:
            store.close()
    except (sqlite3.Error, OSError) as error:
        raise StartError(
            f"agents.memory_path: {explain(path, error)}; or run this as the daemon's user or as root"
        ) from None


def _purge(path: Path, player: str | None) -> int:
    """Replies in the completion cache whose question or text names the player. There may be no cache."""
    if not (path / "data.mdb").is_file():
        return 0
    try:
        cache = LmdbStore.attach(path, readonly=False)
        try:
            if cache.schema() != CACHE_SCHEMA:
                raise StartError(
                    f"cache.path: {path} is of another version and stays; delete the folder, it holds copies only"
                )
            return cache.purge(player)
        finally:
            cache.close()
    except (lmdb.Error, OSError) as error:
        raise StartError(
            f"cache.path: what the cache has of it stays, {path} cannot be written: {error}; run this as the daemon's"
            " user or as root, or delete the folder while the daemon is stopped: it holds copies only"
        ) from None
