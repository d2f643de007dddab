"""Voices and sounds, as they travel."""

from __future__ import annotations

import subprocess
import sys

import numpy
import pytest

from llm_agentd.speech.types import Sound, Voice


@pytest.mark.parametrize(
    ("name", "engine", "expected"),
    [
        ("", "piper", ""),
        ("piper:en_US-joe-medium", "piper", "en_US-joe-medium"),
        ("piper:en_US-joe-medium", "espeak-ng", ""),
        ("espeak-ng:en-us+f3", "espeak-ng", "en-us+f3"),
    ],
)
def test_voice_of_another_engine_is_passed_over(name: str, engine: str, expected: str) -> None:
    assert Voice(name).name_at(engine) == expected


def test_sound_of_12000_samples_at_24_khz_is_half_a_second() -> None:
    assert Sound(numpy.zeros(12000, numpy.float32), 24000).seconds == 0.5


@pytest.mark.slow
def test_types_and_speakers_load_no_numpy() -> None:
    """The HTTP process holds voices and stays small."""
    code = "import sys, llm_agentd.speech.types, llm_agentd.speech.speakers; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
