"""Names and commands that were nearly heard."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_agentd.speech.recognizers.names import put_right

PHRASES = ("Torvik", "Elspeth", "Mira", "Old Tom", "follow me", "wait here", "stop")


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("Torvick, follow me.", "Torvik, follow me."),
        ("Good morning, Elspith, did you see any wolves?", "Good morning, Elspeth, did you see any wolves?"),
        ("tor vic fallow me", "Torvik, follow me"),
        ("torvik follow me", "Torvik follow me"),
        ("wait hear", "Wait here"),
        ("is old tom at home", "is Old Tom at home"),
    ],
)
def test_what_was_nearly_heard_is_put_right(heard: str, meant: str) -> None:
    assert put_right(heard, PHRASES) == meant


@pytest.mark.parametrize(
    "heard",
    [
        "",
        "The mirror is broken.",  # Mira
        "Do not follow me.",  # a command inside a sentence
        "Stop it.",
        "Where is the nearest well?",
        "Torvik, follow me.",
        "I fear the other path.",
    ],
)
def test_what_was_heard_otherwise_stays(heard: str) -> None:
    assert put_right(heard, PHRASES) == heard


def test_a_name_may_hold_what_a_pattern_would_mean() -> None:
    assert put_right("is a\\q here", ("A\\Q",)) == "is A\\Q here"
    assert put_right("a.b", ("A(B", "A\\1")) == "a.b"


@given(st.text(max_size=80), st.lists(st.text(max_size=20).map(str.strip).filter(bool), max_size=4))
def test_anything_is_taken(heard: str, phrases: list[str]) -> None:
    assert isinstance(put_right(heard, phrases), str)
