"""Placeholders: one character each, filled with the game's own words, also while a reply is streamed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from llm_agentd.prompt.placeholders import (
    CHARS,
    FALLBACKS,
    NAMES,
    fill,
    fill_params,
    from_template,
    mark,
    readable,
)
from llm_agentd.util import sanitize

VALUES = {"speaker": "xX_ana_Xx", "item": "steel sword", "known": "the old bridge broke", "way": "north past the well"}
TEMPLATES = st.lists(st.sampled_from([*CHARS.values(), " ", "a", ". ", "! ", "word"]), max_size=12).map("".join)


def test_words_stand_in_the_place_of_placeholders() -> None:
    assert fill(from_template("A {item}, {speaker}?"), VALUES) == "A steel sword, xX_ana_Xx?"


def test_sentence_begins_with_a_capital_but_a_name_stays_as_it_is() -> None:
    assert fill(from_template("{known}. {way}."), VALUES) == "The old bridge broke. North past the well."
    assert fill(from_template("{speaker}, {known}."), VALUES) == "xX_ana_Xx, the old bridge broke."


def test_placeholder_without_a_value_becomes_plain_words_never_a_strange_character() -> None:
    for name, char in CHARS.items():
        assert fill(f"So {char}.", {}) == f"So {FALLBACKS[name]}."


@given(TEMPLATES, st.integers(0, 12))
def test_streamed_in_two_pieces_the_reply_is_the_same(text: str, cut: int) -> None:
    first, second = text[:cut], text[cut:]
    shown = fill(first, VALUES)
    assert shown + fill(second, VALUES, before=shown) == fill(text, VALUES)


def test_words_of_an_earlier_reply_become_placeholders_again() -> None:
    said = "Go north past the well, xX_ana_Xx."
    assert mark(said, VALUES) == from_template("Go {way}, {speaker}.")


def test_action_gets_the_games_own_values() -> None:
    params = {"item": CHARS["item"], "count": 1, "price": CHARS["price"]}
    assert fill_params(params, {"item": "steel sword", "price": 7}) == {"item": "steel sword", "count": 1, "price": 7}


def test_people_read_names_instead_of_characters() -> None:
    assert readable(from_template("Hello, {speaker}.")) == "Hello, ⟦speaker⟧."


def test_no_text_of_players_or_of_the_game_holds_a_placeholder() -> None:
    typed = "".join(NAMES) + "hi"
    assert sanitize.utterance(typed) == sanitize.name(typed) == sanitize.fact(typed) == "hi"
