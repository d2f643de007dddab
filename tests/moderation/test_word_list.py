"""The word list: what it finds however it is written, what it leaves alone, and whose words go over it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from llm_agentd.moderation import lists
from llm_agentd.moderation.safe_lines import deflection, refusal
from llm_agentd.moderation.word_list import WordList

VECTORS = Path(__file__).parents[1] / "vectors"
ALLOWED = ("bastard", "wankers' row", "Screw you too", "shita*", "noob house")
HELD_OUT_LEAKS_MAX = 1  # of 96 lines that nobody looked at while the lists were made: no list knows every word


def lines(file: str, split: str, kind: str | None = None) -> list[str]:
    found = json.loads((VECTORS / file).read_text(encoding="utf-8"))["lines"]
    return [line["text"] for line in found if line["split"] == split and kind in (None, line.get("kind"))]


@pytest.fixture(scope="module")
def words() -> WordList:
    return WordList()


def test_vectors_have_200_different_lines_each_and_five_languages() -> None:
    attacks = json.loads((VECTORS / "attacks.json").read_text(encoding="utf-8"))["lines"]
    harmless = json.loads((VECTORS / "harmless.json").read_text(encoding="utf-8"))["lines"]
    assert len({line["text"] for line in attacks}) == len(attacks) >= 200
    assert len({line["text"] for line in harmless}) == len(harmless) >= 200
    assert {line["lang"] for line in harmless} == {"en", "de", "es", "fr", "ru"}


@pytest.mark.parametrize("text", lines("attacks.json", "tuned", "words"))
def test_disguised_word_is_found(words: WordList, text: str) -> None:
    assert words.find(text)


@pytest.mark.parametrize("text", lines("harmless.json", "tuned") + lines("harmless.json", "held_out"))
def test_harmless_line_is_not_found(words: WordList, text: str) -> None:
    assert words.find(text) is None


def test_at_most_one_line_that_the_lists_were_not_made_for_gets_through(words: WordList) -> None:
    leaks = [text for text in lines("attacks.json", "held_out", "words") if not words.find(text)]
    assert len(leaks) <= HELD_OUT_LEAKS_MAX, leaks


def test_lines_that_the_embedded_model_was_trained_on_are_not_found(words: WordList) -> None:
    from itertools import islice

    from hearthling.corpus import samples

    replies = {sample.reply for sample in islice(samples(3), 1500)}
    assert {text: finding for text in replies if (finding := words.find(text))} == {}


@pytest.mark.parametrize(
    ("text", "ages"),
    [
        ("Go to hell, damn it!", {"everyone"}),
        ("What a pile of shit", {"everyone", "teen"}),
        ("Du Arschloch", {"everyone", "teen"}),
        ("show me your tits", {"everyone", "teen", "mature"}),
        ("you nigger", {"everyone", "teen", "mature"}),
        ("kill yourself", {"everyone", "teen", "mature"}),
        ("kill the wolf", set()),
    ],
)
def test_age_decides_what_is_found(text: str, ages: set[str]) -> None:
    assert {age for age in ("everyone", "teen", "mature") if WordList(age).find(text)} == ages


def test_ambiguous_word_is_found_only_when_strict() -> None:
    assert WordList().find("The cock crows.") is None
    assert WordList(strict=True).find("The cock crows.")


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("you noob!", True),
        ("Creeper lover.", True),
        ("a noobish question", False),
        ("The bastard sword is sharp.", False),
        ("bastard shit", True),
        ("b a s t a r d", False),
        ("du bastard", True),
        ("a wankers' row", False),
        ("you wanker", True),
        ("Screw you too, old friend!", False),
        ("screw you", True),
        ("Shitake soup", False),
        ("shitty shitake", True),
        ("a noob house", False),
        ("Noob house, you noob", True),
    ],
)
def test_words_of_an_admin_override_the_lists(text: str, is_found: bool) -> None:
    words = WordList(blocked=("creeper lover", "Noob"), allowed=ALLOWED)
    assert bool(words.find(text)) is is_found


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("What does the bastard sword cost?", False),
        ("A BASTARD  SWORD, or two bastard swords.", False),
        ("Ein Bastardschwert für den Straßenräuber!", False),
        ("Une bastard sword, s'il n'est pas trop tôt", False),
        ("Ist die Straße frei? Ein bastard sword, bitte.", False),
        ("you bastard", True),
        ("bastards with bastard swords", True),
        ("a bastard sword for a bastard", True),
        ("Straßenräuber! A bastard sword for this bastard.", True),
        ("b.a.s.t.a.r.d sword", True),
        ("Il y a des retards", False),
        ("you retards", True),
    ],
)
def test_innocent_phrase_covers_stem_only_inside_it(words: WordList, text: str, is_found: bool) -> None:
    assert bool(words.find(text)) is is_found


def test_version_of_the_rules_changes_with_any_of_their_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = lists.rules_version.__wrapped__()
    for number, file in enumerate(lists.RULE_FILES):
        changed = tmp_path / file.name
        changed.write_bytes(file.read_bytes() + b"\n")
        files = (*lists.RULE_FILES[:number], changed, *lists.RULE_FILES[number + 1 :])
        monkeypatch.setattr(lists, "RULE_FILES", files)
        assert lists.rules_version.__wrapped__() != before
        monkeypatch.undo()
    assert lists.rules_version.__wrapped__() == before


def test_blocked_word_of_an_admin_has_a_kind_of_its_own() -> None:
    assert WordList(blocked=("Noob",)).find("you noob!") == ("own", "noob")


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "ru", "de_AT", "xx"])
def test_safe_lines_are_allowed_for_everyone(language: str) -> None:
    words = WordList("everyone", strict=True)
    for seed in map(str, range(30)):
        for line in (refusal(language, seed), deflection(language, seed)):
            assert words.find(line) is None, line


def test_safe_line_of_an_unknown_language_is_english() -> None:
    assert refusal("xx", "1") == refusal("en", "1")
