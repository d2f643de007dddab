"""What the demo's terminal shows of the game server's log."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rich.console import Console

from llm_agentd.demo.story import VISIT_EVERY_S, Storyteller

VISIT = {"visitor": "Robin", "asked": "Any news?", "who": "Ana", "text": "The mill burned.", "how": "model", "ms": 90.0}


@pytest.fixture
def teller() -> Storyteller:
    return Storyteller(Console(width=200, highlight=False, soft_wrap=True))


def line(what: str, data: dict[str, Any]) -> str:
    return f"2026-11-26 17:52:13: ACTION[Server]: [llm_village] {what} {json.dumps(data)}"


def told(kind: str, **fields: Any) -> str:
    return line("story", {"kind": kind, **fields})


def test_question_answer_and_effects_are_lines_one_below_the_other(
    teller: Storyteller, capsys: pytest.CaptureFixture[str]
) -> None:
    for entry in (
        told("scene", text="The forge"),
        told("say", who="Torvik", to="Marta", text="A sword [red], please."),
        told("answer", who="Marta", text="30 coins.", how="model", ms=412.0),
        told("effect", text="Torvik: 30 → 0 coins"),
        told("answer", who="Marta", to="Osric", text="A sale!", how="from the cache", ms=3),
        told("answer", who="Marta", text="Agreed.", how="rule", ms=0),
        told("note", text="no answer"),
    ):
        teller.show(entry, 0)
    assert capsys.readouterr().out.splitlines() == [
        "",
        "The forge",
        "Torvik → Marta: A sword [red], please.",
        "  Marta: 30 coins. (model, 412 ms)",
        "    · Torvik: 30 → 0 coins",
        "  Marta → Osric: A sale! (from the cache, 3 ms)",
        "  Marta: Agreed. (rule)",
        "    ! no answer",
    ]


def test_other_visitors_are_heard_when_the_story_is_told_and_not_all_at_once(
    teller: Storyteller, capsys: pytest.CaptureFixture[str]
) -> None:
    teller.show(told("soon"), 0)
    teller.show(line("visit", VISIT), 1)
    teller.show(told("end"), 2)
    assert "Robin" not in capsys.readouterr().out
    for now_s in (2.0, 2.0 + VISIT_EVERY_S / 2, 2.0 + VISIT_EVERY_S):
        teller.show(line("visit", VISIT), now_s)
    pair = ["Robin → Ana: Any news?", "  Ana: The mill burned. (model, 90 ms)"]
    assert capsys.readouterr().out.splitlines() == ["", "Elsewhere in the village", *pair, *pair]


def test_scenes_without_time_are_named(teller: Storyteller, capsys: pytest.CaptureFixture[str]) -> None:
    teller.show(told("end", left_out=["The wolf", "The return"]), 0)
    assert capsys.readouterr().out.split("\n") == ["", "Left out, for want of time: The wolf; The return", ""]


def test_figures_are_taken_up_and_errors_shown(teller: Storyteller, capsys: pytest.CaptureFixture[str]) -> None:
    teller.show(line("stats", {"asked": 3.0}), 0)
    teller.show("ERROR[Server]: broken", 0)
    teller.show("ERROR[CurlFetch]: refused", 0)
    assert teller.stats == {"asked": 3.0}
    assert capsys.readouterr().out == "ERROR[Server]: broken\n"
