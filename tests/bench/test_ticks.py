"""`bench ticks` at its smallest on a real game server, and what it makes of figures that are given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from llm_agentd.bench import runner, ticks
from llm_agentd.bench.result import Options
from llm_agentd.bench.ticks import Run
from llm_agentd.config import load_config
from llm_agentd.errors import StartError

COUNTS = {"asked": 2.0, "answered": 2.0, "late": 0.0, "doubled": 0.0, "fallbacks": 0.0, "bodies": 1.0}


def run_of(npcs: int, on: bool, gaps: list[float], own: list[float], **counts: float) -> Run:
    data = {"counts": COUNTS | {"bodies": npcs} | counts, "errors": None, "gaps_ms": gaps, "own_ms": own}
    return ticks.read_run(npcs, on, data | {"first_ms": None, "reply_ms": None})


def verdicts(off: Run, on: Run) -> list[str]:
    ratio = max(on.gaps) / max(off.gaps)
    return [line.split(":")[0] for line in ticks.goals([(off, on)], {f"step_gap_p99_at_{on.npcs}": ratio})]


def test_goals_that_are_met() -> None:
    calm = [50.0] * 100
    assert verdicts(run_of(50, False, calm, [0.1]), run_of(50, True, calm, [0.2])) == [
        *["met"] * 3,
        "not measured",
    ]
    assert verdicts(run_of(100, False, calm, [0.1]), run_of(100, True, calm, [0.9]))[3] == "met"


@pytest.mark.parametrize(
    ("number", "on"),
    [
        (0, lambda: run_of(50, True, [56.0], [0.1])),
        (1, lambda: run_of(50, True, [101.0], [0.1])),
        (2, lambda: run_of(50, True, [50.0], [0.1], late=1)),
        (2, lambda: run_of(50, True, [50.0], [0.1], answered=1)),
        (2, lambda: run_of(50, True, [50.0], [0.1], doubled=1)),
        (3, lambda: run_of(100, True, [50.0], [1.1])),
    ],
)
def test_goals_that_are_missed(number: int, on: Callable[[], Run]) -> None:
    run = on()
    assert verdicts(run_of(run.npcs, False, [50.0], [0.1]), run)[number] == "missed"


def test_npcs_without_bodies_are_no_measure() -> None:
    with pytest.raises(StartError, match="of 3 NPCs only 1"):
        run_of(3, True, [50.0], [0.1], bodies=1)


def test_the_daemon_gets_all_that_is_said_of_the_model() -> None:
    config = load_config(None, ["model.threads=1", "model.pin_cpus=0,1", "model.cpu_priority=idle"])
    assert ticks._model_sets(config) == {
        "model.threads": "1",
        "model.pin_cpus": "0,1",
        "model.cpu_priority": "idle",
    }


@pytest.mark.e2e
def test_ticks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(ticks, "WARMUP_S", 1.0)
    monkeypatch.setattr(ticks, "ASKED_EVERY_MAX_S", 0.5)
    written = tmp_path / "ticks.json"
    options = Options(npcs=(2,), seconds=8.0)  # a line takes up to six to say
    assert runner.run("ticks", load_config(), options, json_file=written, plot_dir=tmp_path) == 0
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
