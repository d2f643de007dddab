"""Which written lines fit a moment, and what is done with them."""

from __future__ import annotations

import json

import pytest

from llm_agentd.topics.phrasebook import Phrasebook

ALWAYS = ("npc",)
LINES = {
    "wave": [
        ["Hello!", [], [], [], [], {"why": "Because I like you."}],
        ["Hello, S!", ["speaker"], [], [], [], {}],
        ["Halt!", [], ["guard"], [], [], {}],
        ["Oh, hello.", [], [], ["sad"], [], {}],
        ["Wet day.", [], [], [], ["rain"], {}],
        ["K.", ["known"], [], [], [], {}],
    ],
    "no": [["No.", [], [], [], [], {}]],
}
SCENES = {name: json.dumps(lines).encode() for name, lines in LINES.items()}
CASES = {
    "wave": [
        {
            "has": ["speaker"],
            "signs": [],
            "roles": [],
            "deed": {"action": "emote", "kind": "=wave"},
            "scenes": ["wave"],
        },
        {"has": [], "signs": ["hurt"], "roles": ["healer"], "deed": None, "scenes": ["no"]},
        {"has": [], "signs": [], "roles": [], "deed": None, "scenes": ["wave"]},
    ]
}


@pytest.fixture
def book() -> Phrasebook:
    return Phrasebook(CASES, SCENES, ALWAYS)


def test_first_case_that_holds_answers(book: Phrasebook) -> None:
    case = book.case("wave", "guard", (), {"speaker"}, {"emote"})
    assert case
    assert case.deed == {"action": "emote", "kind": "=wave"}
    without_offer = book.case("wave", "guard", (), {"speaker"}, ())
    assert without_offer
    assert without_offer.deed is None
    hurt = book.case("wave", "healer", ("hurt",), (), ())
    assert hurt
    assert hurt.scenes == ("no",)
    assert book.case("no such topic", "guard", (), (), ()) is None


def lines(
    book: Phrasebook, role: str = "", mood: str = "", words: tuple[str, ...] = (), slots: tuple[str, ...] = ()
) -> list[str]:
    case = book.case("wave", role, (), (), ())
    assert case
    return book.lines(case, role, mood, words, slots)


def test_line_is_said_only_where_its_conditions_hold(book: Phrasebook) -> None:
    assert lines(book) == ["Hello!"]
    assert lines(book, slots=("speaker",)) == ["Hello!", "Hello, S!"]
    assert lines(book, words=("rain", "evening")) == ["Wet day.", "Hello!"]


def test_lines_of_the_role_and_the_mood_come_first(book: Phrasebook) -> None:
    assert lines(book, role="guard", mood="sad") == ["Halt!", "Oh, hello.", "Hello!"]


def test_what_is_known_is_said_where_something_is(book: Phrasebook) -> None:
    assert lines(book, role="guard", slots=("known", "speaker")) == ["K."]


def test_bare_question_has_the_answer_of_the_line_before(book: Phrasebook) -> None:
    assert book.follow_up("Hello!", "why") == "Because I like you."
    assert book.follow_up("Hello!", "who") is None
    assert book.follow_up("something else", "why") is None


def test_trade_with_lines_of_its_own_denies_nothing() -> None:
    said = [
        ["The harbour lies south.", [], ["fisher"], [], [], {}],
        ["I could not tell you, ask the fisher.", [], [], [], [], {}],
        ["Ships come and go.", [], [], [], [], {}],
    ]
    book = Phrasebook(CASES, {"wave": json.dumps(said).encode()}, ALWAYS)
    assert lines(book, role="fisher") == ["The harbour lies south.", "Ships come and go."]
    assert len(lines(book, role="smith")) == 2
    case = book.case("wave", "fisher", (), (), ())
    assert case
    assert book.own_lines(case, "fisher") == {"The harbour lies south."}


def test_line_for_anyone_that_names_the_speakers_trade_is_left_to_others() -> None:
    said = [
        ["I'm no bard, but hear me.", [], [], [], [], {}],
        ["Ask the smith.", [], [], [], [], {}],
        ["La, la.", [], [], [], [], {}],
    ]
    book = Phrasebook(CASES, {"wave": json.dumps(said).encode()}, ALWAYS)
    assert lines(book, role="bard") == ["Ask the smith.", "La, la."]
    assert lines(book, role="smith") == ["I'm no bard, but hear me.", "La, la."]
    only = Phrasebook(CASES, {"wave": json.dumps(said[:1]).encode()}, ALWAYS)
    assert lines(only, role="bard") == ["I'm no bard, but hear me."], "better than silence"


def test_child_speaks_of_no_past() -> None:
    said = [
        ["My back hurts.", [], [], [], [], {}],
        ["At my age one rests.", [], [], [], [], {}],
        ["Hm!", [], [], [], [], {}],
    ]
    book = Phrasebook(CASES, {"wave": json.dumps(said).encode()}, ALWAYS)
    assert lines(book, role="child") == ["Hm!"]
    assert len(lines(book, role="elder")) == 3
