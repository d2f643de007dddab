"""`bench ticks` at its smallest on a real game server; tests/bench/test_ticks.py has what it makes of given figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from llm_agentd.bench import runner, ticks
from llm_agentd.bench.result import Options
from llm_agentd.config import load_config

pytestmark = pytest.mark.e2e

PLAYERS_SECONDS = 30.0  # a round of a player, with all that they do


def test_bench_ticks_of_two_npcs_reports_both_sides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ticks, "WARMUP_S", 1.0)
    monkeypatch.setattr(ticks, "ASKED_EVERY_MAX_S", 0.5)
    written = tmp_path / "ticks.json"
    options = Options(npcs=(2,), seconds=8.0, players=0)  # a line takes up to six to say
    stats = tmp_path / "stats.txt"
    assert runner.run("ticks", load_config(), options, json_file=written, stats_file=stats, plot_dir=tmp_path) == 0
    report = orjson.loads(written.read_bytes())
    figures: dict[str, Any] = report["figures"]
    assert set(report["ratios"]) == {"step_gap_p99_at_2"}
    for side in ("off", "on"):
        assert figures[f"2_{side}_bodies"] == 2
        assert figures[f"2_{side}_steps"] > 20
        assert figures[f"2_{side}_asked"] == figures[f"2_{side}_answered"] > 3
        assert figures[f"2_{side}_doubled"] == 0
        assert figures[f"2_{side}_said"] > 0
        assert figures[f"2_{side}_entity_steps"] > 0
        assert 0 < figures[f"2_{side}_own_p50_ms"] < figures[f"2_{side}_step_gap_p50_ms"]
    assert figures["2_off_replies"] == 0
    assert figures["2_off_fallbacks"] == figures["2_off_asked"]
    assert 0 < figures["2_on_first_text_p50_ms"] <= figures["2_on_reply_p50_ms"]
    assert (tmp_path / "ticks.png").read_bytes().startswith(b"\x89PNG")
    shown = capsys.readouterr().out
    assert "step gap p99" in shown
    assert max(map(len, shown.splitlines())) <= 120
    assert stats.read_text(encoding="utf-8").splitlines()[:-1] == shown.splitlines()[:-1]  # the last has the load


def test_bench_ticks_with_voices_has_a_player_who_hears_them() -> None:
    run = ticks.run_once(load_config(), 2, True, Options(voice=True, seconds=8.0))
    assert run.counts["bodies"] == 2
    assert run.counts["sounds"] > 0
    assert run.counts["said"] > 0


def test_bench_ticks_with_players_has_them_talk_trade_quest_and_fight() -> None:
    run = ticks.run_once(load_config(), 4, True, Options(players=1, seconds=PLAYERS_SECONDS))
    assert run.idle_loads == []  # run_once would have refused it
    assert run.counts["players_trades"] >= 2
