"""Which voice an NPC has, by words, name and id."""

from __future__ import annotations

from itertools import combinations

import pytest

from llm_agentd.speech.types import FORMANT, PACE, SEMITONES, Voice
from llm_agentd.speech.voices import WORDS, problems, voice_of

IDS = [f"smith_{number}" for number in range(12)]


def test_same_words_and_id_give_the_same_voice_everywhere() -> None:
    """A golden value: a hash that differs from machine to machine would give NPCs another voice after a restart."""
    assert voice_of("old man, deep", "smith_1") == Voice(semitones=-13.53, formant=0.846, pace=0.862)


def test_two_smiths_differ_by_what_one_hears() -> None:
    alike = [
        (first, second)
        for first, second in combinations([voice_of("man rough", npc_id) for npc_id in IDS], 2)
        if abs(first.semitones - second.semitones) < 0.4
        and abs(first.formant / second.formant - 1) < 0.02
        and abs(first.pace / second.pace - 1) < 0.05
    ]
    assert len(alike) <= 2  # of 66 pairs
    assert len({voice_of("man rough", npc_id) for npc_id in IDS}) == len(IDS)


def test_child_is_high_with_a_short_throat_and_dwarf_low_with_a_long_one() -> None:
    for npc_id in IDS:
        child, woman, man, dwarf = (voice_of(words, npc_id) for words in ("child", "woman", "man", "dwarf"))
        assert child.semitones > woman.semitones > man.semitones > dwarf.semitones
        assert child.formant > woman.formant > man.formant > dwarf.formant


@pytest.mark.parametrize(
    ("more", "field", "sign"),
    [
        ("low", "semitones", -1), ("deep", "semitones", -1), ("high", "semitones", 1), ("old", "pace", -1),
        ("slow", "pace", -1), ("fast", "pace", 1), ("young", "formant", 1), ("rough", "semitones", -1),
        ("soft", "pace", -1),
    ],
)  # fmt: skip
def test_each_manner_moves_the_voice_its_way(more: str, field: str, sign: int) -> None:
    plain, moved = voice_of("woman", "a"), voice_of(f"woman {more}", "a")
    assert (getattr(moved, field) - getattr(plain, field)) * sign > 0.01


@pytest.mark.parametrize("words", [" ".join(WORDS), "giant deep low rough old slow", "girl high young fast", ""])
def test_voice_stays_within_its_limits(words: str) -> None:
    for npc_id in IDS:
        voice = voice_of(words, npc_id)
        assert SEMITONES[0] <= voice.semitones <= SEMITONES[1]
        assert FORMANT[0] <= voice.formant <= FORMANT[1]
        assert PACE[0] <= voice.pace <= PACE[1]


def test_exact_settings_are_exact_for_every_npc() -> None:
    assert voice_of("pitch=-3 formant=0.9 pace=1.1", "a") == Voice(semitones=-3.0, formant=0.9, pace=1.1)
    assert voice_of("pitch=-3", "a") == voice_of("pitch=-3", "b")
    assert voice_of("man pitch=-1", "a") == Voice(semitones=-9.5, formant=0.88)


def test_named_voice_is_taken_as_it_is() -> None:
    assert voice_of("piper:en_US-joe-medium", "a") == Voice(name="piper:en_US-joe-medium")
    assert voice_of("hibari:emma old", "a") == Voice(name="hibari:emma", semitones=-0.8, formant=0.98, pace=0.88)


@pytest.mark.parametrize(
    "words", ["Old man, deep.", "an old man; deep", "old_man, deep", "OLD  MAN\tDEEP", "man deep old"]
)
def test_words_are_taken_as_people_write_them(words: str) -> None:
    assert voice_of(words, "a") == voice_of("old man deep", "a")
    assert problems(words) == ()


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Mira", "woman"), ("Bram", "man"), ("Old Tom Miller", "man"), ("Zoe", "woman"), ("Sister Bernd", "woman"),
     ("Luca", "man"), ("Анна", "woman"), ("Иван", "man"), ("Никита", "man")],
)  # fmt: skip
def test_name_tells_whether_a_man_speaks_or_a_woman(name: str, expected: str) -> None:
    for npc_id in IDS:
        assert voice_of("", npc_id, name=name) == voice_of(expected, npc_id)


def test_words_are_stronger_than_the_name() -> None:
    assert voice_of("man", "a", name="Mira") == voice_of("man", "a")


def test_without_words_and_name_the_id_chooses_and_both_are_chosen() -> None:
    lower = [voice_of("", npc_id).semitones < -4 for npc_id in IDS]
    assert 2 <= sum(lower) <= len(IDS) - 2


def test_role_without_words_may_have_them_in_its_name() -> None:
    assert voice_of("", "a", role="old_dwarf") == voice_of("old dwarf", "a")
    assert voice_of("woman", "a", role="old_dwarf") == voice_of("woman", "a")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("old womn", "'womn' is no word for a voice, did you mean 'woman'?"),
        ("gravelly", "'gravelly' is no word for a voice; known: woman, man, girl"),
        ("pitch=deep", "pitch=deep: want a number from -14 to 10"),
        ("pitch=99", "pitch=99: want a number from -14 to 10"),
        ("pace=nan", "pace=nan: want a number from 0.5 to 2"),
        ("pich=1", "'pich' cannot be set, did you mean 'pitch'?"),
        ("hibary:emma", "'hibary:emma': want ENGINE:VOICE, the engine one of hibari"),
        ("piper:", "'piper:': want ENGINE:VOICE"),
    ],
)
def test_what_is_no_word_is_passed_over_and_named(words: str, expected: str) -> None:
    (problem,) = problems(words)
    assert problem.startswith(expected)
    rest = " ".join(word for word in words.split() if word == "old")
    assert voice_of(words, "a") == voice_of(rest or " ", "a", role="")


def test_whole_sentence_names_few_problems() -> None:
    assert len(problems("a voice like gravel in a bucket being shaken by somebody who dislikes gravel")) == 4
