"""Words stay words: of what each shipped role says, as a man and as a woman, whisper understands nine in ten.

A small recogniser is a stricter listener than a player, who reads along. But it was trained on speech, and our voice is
clear: tests and benchmarks of hearing add noise (`llm-agentd bench hearing`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest
import yaml

from llm_agentd.config.speech import Speech
from llm_agentd.roles.registry import SHIPPED_DIR
from llm_agentd.speech import recognizers, speakers
from llm_agentd.speech.sound_file import RATE_HZ, at_rate
from llm_agentd.speech.types import Recognizer, Speaker
from llm_agentd.speech.voices import voice_of

pytestmark = pytest.mark.slow

LINES = (
    "Good evening, traveller. The bridge fell in the flood last spring, so we all go round by the mill.",
    "Bring me the lost hammer, and I will give you a loaf of bread and a place by the fire.",
)
ROLES = {path.stem: yaml.safe_load(path.read_text())["voice"] for path in sorted(SHIPPED_DIR.glob("*.yaml"))}
# As far as words can push a voice either way.
EXTREMES = ("giant deep low old slow", "girl high young fast", "dwarf rough fast")


@pytest.fixture(scope="module")
def hibari() -> Iterator[Speaker]:
    speaker = speakers.choose(Speech(tts="hibari"))
    yield speaker
    speaker.close()


@pytest.fixture(scope="module")
def espeak() -> Iterator[Speaker]:
    speaker = speakers.choose(Speech(tts="espeak-ng"))
    yield speaker
    speaker.close()


@pytest.fixture(scope="module")
def whisper() -> Iterator[Recognizer]:
    recognizer = recognizers.choose(Speech(stt="whisper"))
    yield recognizer
    recognizer.close()


def understood(speaker: Speaker, whisper: Recognizer, words: str, names: tuple[str, ...]) -> float:
    """The share of the words that came through, the lines by NPCs of these names in turn."""
    said: list[str] = []
    heard: list[str] = []
    for name, line in zip(cycle(names), LINES, strict=False):
        voice = voice_of(words, f"{words} {name}", name=name)
        sound = at_rate(speaker.speak(line, "en", voice), RATE_HZ)
        said += _words(line)
        heard += _words(whisper.recognize(sound, "en", ()).text)
    return 1 - _edits(said, heard) / len(said)


def _edits(said: list[str], heard: list[str]) -> int:
    """Words that are missing, wrong or too many."""
    row = list(range(len(heard) + 1))
    for at, word in enumerate(said, 1):
        before, row[0] = row[0], at
        for other, guess in enumerate(heard, 1):
            before, row[other] = row[other], min(before + (word != guess), row[other] + 1, row[other - 1] + 1)
    return row[-1]


def _words(text: str) -> list[str]:
    """As they sound: how whisper writes traveller is not our affair."""
    return re.findall(r"[a-z']+", text.casefold().replace("traveler", "traveller"))


@pytest.mark.parametrize("role", ROLES)
def test_words_of_every_shipped_role_are_understood(hibari: Speaker, whisper: Recognizer, role: str) -> None:
    assert understood(hibari, whisper, ROLES[role], ("Mira", "Bram")) >= 0.9


@pytest.mark.parametrize("words", EXTREMES)
def test_words_of_the_furthest_voices_are_understood(hibari: Speaker, whisper: Recognizer, words: str) -> None:
    assert understood(hibari, whisper, words, ("Mira",)) >= 0.9


@pytest.mark.parametrize("words", ["man", "woman", "child", "dwarf"])
def test_words_of_espeak_are_understood(espeak: Speaker, whisper: Recognizer, words: str) -> None:
    """It speaks more plainly, like a machine: of its own voice, unchanged, 95 % are understood."""
    assert understood(espeak, whisper, words, ("Mira", "Bram")) >= 0.85


def test_every_shipped_role_is_among_them() -> None:
    assert len(ROLES) == len(list(Path(SHIPPED_DIR).glob("*.yaml"))) >= 14
