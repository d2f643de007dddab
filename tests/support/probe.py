"""Runs a probe: a test mod whose checks a real game server plays (tests/mods/llm_probe); its log has the verdicts.

A check that must hold in the real engine is written in Lua, in the probe; the test starts what the probe needs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from llm_agentd.demo.game import Game
from llm_agentd.ops.harness import daemon
from tests.support.game_log import GameLog
from tests.support.mods import MODS

RUN_MAX_S = 300.0  # the longest takes 40 s alone
DEADLINE_MS = 60_000  # of a reply, on a busy machine: a fallback would hide what the daemon says
VERDICT = re.compile(r"\[llm_probe\] (ok|FAIL) (.*)")


def run(
    folder: Path,
    name: str,
    settings: Mapping[str, object],
    *,
    mods: Sequence[Path] = (),
    game: str = "minetest_game",
    runs: int = 1,
) -> list[str]:
    """Plays the mod `name` until its server ends, `runs` times in the same world; returns the log's lines.

    All checks written in it must have passed, in their order, without an error in the log.
    """
    checks = re.findall(r'^\t\{"(\w+)"', (MODS / name / "init.lua").read_text(encoding="utf-8"), re.MULTILINE)
    assert checks, f"no checks in {name}"
    server = Game(folder, settings=settings, mods=[*mods, MODS / "llm_probe", MODS / name], game=game)
    log = GameLog(server)
    for _ in range(runs):
        server.start()
        try:
            log.wait_for_end(RUN_MAX_S)
        finally:
            code = server.stop()
        assert code == 0, server.last_words()
    assert [found.groups() for found in log.matches(VERDICT)] == [("ok", check) for check in checks]
    assert not log.errors(daemon_away=True)
    return log.lines


def run_with_daemon(
    folder: Path,
    name: str,
    settings: Mapping[str, object],
    *,
    config: Mapping[str, object],
    mods: Sequence[Path] = (),
    game: str = "minetest_game",
    runs: int = 1,
) -> list[str]:
    """As `run`, with a daemon of that configuration; NPCs do not talk to each other."""
    with daemon(config, http=True) as running:
        common: dict[str, object] = {
            **running.mod_settings,
            "llm_agent.npc_talk": "off",
            "llm_agent.deadline_ms": DEADLINE_MS,
        }
        return run(folder, name, common | dict(settings), mods=mods, game=game, runs=runs)
