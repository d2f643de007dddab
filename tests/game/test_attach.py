"""Minds for the mobs of other mods, with their real code in a real game server.

mobs_redo is played as Debian packages it; the villagers of VoxeLibre and Mineclonia where these games are at hand. The
checks are in tests/mods/llm_probe_mobs and llm_probe_villagers. What is nowhere at hand (mobs_npc) is played with fakes
in lua/spec/adapters/.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import probe
from tests.support.games import VILLAGER_GAMES
from tests.support.mods import mobs_redo

pytestmark = pytest.mark.e2e


@pytest.fixture
def settings() -> Iterator[dict[str, object]]:
    """Of a mod whose daemon takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        yield {"llm_agent.url": f"http://127.0.0.1:{mute.getsockname()[1]}", "llm_agent.npc_talk": "off"}


def test_attached_mobs_of_mobs_redo_have_minds(tmp_path: Path, settings: dict[str, object]) -> None:
    probe.run(tmp_path, "llm_probe_mobs", settings, mods=[mobs_redo(tmp_path)], runs=2)


@pytest.mark.parametrize("game", VILLAGER_GAMES)
def test_villagers_of_real_games_have_minds(tmp_path: Path, settings: dict[str, object], game: str) -> None:
    probe.run(tmp_path, "llm_probe_villagers", settings, game=game, runs=2)
