"""Which games a test plays in: minetest_game always, the others where they are at hand (CONTRIBUTING.md says how).

A test that takes the parameter `game` from `GAMES` is deselected by tests/game/conftest.py where its game is missing.
"""

from __future__ import annotations

import re
from pathlib import Path

from llm_agentd.demo.game import engine_version
from llm_agentd.errors import StartError
from llm_agentd.ops.game_binaries import find_binary, find_games

ALWAYS = "minetest_game"  # the demo needs it, and every Debian package of a server brings it
# Folders' names; on ContentDB VoxeLibre still has the one that it had until 2024.
VILLAGER_GAMES = ("voxelibre", "mineclone2", "mineclonia")
GAMES = (ALWAYS, "devtest", *VILLAGER_GAMES)
# The oldest engine on which a game loads, where its game.conf (`min_minetest_version`) does not say so.
_ENGINE_MIN = dict.fromkeys(("voxelibre", "mineclone2"), (5, 7))  # core.get_mapgen_edges


def at_hand() -> dict[str, Path]:
    """Those that the server finds, and is new enough for, by name."""
    try:
        server = find_binary()
    except StartError:
        return {}  # the tests say so themselves
    version = _numbers(engine_version(server))
    found = {name: path for name, path in find_games(server).items() if name in GAMES}
    return {name: path for name, path in found.items() if version >= _engine_min(name, path)}


def _engine_min(name: str, folder: Path) -> tuple[int, ...]:
    conf = (folder / "game.conf").read_text(encoding="utf-8")
    said = re.search(r"^min_minetest_version *= *([\d.]+)", conf, re.MULTILINE)
    return _numbers(said[1]) if said else _ENGINE_MIN.get(name, (0,))


def _numbers(version: str) -> tuple[int, ...]:
    """`5.18.0-dev` as (5, 18, 0)."""
    return tuple(map(int, re.findall(r"\d+", version)[:3]))
