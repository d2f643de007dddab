"""From a word to the signs that spell it, in Formal SignWriting (FSW), as the package `signwriting` has them.

Runs in the child process (`child.py`) alone: the package is imported here. Nothing is made up: what the package has no
sign for stays a letter. Knows no pictures.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from signwriting.fingerspelling.fingerspelling import get_chars, variant_signs
from signwriting.primitives.ase.text import construct_number

from llm_agentd.speech.signs.languages import FILES

# ASL has signs of its own for the numbers over nine ("12" is no 1 and 2). Longer ones are wider than a word.
_NUMBER = re.compile(r"(?<!\d)[1-9]\d{1,2}(?!\d)")
_KATAKANA_TO_HIRAGANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}


@dataclass(frozen=True)
class Letter:
    """One sign and the letters it stands for; `fsw` is "" where the language has none. A space parts words."""

    label: str
    fsw: str


def spell(text: str, lang: str) -> list[Letter]:
    """`text` in NFC, `lang` one of LANGUAGES."""
    letters: list[Letter] = []
    at = 0
    while at < len(text):
        number = _NUMBER.match(text, at) if lang == "ase" else None
        label = number[0] if number else _longest(text, at, _signs(lang)) or text[at]
        letters += [Letter(label, construct_number(label) or "")] if number else _letters(label, _signs(lang))
        at += len(label)
    return letters


def _longest(text: str, at: int, signs: dict[str, str]) -> str:
    """The longest run of letters from `at` on with a sign of its own, as `sch` in German or `ch` in pinyin; or ""."""
    longest = max(map(len, signs))
    runs = (text[at : at + length] for length in range(min(longest, len(text) - at), 0, -1))
    return next((run for run in runs if run.lower() in signs), "")


def _letters(label: str, signs: dict[str, str]) -> Iterator[Letter]:
    """Mostly one. A letter that is written with several, as が is with か and ﾞ, has the signs of its parts."""
    sign = signs.get(label.lower())
    if sign is not None:
        yield Letter(label, sign)
        return
    parts = [(part, signs[part]) for part in _parts(label) if part in signs]
    if len(parts) == 1:  # é is spelled as e is where the alphabet has no é
        yield Letter(label, parts[0][1])
    elif parts:
        yield from (Letter(part, sign) for part, sign in parts)
    else:
        yield Letter(label, "")


def _parts(char: str) -> list[str]:
    """What a letter is made of, in the forms that the package's alphabets are written in."""
    plain = char.translate(_KATAKANA_TO_HIRAGANA).lower()
    return [_alone(part) for part in unicodedata.normalize("NFD", plain)]


def _alone(part: str) -> str:
    """A part as it is written alone: the jamo of a Korean syllable, the voicing marks of Japanese."""
    name = unicodedata.name(part, "")
    for joined in ("CHOSEONG", "JUNGSEONG", "JONGSEONG"):
        if joined in name:
            return unicodedata.lookup(name.replace(joined, "LETTER"))
    return {"\u3099": "\uff9e", "\u309a": "\uff9f"}.get(part, part)


@cache
def _signs(lang: str) -> dict[str, str]:
    """Of several ways to sign a letter the first, so that a word always looks the same."""
    chars = get_chars(FILES.get(lang, lang))
    return {unicodedata.normalize("NFC", char): variant_signs(variants)[0] for char, variants in chars.items()}
