"""Clauses that an NPC can speak, of what admins, mods and players wrote."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_agentd.prompt.clauses import fact_clause, own_clause, recalled_clause


def _cases(name: str) -> list[tuple[str, str]]:
    lines = (Path(__file__).parent / name).read_text().splitlines()
    return [(text, clause) for text, clause in (line.split(" => ") for line in lines if not line.startswith("#"))]


def test_own_clause_speaks_for_the_npc() -> None:
    bad = [
        (sentence, own_clause(sentence, "Marta", "the smith"))
        for sentence, clause in _cases("own_clauses.txt")
        if str(own_clause(sentence, "Marta", "the smith")) != clause
    ]
    assert bad == []


def test_own_clause_speaks_for_a_role() -> None:
    persona = "A guard keeps the gate, watches for bandits and wolves and does not trust strangers easily."
    clause = "I keep the gate, watch for bandits and wolves and do not trust strangers easily"
    assert own_clause(persona, "Bram", "the guard") == clause


@pytest.mark.parametrize("sentence", ["", " . ", "123", "Who killed the miller?", "x" * 300])
def test_own_clause_is_none_where_no_clause_can_be_made(sentence: str) -> None:
    assert own_clause(sentence, "Marta", "the guard") is None


def test_recalled_clause_is_said_to_the_player() -> None:
    bad = [
        (fact, recalled_clause(fact, "Ana", "Marta"))
        for fact, clause in _cases("recalled_clauses.txt")
        if str(recalled_clause(fact, "Ana", "Marta")) != clause
    ]
    assert bad == []


@pytest.mark.parametrize(
    ("key", "value", "clause"),
    [
        ("king", "Aldric", "the king is Aldric"),
        ("festival", "tomorrow at the lake", "the festival is tomorrow at the lake"),
        ("guests", ["Ana", "Bram"], "the guests are Ana and Bram"),
        ("prices", {"apple": 2, "bread": 1}, "the prices are apple 2 and bread 1"),
        ("gate_open", True, "the gate is open"),
        ("gate_open", False, "the gate is not open"),
        ("rumour", "the king is dead", "the rumour is that the king is dead"),
        ("news", ["Ida told me: Wanda and Bram made a deal."], "Ida told me: Wanda and Bram made a deal"),
        ("news", ["They say that a wolf came.", "Ida saw it."], "they say that a wolf came. Ida saw it"),
        ("", None, "nothing is known of the fact"),
    ],
)
def test_fact_clause_says_key_and_value(key: str, value: object, clause: str) -> None:
    assert fact_clause(key, value) == clause


_SAMPLES = "I you he She Marta Ana said: her his is are has Lost never and , the a who because ' … : of 's wolves mine"
_WORDS = st.sampled_from(_SAMPLES.split())
_TEXT = st.one_of(st.text(max_size=60), st.lists(_WORDS, max_size=12).map(" ".join))
_NAME = st.one_of(st.sampled_from(["Marta", "Old Marta", "the", "", "'"]), st.text(max_size=12))


def _is_line(clause: str) -> bool:
    return bool(clause) and clause.strip() == clause and "\n" not in clause


@given(_TEXT, _NAME, st.one_of(st.just("the guard"), st.text(max_size=12)))
def test_own_clause_never_raises_and_is_never_empty(sentence: str, name: str, title: str) -> None:
    clause = own_clause(sentence, name, title)
    assert clause is None or _is_line(clause)


@given(_TEXT, _NAME, _NAME)
def test_recalled_clause_never_raises_and_is_never_empty(fact: str, player: str, name: str) -> None:
    clause = recalled_clause(fact, player, name)
    assert clause is None or _is_line(clause)


_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), _TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=5,
)


@given(st.text(max_size=30), _VALUES)
def test_fact_clause_never_raises_and_is_never_empty(key: str, value: object) -> None:
    clause = fact_clause(key, value)
    assert _is_line(clause)


def test_what_a_name_is_made_of_is_no_name() -> None:
    assert own_clause("A sphinx who asks riddles.", "The Sphinx") == "I am a sphinx who asks riddles"
    assert own_clause("Guards the dragon gate.", "Red Dragon") == "I guard the dragon gate"
    assert own_clause("The sphinx asks riddles.", "The Sphinx") == "I ask riddles"
