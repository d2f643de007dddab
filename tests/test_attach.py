"""Minds for the mobs of another mod, with that mod's real code: mobs_redo as Debian packages it, in a real game server.

The checks are in tests/mods/llm_probe_mobs; here the server is started and its verdict read. What no package holds
(mobs_npc, Mineclonia, VoxeLibre) is played with fakes in lua/spec/mod_attach_spec.lua.
"""

from __future__ import annotations

import re
import socket
import time
from pathlib import Path

import pytest

from llm_agentd.ops.demo.game import Game

pytestmark = pytest.mark.e2e

MOBS_REDO = Path("/usr/share/games/minetest/mods/mobs_redo")
RUN_MAX_S = 120
LOOK_EVERY_S = 0.1
VERDICT = re.compile(r"\[llm_probe\] (ok|FAIL) (.*)")


def play(game: Game) -> list[str]:
    """The lines of a run that ends by itself."""
    lines: list[str] = []
    game.start()
    try:
        end = time.monotonic() + RUN_MAX_S
        while game.running() and time.monotonic() < end:
            lines += game.new_lines()
            time.sleep(LOOK_EVERY_S)
        lines += game.new_lines()
        assert not game.running(), f"not done after {RUN_MAX_S} s: {lines[-20:]}"
    finally:
        code = game.stop()
    assert code == 0, game.last_words()
    return lines


def test_minds_of_real_mobs(tmp_path: Path, repo: Path) -> None:
    assert MOBS_REDO.is_dir(), "no mobs_redo; make setup installs it, or: apt-get install -y minetest-mod-mobs-redo"
    mobs = tmp_path / "mobs"  # its folder is not called as the mod is
    mobs.symlink_to(MOBS_REDO)
    probe = repo / "tests" / "mods" / "llm_probe_mobs"
    checks = re.findall(r'^\t\{"(\w+)"', (probe / "init.lua").read_text(encoding="utf-8"), re.MULTILINE)
    assert checks
    lines: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as mute:  # takes connections and never answers
        url = f"http://127.0.0.1:{mute.getsockname()[1]}"
        game = Game(tmp_path, settings={"llm_agent.url": url, "llm_agent.npc_talk": "off"}, mods=[mobs, probe])
        for _ in ("a new world", "the same world again"):
            lines += play(game)
    verdicts = [found.groups() for found in map(VERDICT.search, lines) if found]
    assert verdicts == [("ok", name) for name in checks]
    assert not [line for line in lines if " ERROR[" in line and "ERROR[CurlFetch]" not in line]
