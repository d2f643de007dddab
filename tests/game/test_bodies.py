"""What bodies look like, hold and keep away from in each game at hand, and that they last: a real game server."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import probe
from tests.support.games import GAMES

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("game", GAMES)
def test_bodies_are_those_of_the_game(tmp_path: Path, game: str) -> None:
    settings = {"llm_agent.enabled": "false", "llm_agent.wander": "false", "llm_agent.greet": "false"}
    probe.run(tmp_path, "llm_probe_bodies", settings, game=game)


def test_a_body_spawned_where_no_player_is_outlives_a_restart(tmp_path: Path) -> None:
    settings = {"llm_agent.enabled": "false", "llm_agent.wander": "false"}
    probe.run(tmp_path, "llm_probe_spawn", settings, runs=2)
