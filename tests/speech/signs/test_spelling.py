"""Which signs spell a word: those of the package, each with its letters, and letters where it has none."""

from __future__ import annotations

from pathlib import Path

import pytest
from signwriting.fingerspelling.fingerspelling import FINGERSPELLING_DIR, get_chars
from signwriting.primitives.ase.numbers import construct_integer

from llm_agentd.speech.signs.languages import DEFAULT_LANGUAGE, FILES, LANGUAGES
from llm_agentd.speech.signs.spelling import spell


def labels(text: str, lang: str) -> list[str]:
    """A letter without a sign stands in brackets."""
    return [letter.label if letter.fsw else f"[{letter.label}]" for letter in spell(text, lang)]


def test_every_language_of_the_package_has_a_code_and_a_name_and_no_other() -> None:
    assert {FILES.get(code, code) for code in LANGUAGES} == {path.stem for path in Path(FINGERSPELLING_DIR).glob("*")}
    assert len(set(LANGUAGES.values())) == len(LANGUAGES)
    assert DEFAULT_LANGUAGE in LANGUAGES


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_letter_of_every_alphabet_has_the_sign_of_the_package(lang: str) -> None:
    for char, variants in get_chars(FILES.get(lang, lang)).items():
        first = variants["default"] if isinstance(variants, dict) else variants
        assert [(letter.label, letter.fsw) for letter in spell(char, lang)] == [(char, first[0])]


def test_case_stays_in_the_letter_and_makes_no_other_sign() -> None:
    assert labels("Mira", "ase") == ["M", "i", "r", "a"]
    assert [letter.fsw for letter in spell("MIRA", "ase")] == [letter.fsw for letter in spell("mira", "ase")]


def test_letters_with_one_sign_together_are_one_even_where_the_alphabet_lists_single_ones_first() -> None:
    assert labels("Schloß", "gsg") == ["Sch", "l", "o", "ß"]
    assert labels("zhang", "csl") == ["zh", "ang"]
    assert labels("Pizza", "ase") == ["P", "i", "zz", "a"]


def test_an_accent_that_the_alphabet_lacks_is_left_out_of_the_sign_but_not_of_the_letter() -> None:
    accented, plain = spell("É", "ase")[0], spell("E", "ase")[0]
    assert (accented.label, accented.fsw) == ("É", plain.fsw)
    assert spell("è", "fsl")[0].fsw == get_chars("fsl")["è"][0]


def test_syllables_and_voiced_kana_are_spelled_by_their_parts() -> None:
    assert labels("한국", "kvk") == ["ㅎ", "ㅏ", "ㄴ", "ㄱ", "ㅜ", "ㄱ"]
    assert labels("がカ", "jsl") == ["か", "ﾞ", "カ"]


def test_what_has_no_sign_stays_a_letter() -> None:
    assert labels("Ковка X", "ase") == ["[К]", "[о]", "[в]", "[к]", "[а]", "[ ]", "X"]


def test_asl_numbers_of_two_and_three_digits_have_signs_of_their_own() -> None:
    (twelve,) = spell("12", "ase")
    assert (twelve.label, twelve.fsw) == ("12", construct_integer(12))
    assert labels("a 250", "ase") == ["a", "[ ]", "250"]
    assert labels("1234", "ase") == ["1", "2", "3", "4"]
    assert labels("12", "bfi") == ["1", "2"]
