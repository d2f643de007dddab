"""Which voice an NPC has: from words such as `old man, deep`, and from its id, so that two smiths do not sound alike.

The same words and id always give the same voice, on any machine. What words there are stands in WORDS; what is unknown
is passed over and `problems` says so, as a role may be older than its words. Pure; any process.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b

from llm_agentd.speech.given_names import GENDERS, gender_of
from llm_agentd.speech.types import FORMANT, PACE, SEMITONES, Voice
from llm_agentd.util.did_you_mean import did_you_mean

log = logging.getLogger(__name__)

ENGINES = ("hibari", "espeak-ng", "piper", "openai", "stub")  # whose own voices can be named, as `piper:NAME`
# How far NPCs of the same words are apart: what one hears as another person, and not as another kind of person.
SPREAD_SEMITONES = 2.5
SPREAD_FORMANT = 0.08
SPREAD_PACE = 0.08
PROBLEMS_MAX = 4  # of one text: whoever wrote a sentence needs no list of all its words
WORD_MAX_CHARS = 40  # shown of an unknown one


@dataclass(frozen=True, slots=True)
class _Change:
    """Semitones are added; formant and pace are factors."""

    semitones: float = 0.0
    formant: float = 1.0
    pace: float = 1.0


# Who speaks, against an ordinary woman. A man's throat is a seventh longer than hers, a child's a sixth shorter.
SPEAKERS = {
    "woman": _Change(),
    "man": _Change(-8.5, 0.88),
    "girl": _Change(4.5, 1.2, 1.02),
    "boy": _Change(3.5, 1.16, 1.02),
    "child": _Change(4.0, 1.18, 1.02),
    "dwarf": _Change(-11.0, 0.79, 0.95),
    "giant": _Change(-12.5, 0.74, 0.88),
}
# How they speak: on top of it, as many as stand there.
MANNERS = {
    "high": _Change(2.0, 1.03),
    "low": _Change(-2.0, 0.97),
    "deep": _Change(-2.0, 0.94, 0.97),
    "soft": _Change(0.7, 1.01, 0.95),
    "rough": _Change(-1.2, 0.96, 0.98),
    "young": _Change(1.0, 1.04, 1.04),
    "old": _Change(-0.8, 0.98, 0.88),
    "slow": _Change(pace=0.86),
    "fast": _Change(pace=1.16),
}
WORDS = (*SPEAKERS, *MANNERS)
FILLERS = frozenset(["a", "an", "the", "and", "with", "very", "voice"])  # as people write them; they say nothing
_EXACT = {"pitch": SEMITONES, "formant": FORMANT, "pace": PACE}
_PARTS = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True)
class _Parsed:
    """A text of words. `speaker`: one of SPEAKERS, or "". `exact`: by the names of _EXACT."""

    name: str
    speaker: str
    manners: tuple[str, ...]
    exact: tuple[tuple[str, float], ...]
    problems: tuple[str, ...]


def voice_of(words: str, npc_id: str, *, name: str = "", role: str = "") -> Voice:
    """The voice of an NPC. `words`: its own or its role's; where there are none, the role's name may hold some.

    Whether a man or a woman speaks is said by the words, else by the NPC's name, else by its id. A voice that is named
    (`piper:NAME`), or any exact setting (`pitch=-3`), is what it says: it is not spread by the id.
    """
    parsed = _parse(words)
    if not words.strip():
        parsed = _parse(role)
    else:
        _warn_once(words)
    gender, first, second, third = _units(npc_id)
    voice = Voice(name=parsed.name)
    is_exact = bool(parsed.name or parsed.exact)
    if parsed.speaker or not is_exact:
        speaker = parsed.speaker or gender_of(name) or GENDERS[gender > 0]
        voice = _changed(voice, SPEAKERS[speaker])
    for manner in parsed.manners:
        voice = _changed(voice, MANNERS[manner])
    if not is_exact:
        spread = _Change(first * SPREAD_SEMITONES, 1 + second * SPREAD_FORMANT, 1 + third * SPREAD_PACE)
        voice = _changed(voice, spread)
    exact = dict(parsed.exact)
    voice = _changed(voice, _Change(exact.get("pitch", 0.0), exact.get("formant", 1.0), exact.get("pace", 1.0)))
    return _bounded(voice)


def problems(words: str) -> tuple[str, ...]:
    """What in these words is passed over, and why, each for people; none: all is understood."""
    return _parse(words).problems


@lru_cache(maxsize=256)
def _warn_once(words: str) -> None:
    for problem in _parse(words).problems:
        log.warning("voice %r: %s; it is passed over", words, problem)


@lru_cache(maxsize=256)  # roles of a game, and NPCs with words of their own
def _parse(words: str) -> _Parsed:
    name = speaker = ""
    manners: list[str] = []
    exact: dict[str, float] = {}
    wrong: list[str] = []
    for part in _parts(words):
        word = part.casefold().strip(".")
        if ":" in part:
            problem = _engine_problem(part)
            name = part if problem is None else name
        elif "=" in part:
            key, _, value = word.partition("=")
            number = _number(key, value)
            problem = number if isinstance(number, str) else None
            exact |= {} if isinstance(number, str) else {key: number}
        else:
            problem = _word_problem(word)
        if word in SPEAKERS:
            speaker = word
        elif word in MANNERS:
            manners.append(word)
        wrong += [problem] if problem else []
    return _Parsed(name, speaker, tuple(manners), tuple(exact.items()), tuple(wrong[:PROBLEMS_MAX]))


def _parts(words: str) -> Iterator[str]:
    """`old_man` is two words, `piper:en_US-joe-medium` one."""
    for part in filter(None, _PARTS.split(words)):
        yield from [part] if ":" in part else filter(None, part.split("_"))


def _word_problem(word: str) -> str | None:
    if not word or word in FILLERS or word in WORDS:
        return None
    otherwise = f"; known: {', '.join(WORDS)}, ENGINE:VOICE, pitch=…, formant=…, pace=…"
    return f"{word[:WORD_MAX_CHARS]!r} is no word for a voice{did_you_mean(word, WORDS, otherwise)}"


def _engine_problem(part: str) -> str | None:
    engine, _, voice = part.partition(":")
    if engine in ENGINES and voice:
        return None
    return f"{part[:WORD_MAX_CHARS]!r}: want ENGINE:VOICE, the engine one of {', '.join(ENGINES)}"


def _number(key: str, value: str) -> float | str:
    """The number, or what is wrong with it."""
    if key not in _EXACT:
        return f"{key[:WORD_MAX_CHARS]!r} cannot be set{did_you_mean(key, _EXACT, '; known: pitch, formant, pace')}"
    low, high = _EXACT[key]
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if low <= number <= high:
        return number
    return f"{key}={value[:WORD_MAX_CHARS]}: want a number from {low:g} to {high:g}"


def _changed(voice: Voice, change: _Change) -> Voice:
    return replace(
        voice,
        semitones=voice.semitones + change.semitones,
        formant=voice.formant * change.formant,
        pace=voice.pace * change.pace,
    )


def _bounded(voice: Voice) -> Voice:
    """Within what still sounds like a speaker; rounded, as the voice is part of the key of each sound that is kept."""
    return replace(
        voice,
        semitones=round(_within(voice.semitones, SEMITONES), 2),
        formant=round(_within(voice.formant, FORMANT), 3),
        pace=round(_within(voice.pace, PACE), 3),
    )


def _within(value: float, limits: tuple[float, float]) -> float:
    return min(max(value, limits[0]), limits[1])


def _units(npc_id: str) -> tuple[float, ...]:
    """Four numbers from -1 to 1, evenly spread, by the id alone."""
    digest = blake2b(npc_id.encode("utf-8", "replace"), digest_size=16).digest()
    return tuple(int.from_bytes(digest[at : at + 4]) / 0xFFFFFFFF * 2 - 1 for at in range(0, 16, 4))


def describe() -> Iterator[tuple[str, _Change]]:
    """Every word with what it changes, for the documents."""
    yield from SPEAKERS.items()
    yield from MANNERS.items()
