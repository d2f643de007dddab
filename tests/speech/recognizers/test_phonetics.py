"""How names sound by their spelling, and how far sounds are apart."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_agentd.speech.recognizers.phonetics import VOWELS, distance, pronounce

CONSONANTS = set(re.split(" ", "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH"))
WORDS = st.text("abcdefghijklmnopqrstuvwxyzéß'-", max_size=12)


@pytest.mark.parametrize(
    ("word", "sounds"),
    [
        ("Torvik", "T AO R V IH K"),
        ("Elspeth", "EH L S P EH TH"),
        ("Blake", "B L EY K"),
        ("Thora", "TH AO R AH"),
        ("Jürgen", "JH ER G EH N"),
        ("Иван", ""),
        ("123", ""),
    ],
)
def test_a_name_sounds_as_it_is_spelt(word: str, sounds: str) -> None:
    assert " ".join(pronounce(word)) == sounds


@given(WORDS)
def test_any_latin_word_has_sounds_that_the_dictionary_knows(word: str) -> None:
    assert set(pronounce(word)) <= VOWELS | CONSONANTS


@given(WORDS, WORDS)
def test_distance_is_symmetric_and_zero_for_the_same(one: str, other: str) -> None:
    there, back = distance(pronounce(one), pronounce(other)), distance(pronounce(other), pronounce(one))
    assert there == pytest.approx(back)
    assert 0.0 <= there <= 1.0
    assert distance(pronounce(one), pronounce(one)) == 0.0


def test_near_sounds_are_nearer_than_others() -> None:
    torvik = pronounce("Torvik")
    assert distance(torvik, pronounce("Dorvik")) < distance(torvik, pronounce("Morvik"))
    assert distance(torvik, pronounce("Torvak")) < distance(torvik, pronounce("Torvsk"))
