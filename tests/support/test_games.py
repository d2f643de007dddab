"""Which games the tests play in: those at hand that the engine is new enough for; without an engine, none."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_agentd.ops.game_binaries import GAMES_VARIABLE, SERVER
from tests.support.games import at_hand

CONFS = {"voxelibre": "", "mineclonia": "min_minetest_version = 5.9\n", "some_other": ""}


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A server that says its version, a file beside it; games in a folder of the variable."""
    server = tmp_path / "bin" / "luantiserver"
    server.parent.mkdir()
    server.write_text(f"#!/bin/sh\ncat {tmp_path}/version\n")
    server.chmod(0o755)
    for name, conf in CONFS.items():
        (tmp_path / "more" / name).mkdir(parents=True)
        (tmp_path / "more" / name / "game.conf").write_text(conf)
    monkeypatch.setenv(SERVER.variable, str(server))
    monkeypatch.setenv(GAMES_VARIABLE, str(tmp_path / "more"))
    return tmp_path


@pytest.mark.parametrize(
    ("version", "played"),
    [("5.6.1", set()), ("5.8.0", {"voxelibre"}), ("5.18.0-dev-1a2b", {"voxelibre", "mineclonia"})],
)
def test_games_are_those_at_hand_that_the_engine_is_new_enough_for(
    engine: Path, version: str, played: set[str]
) -> None:
    (engine / "version").write_text(f"Luanti {version} (Linux)\n")
    assert at_hand().keys() & CONFS.keys() == played


def test_without_an_engine_no_game_is_at_hand(engine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SERVER.variable, str(engine / "nowhere"))
    assert at_hand() == {}
