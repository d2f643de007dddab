"""What `bench ticks` makes of figures that are given; tests/game/test_bench_ticks.py runs it on a real game server."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from llm_agentd.bench.ticks import report
from llm_agentd.bench.ticks.run import PLAYERS_DID, Run, read_run
from llm_agentd.config import load_config
from llm_agentd.demo.game import VILLAGE_MOD
from llm_agentd.errors import StartError
from llm_agentd.ops.harness import model_sets

COUNTS = {"asked": 2.0, "answered": 2.0, "late": 0.0, "doubled": 0.0, "fallbacks": 0.0, "bodies": 1.0}


def run_of(npcs: int, on: bool, gaps_ms: list[float], mod_ms: list[float], **counts: float) -> Run:
    own_ms = {kind: mod_ms if kind == "globalstep" else [0.0] * len(mod_ms) for kind in report.KINDS}
    data = {"counts": COUNTS | {"bodies": npcs} | counts, "errors": None, "gaps_ms": gaps_ms, "own_ms": own_ms}
    return read_run(npcs, on, data | {"first_ms": None, "reply_ms": None})


def verdicts(off: Run, on: Run) -> list[str]:
    ratio = max(on.gaps_ms) / max(off.gaps_ms)
    return [line.split(":")[0] for line in report.goals([(off, on)], {f"step_gap_p99_at_{on.npcs}": ratio})]


def test_goals_met_are_reported_as_met() -> None:
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
def test_goals_missed_are_reported_as_missed(number: int, on: Callable[[], Run]) -> None:
    run = on()
    assert verdicts(run_of(run.npcs, False, [50.0], [0.1]), run)[number] == "missed"


def test_run_with_missing_bodies_is_refused() -> None:
    with pytest.raises(StartError, match="of 3 NPCs only 1"):
        run_of(3, True, [50.0], [0.1], bodies=1)


def test_model_sets_hold_all_set_keys_of_the_model() -> None:
    config = load_config(None, ["model.threads=1", "model.pin_cpus=0,1", "model.cpu_priority=idle"])
    assert model_sets(config) == {
        "model.threads": "1",
        "model.pin_cpus": "0,1",
        "model.cpu_priority": "idle",
    }


def test_players_who_did_nothing_of_a_kind_are_an_idle_load() -> None:
    did = {f"players_{what}": 1.0 for what in PLAYERS_DID}
    assert run_of(4, True, [50.0], [0.1], **did).idle_loads == []
    assert run_of(4, True, [50.0], [0.1], **did | {"players_trades": 0.0}).idle_loads == ["trades"]
    assert run_of(4, False, [50.0], [0.1], **did | {"players_answers": 0.0}).idle_loads == []  # nobody answers
    assert run_of(4, True, [50.0], [0.1]).idle_loads == []  # a run without players


def test_slowest_steps_say_which_kind_of_call_they_were_made_of() -> None:
    run = run_of(4, True, [50.0] * 200, [0.1] * 198 + [3.0, 5.0])
    run.kinds_ms["chat"][199] = 2.0
    assert run.mod_ms[197:] == [0.1, 3.0, 7.0]
    assert run.slowest_ms == dict.fromkeys(report.KINDS, 0.0) | {"globalstep": 4.0, "chat": 1.0}
    assert dict(report.figures(run))["own_chat_slowest_mean_ms"] == 1.0
    assert dict(report.figures(run))["own_chat_mean_ms"] == 0.01
    rows = {label: cell(run) for label, cell in report.ROWS}
    assert rows["slowest 1%: globalstep"] == "4.000"
    assert rows["slowest 1%: chat"] == "1.000"


def test_kinds_of_the_report_are_those_of_the_game() -> None:
    source = (VILLAGE_MOD / "timer.lua").read_text(encoding="utf-8")
    kinds = re.search(r"local KINDS = \{(.*)\}", source)
    assert kinds is not None
    assert re.findall(r'"(\w+)"', kinds[1]) == list(report.KINDS)
