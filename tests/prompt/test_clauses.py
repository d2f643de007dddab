"""Clauses that an NPC can speak, of what admins, mods and players wrote."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_agentd.prompt.clauses import (
    fact_clause,
    ordered_clause,
    own_clause,
    parts_of,
    reasked_clause,
    recalled_clause,
    retold_clause,
)
from llm_agentd.topics import normalize


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


def _said_back(clause_of: Callable[..., str | None], line: str) -> str | None:
    return clause_of(normalize.plain(line), lambda word: word != "sowrd", {"fenwick": "Fenwick"})


@pytest.mark.parametrize(
    ("clause_of", "cases"),
    [
        (retold_clause, "retold_clauses.txt"),
        (reasked_clause, "reasked_clauses.txt"),
        (ordered_clause, "ordered_clauses.txt"),
    ],
)
def test_what_the_player_said_is_said_back(clause_of: Callable[..., str | None], cases: str) -> None:
    bad = [
        (line, _said_back(clause_of, line))
        for line, clause in _cases(cases)
        if str(_said_back(clause_of, line)) != clause
    ]
    assert bad == []


@given(st.text(max_size=80))
def test_any_line_is_said_back_as_one_clause_or_not_at_all(line: str) -> None:
    for clause_of in (retold_clause, reasked_clause, ordered_clause):
        clause = _said_back(clause_of, line)
        assert clause is None or not set(clause) & set(".!?,;")


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


@pytest.mark.parametrize(
    ("sentence", "name", "clause"),
    [
        ("Lady Isa haunts the tower since she was poisoned.", "Lady Isa", "I haunt the tower since I was poisoned"),
        ("Brother Notker keeps the chapel.", "Notker", "I keep the chapel"),
        ("Hedda runs the Crooked Ladle with her brother.", "Hedda", "I run the Crooked Ladle with my brother"),
        ("Zeph knew that you were coming.", "Zeph", "I knew that you were coming"),
        ("She fell and nobody lets her forget it.", "Ada", "I fell and nobody lets me forget it"),
        ("Is seventeen, and worries that it shows.", "Ada", "I am seventeen, and worry that it shows"),
    ],
)
def test_own_clause_knows_its_npc_in_every_part(sentence: str, name: str, clause: str) -> None:
    assert own_clause(sentence, name, "the smith") == clause


def test_thing_that_is_called_it_speaks_of_itself() -> None:
    assert own_clause("It is unsure whether it dreams.", "Tin", is_thing=True) == "I am unsure whether I dream"
    assert own_clause("It found a key and polished it.", "Tin", is_thing=True) == "I found a key and polished it"


@pytest.mark.parametrize(
    ("clause", "parts"),
    [
        ("I collect the tax and am disliked in nine villages", ["I collect the tax", "I am disliked in nine villages"]),
        (
            "I have haunted the tower since I was poisoned at my feast",
            ["I have haunted the tower", "I was poisoned at my feast"],
        ),
        (
            "I am a dragon who sleeps on spoons, since I find gold cold",
            [
                "I am a dragon",
                "I sleep on spoons, since I find gold cold",
                "I sleep on spoons",
                "I find gold cold",
                "because I find gold cold",
            ],
        ),
        ("I turned to stone once and my left arm is granite", ["I turned to stone once", "my left arm is granite"]),
        ("I am the son of a smith who drinks", []),  # it is not I who drink
        ("I keep goats and fish", []),
        ("I guard the gate and take it seriously", ["I guard the gate"]),  # "it" alone would be riddles
        ("I am lonely, exact, and play the flute", ["I am lonely and exact", "I play the flute"]),
        ("I have been loved and feared by all", []),
        (
            "I was a boy when I came and trust nobody",
            ["I was a boy when I came", "I was a boy", "I came", "I trust nobody"],
        ),
        ("the mill is haunted and nobody goes there", []),
    ],
)
def test_parts_of_a_clause_can_be_said_alone(clause: str, parts: list[str]) -> None:
    assert list(parts_of(clause)) == [part for part in parts if part != "I came"]


@given(_TEXT)
def test_parts_never_raise_and_are_never_empty(text: str) -> None:
    assert all(_is_line(part) for part in parts_of(text))


def test_what_a_role_is_of_is_not_the_npc() -> None:
    told = "The bridge was built by dwarves."
    assert own_clause(told, "Tusk", "the warden of the toll bridge") == "the bridge was built by dwarves"
    assert own_clause("The warden limps.", "Tusk", "the warden of the toll bridge") == "I limp"


def test_warning_is_said_to_whoever_hears_it() -> None:
    warning = "Do not eat the red berries, they make you blind."
    assert own_clause(warning, "Tusk") == "do not eat the red berries, they make you blind"
