"""Runs a probe, a test mod whose checks a real game server plays (tests/mods/llm_probe); its verdict is in the log."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from llm_agentd.demo.game import Game

MODS = Path(__file__).parents[1] / "mods"
RUN_MAX_S = 300.0
LOOK_EVERY_S = 0.1
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
    lines = [line for _ in range(runs) for line in _play(server)]
    verdicts = [found.groups() for found in map(VERDICT.search, lines) if found]
    assert verdicts == [("ok", check) for check in checks]
    # curl's own words about a door that is not there are not ours
    assert not [line for line in lines if " ERROR[" in line and "ERROR[CurlFetch]" not in line]
    return lines


def _play(server: Game) -> list[str]:
    """The lines of a run that ends by itself."""
    lines: list[str] = []
    server.start()
    try:
        end_s = time.monotonic() + RUN_MAX_S
        while server.running() and time.monotonic() < end_s:
            lines += server.new_lines()
            time.sleep(LOOK_EVERY_S)
        lines += server.new_lines()
        assert not server.running(), f"not done after {RUN_MAX_S:.0f} s: {lines[-20:]}"
    finally:
        code = server.stop()
    assert code == 0, server.last_words()
    return lines
