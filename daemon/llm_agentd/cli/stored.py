"""`dump`, `moderation …` and `memory …`: what is stored, also while the daemon runs."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from llm_agentd.cli.options import ConfigFile, DumpFormat, Format, Sets
from llm_agentd.cli.process import OK, WRONG_USE, fail, load

if TYPE_CHECKING:
    from llm_agentd.config import Config
    from llm_agentd.redis.address import RedisAddress


class ExportFormat(StrEnum):
    jsonl = "jsonl"


def dump(
    output: Format = DumpFormat.table,
    grep: Annotated[str | None, typer.Option(metavar="S", help="Only entries with S in prompt or text.")] = None,
    role: Annotated[str | None, typer.Option(metavar="ROLE", help="Only entries of this role.")] = None,
    stats: Annotated[bool, typer.Option("--stats", help="Totals instead of entries.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Check every entry; exit 1 if one is damaged.")] = False,
    purge_expired: Annotated[bool, typer.Option("--purge-expired", help="Delete what has expired.")] = False,
    redis: Annotated[bool, typer.Option("--redis", help="Replies that daemons share, in cache.redis_url.")] = False,
    config: ConfigFile = None,
    sets: Sets = None,
) -> None:
    """Look into the cache, also while the daemon runs; read-only unless it purges."""
    loaded = load(config, sets)
    from llm_agentd.ops.dump import dump as run
    from llm_agentd.ops.dump import dump_shared

    form: Literal["jsonl", "table"] = "jsonl" if output is DumpFormat.jsonl else "table"
    if redis:
        if stats or verify or purge_expired:
            fail("--redis lists replies; Redis itself counts, checks and lets expire what it has", WRONG_USE)
        address = _shared(loaded)
        if address is None:
            fail("cache.redis_url is not set, so no replies are shared; --redis has nothing to show", WRONG_USE)
        raise typer.Exit(dump_shared(address, format=form, grep=grep, role=role, out=sys.stdout))
    code = run(
        loaded.cache.path,
        format=form,
        grep=grep,
        role=role,
        stats=stats,
        verify=verify,
        purge_expired=purge_expired,
        out=sys.stdout,
    )
    raise typer.Exit(code)


def _shared(config: Config) -> RedisAddress | None:
    from llm_agentd.ops.redis_login import find_redis

    return find_redis(config.cache, os.environ)


moderation = typer.Typer(help="Read the log of what was held back, or check a text.", no_args_is_help=True)


@moderation.command("log", short_help="List what was held back, the newest last.")
def moderation_log(
    player: Annotated[str | None, typer.Option(metavar="NAME", help="Only what has to do with this player.")] = None,
    since: Annotated[str | None, typer.Option(metavar="WHEN", help="2h, 7d, or a date such as 2026-01-31.")] = None,
    output: Format = DumpFormat.table,
    config: ConfigFile = None,
    sets: Sets = None,
) -> None:
    """List what moderation held back, from whom and why; also while the daemon runs."""
    loaded = load(config, sets)
    from datetime import UTC, datetime

    from llm_agentd.ops import moderation as run

    try:
        after = run.since(since, datetime.now(UTC)) if since else None
    except (ValueError, OverflowError):
        fail(f"--since: want 2h, 7d, or a date such as 2026-01-31, got {since!r}", WRONG_USE)
    as_json = output is DumpFormat.jsonl
    code = run.show_log(loaded.agents.audit_path, player=player, after=after, as_json=as_json, out=sys.stdout)
    raise typer.Exit(code)


@moderation.command("check", short_help="Check whether a text would pass.")
def moderation_check(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What somebody might say.")],
    config: ConfigFile = None,
    sets: Sets = None,
) -> None:
    """Check whether TEXT passes the word list as it is configured; exit 1 if not. Nothing is logged."""
    agents = load(config, sets).agents
    from llm_agentd.moderation.moderator import build
    from llm_agentd.ops.moderation import check

    moderator = build(agents, None)
    if moderator is None:
        print("passes: agents.moderation is off")
        raise typer.Exit(OK)
    raise typer.Exit(check(moderator, text, sys.stdout))


memory_app = typer.Typer(help="Look into what NPCs remember, or delete it.", rich_markup_mode=None)

OfNpc = Annotated[str | None, typer.Option("--npc", metavar="ID", help="Only what this NPC remembers.")]
OfPlayer = Annotated[
    str | None, typer.Option("--player", metavar="NAME", help="Only what is remembered of this player.")
]


@memory_app.command("export", short_help="Print memories, one JSON object a line.")
def memory_export(
    npc: OfNpc = None,
    player: OfPlayer = None,
    output: Annotated[ExportFormat, typer.Option("--format", help="One JSON object a line.")] = ExportFormat.jsonl,
    config: ConfigFile = None,
    sets: Sets = None,
) -> None:
    """Print what NPCs remember, the oldest first; also while the daemon runs."""
    loaded = load(config, sets)
    from llm_agentd.ops.memory import export as run

    raise typer.Exit(run(loaded.agents.memory_path, npc=npc, player=player, out=sys.stdout))


@memory_app.command("forget", short_help="Delete memories for good.")
def memory_forget(
    npc: OfNpc = None,
    player: OfPlayer = None,
    everything: Annotated[bool, typer.Option("--all", help="All that all NPCs remember.")] = False,
    config: ConfigFile = None,
    sets: Sets = None,
) -> None:
    """Delete what NPCs remember, cached replies that name the player, and their lines of the moderation log.

    Also while the daemon runs.
    """
    if everything == bool(npc or player):
        fail("name whom to forget with --player NAME or --npc ID, or everything with --all", WRONG_USE)
    loaded = load(config, sets)
    from llm_agentd.ops.memory import forget as run

    agents = loaded.agents
    files = (agents.memory_path, loaded.cache.path, agents.audit_path)
    address = _shared(loaded)
    shared = None if address is None else (address, loaded.cache.ttl_s)
    code = run(*files, npc=npc, player=player, shared=shared, out=sys.stdout)
    raise typer.Exit(code)
