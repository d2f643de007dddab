"""How a name sounds, by its letters, and how far two sounds of words are apart. Pure.

Names of NPCs stand in no dictionary: "Torvik", "Elspeth". The rules are those of English spelling, as far as a name
can be trusted to follow them. Sounds are those of the CMU dictionary (ARPAbet without stress), which pocketsphinx
knows: https://en.wikipedia.org/wiki/ARPABET. Knows no engine.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

VOWELS = frozenset(["AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"])
# Sounds that recognizers and ears take for each other: of one place in the mouth.
_PAIRS = {"B": "P", "D": "T", "G": "K", "V": "F", "Z": "S", "ZH": "SH", "JH": "CH", "DH": "TH", "M": "N", "N": "NG"}
NEAR = [frozenset(pair) for pair in _PAIRS.items()]
VOWEL_FOR_VOWEL, NEAR_FOR_NEAR, WEAK = 0.4, 0.3, 0.5  # of a sound that is quite another
WEAK_SOUNDS = frozenset({"AH", "HH", "R"})  # that many speakers drop

# Of spelling, the first that fits: letters as a pattern, and the sounds. `^` and `$` are the word's ends.
_SPELLINGS = """
^kn N|^gn N|^wr R|^ps S|^x Z|^y Y|^wh W|^mc M AH K
igh AY|eigh EY|augh AO|ough AO|tion$ SH AH N
(?<=[aeiou][^aeiou])es$ Z|(?<=[aeiouy][^aeiouy])e$ |ee IY|ea IY|oo UW|oa OW|ou AW|ow$ OW|ow AW|oi OY|oy OY
ai EY|ay EY|ei EY|ey$ IY|ey EY|au AO|aw AO|ie IY|ue$ UW|ui UW|ew UW|eu UW|ae EY|oe OW
a(?=[^aeiouyrwx]e$) EY|i(?=[^aeiouyrx]e$) AY|o(?=[^aeiouyrwx]e$) OW|u(?=[^aeiouyrx]e$) UW|e(?=[^aeiouyrwx]e$) IY
ar AA R|er ER|ir ER|yr ER|ur ER|or AO R
tch CH|sch SH|ch CH|ck K|sh SH|th TH|ph F|gh G|dg JH|qu K W|ng$ NG|ng NG G|nk NG K|mb$ M|wh W
c(?=[eiy]) S|ge$ JH|ia$ IY AH|io$ IY OW|eo$ IY OW
a$ AH|e$ IY|i$ IY|o$ OW|u$ UW|y$ IY
a AE|b B|c K|d D|e EH|f F|g G|h HH|i IH|j JH|k K|l L|m M|n N|o AA|p P|q K|r R|s S|t T|u AH|v V|w W|x K S|y IH|z Z
"""
_RULES = [
    (re.compile(pattern), tuple(sounds.split()))
    for pattern, _, sounds in (rule.partition(" ") for rule in re.split(r"[|\n]", _SPELLINGS.strip("\n")))
]
_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "þ": "th", "ð": "th", "ł": "l", "đ": "d"})


@lru_cache(maxsize=1024)  # a village's names come with every utterance
def pronounce(word: str) -> tuple[str, ...]:
    """The sounds of a word of Latin letters; () for one that holds none, as of another script."""
    plain = unicodedata.normalize("NFKD", word.lower().translate(_LETTERS))
    letters = "".join(letter for letter in plain if letter.isalpha())
    if not letters.isascii():
        return ()
    letters = re.sub(r"([^aeiou])\1", r"\1", letters)
    sounds: list[str] = []
    at = 0
    while at < len(letters):
        for pattern, made in _RULES:
            if found := _fits(pattern, letters, at):
                sounds += made
                at = found.end()
                break
        else:
            raise AssertionError(f"no rule for {letters[at:]!r}")
    return tuple(sounds)


def _fits(pattern: re.Pattern[str], letters: str, at: int) -> re.Match[str] | None:
    """`^` means the word's begin, which `match` with a position keeps; looking behind sees what is before it."""
    return pattern.match(letters, at)


def distance(one: Sequence[str], other: Sequence[str]) -> float:
    """How far two sequences of sounds are apart: 0 the same, 1 nothing in common. The edits from one to the other,
    over the longer one's length; near sounds cost less."""
    if not one or not other:
        return float(bool(one or other))
    costs = [0.0]
    for sound in other:
        costs.append(costs[-1] + _alone(sound))
    for mine in one:
        before, costs = costs, [costs[0] + _alone(mine)]
        for number, theirs in enumerate(other):
            costs.append(
                min(
                    before[number] + _instead(mine, theirs),
                    before[number + 1] + _alone(mine),
                    costs[number] + _alone(theirs),
                )
            )
    return min(1.0, costs[-1] / max(len(one), len(other)))


def _alone(sound: str) -> float:
    return WEAK if sound in WEAK_SOUNDS else 1.0


def _instead(one: str, other: str) -> float:
    if one == other:
        return 0.0
    if one in VOWELS and other in VOWELS:
        return VOWEL_FOR_VOWEL
    return NEAR_FOR_NEAR if any(one in pair and other in pair for pair in NEAR) else 1.0
