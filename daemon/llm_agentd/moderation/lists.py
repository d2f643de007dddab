"""Reads word_list.yaml: the word and phrase lists that `WordList` adds to those of `entries.py`.

Pure but for reading the file, once a process.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeAlias

import yaml

from llm_agentd.moderation import entries

Kind: TypeAlias = Literal["mild", "crude", "ambiguous", "obscene", "slur", "self_harm", "own"]

FILE = Path(__file__).with_name("word_list.yaml")
RULE_FILES = (
    FILE,
    *(FILE.with_name(name) for name in ("entries.py", "lists.py", "normalize.py", "word_list.py")),
    *(entries.FOLDER / f"{language}.txt" for language in entries.LANGUAGES),
)
SECTIONS = ("slur", "crude", "mild", "ambiguous", "innocent")  # of a word that is in two, the later one counts


@dataclass(frozen=True, slots=True)
class Phrase:
    """`sign`: a part that every text with the phrase holds; looking for it is quicker than the pattern."""

    kind: Kind
    sign: str
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Lists:
    """`words` and `prefixes` sort entries of the lists, None means harmless. `stems` are sought in word forms.

    `innocent`: words and phrases inside of which nothing counts, whether a stem, a phrase or an entry finds it.
    """

    words: dict[str, Kind | None]
    prefixes: tuple[tuple[str, Kind | None], ...]  # the longest first
    stems: tuple[tuple[Kind, re.Pattern[str]], ...]
    phrases: tuple[Phrase, ...]
    innocent: tuple[str, ...]

    def kind_of(self, entry: str) -> Kind | None:
        """Of an entry of the lists. One that no section names is obscene."""
        if entry in self.words:
            return self.words[entry]
        return next((kind for prefix, kind in self.prefixes if entry.startswith(prefix)), "obscene")


@lru_cache(1)
def load_lists() -> Lists:
    data = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    words: dict[str, Kind | None] = {}
    prefixes: dict[str, Kind | None] = {}
    for section in SECTIONS:
        kind = None if section == "innocent" else section
        for entry in data[section]:
            if entry.endswith("*"):
                prefixes[entry[:-1]] = kind  # type: ignore[assignment]
            else:
                words[entry] = kind  # type: ignore[assignment]
    return Lists(
        words,
        tuple(sorted(prefixes.items(), key=lambda item: -len(item[0]))),
        tuple((kind, re.compile("|".join(map(_stretchable, stems)))) for kind, stems in data["stems"].items()),
        tuple(
            Phrase(kind, _sign(phrase), _phrase_pattern(phrase))
            for kind, phrases in data["phrases"].items()
            for phrase in phrases
        ),
        tuple(entry for entry in data["innocent"] if not entry.endswith("*")),
    )


@lru_cache(1)
def rules_version() -> str:
    """Changes whenever a rule does: a part of cache keys, so that no reply of older rules is served from the cache."""
    digest = hashlib.sha256()
    for file in RULE_FILES:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _stretchable(stem: str) -> str:
    """A stem's pattern that also finds its letters repeated: `fuck` becomes `f+u+c+k+`, `ss` becomes `s{2,}`."""

    def stretch(found: re.Match[str]) -> str:
        if found.group(1):  # a class of letters, and a lookbehind, stay as they are
            return found.group()
        run = found.group()
        return f"{run[0]}+" if len(run) == 1 else f"{run[0]}{{{len(run)},}}"

    return re.sub(r"(\[[^\]]*\]|\(\?<!\w\))|([^\W\d_])\2*(?![?*+{])", stretch, stem)


def _phrase_pattern(phrase: str) -> re.Pattern[str]:
    """For text in small letters. A space of the phrase also finds a comma, a full stop and more spaces."""
    spaced = re.sub(r"(?<!-) (\??)", lambda m: "[ ,.]{0,3}" if m.group(1) else "[ ,.]{1,3}", phrase)
    return re.compile(rf"(?<!\w)(?:{spaced})(?!\w)")


def _sign(phrase: str) -> str:
    """The longest literal part of the phrase outside its alternatives."""
    fixed = phrase
    while (shorter := re.sub(r"\([^()]*\)\??", "|", fixed)) != fixed:
        fixed = shorter
    parts = re.split(r"\[[^\]]*\]\??|\\.[*+]?|[^\w']\??|\w\?|_", fixed)
    return max(parts, key=len)
