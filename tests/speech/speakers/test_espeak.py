"""The engine espeak-ng, as it is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from llm_agentd.config.speech import Speech
from llm_agentd.errors import SpeechError
from llm_agentd.speech import speakers
from llm_agentd.speech.speakers import espeak
from llm_agentd.speech.speakers.espeak import EspeakSpeaker
from llm_agentd.speech.types import Speaker, Voice
from tests.speech.speakers.contract import TEXT, FormantContract, SpeakerContract, VoiceContract

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def speaker() -> Iterator[Speaker]:
    speaker = speakers.choose(Speech(tts="espeak-ng"))
    yield speaker
    speaker.close()


class TestEspeak(SpeakerContract, VoiceContract, FormantContract):
    @pytest.mark.parametrize(
        ("lang", "text"),
        [
            ("de", "Guten Abend, Reisender."),
            ("fr", "Bonsoir, voyageur."),
            ("es", "Buenas tardes, viajero."),
            ("ru", "Добрый вечер, путник."),
            ("zh_CN", "晚上好，旅行者。"),
            ("ja", "こんばんは、たびびと。"),
            ("ar", "مساء الخير أيها المسافر"),
        ],
    )
    def test_speaks_languages_in_their_scripts(self, speaker: Speaker, lang: str, text: str) -> None:
        assert 0.7 < speaker.speak(text, lang, Voice()).seconds < 4

    def test_region_of_a_language_is_heard_where_there_is_one(self, speaker: Speaker) -> None:
        brazil, portugal, nowhere = (
            speaker.speak("Bom dia, viajante.", lang, Voice()) for lang in ("pt-BR", "pt", "pt_XX")
        )
        assert not np.array_equal(brazil.samples, portugal.samples)
        assert np.array_equal(nowhere.samples, portugal.samples)

    def test_english_is_that_of_england_and_of_no_island(self, speaker: Speaker) -> None:
        """It lists a dozen kinds of English and none that is plain."""
        named = speaker.speak(TEXT, "en", Voice("espeak-ng:en-gb"))
        plain = speaker.speak(TEXT, "en", Voice("espeak-ng:en"))
        assert np.array_equal(named.samples, plain.samples)
        assert EspeakSpeaker()._code("en_XX") == "en"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("echo no voices at all >&2; exit 3", "espeak-ng failed: no voices at all"),
        ("exit 4", "espeak-ng failed: exit code 4"),
        ("echo hello", "espeak-ng gave 6 bytes that are no sound"),
        ("exec sleep 60", r"espeak-ng took more than 0\.5 s"),
    ],
)
def test_program_that_fails_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, expected: str) -> None:
    program = tmp_path / "espeak-ng"
    program.write_text(f'#!/bin/sh\n[ "$3" = --voices ] && exec /usr/bin/espeak-ng --voices\n{code}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(espeak, "SPEAK_S", 0.5)
    speaker = speakers.choose(Speech(tts="espeak-ng"))
    with pytest.raises(SpeechError, match=expected):
        speaker.speak(TEXT, "en", Voice())
    program.unlink()
    with pytest.raises(SpeechError, match="cannot be run: No such file or directory; install it"):
        speaker.speak(TEXT, "en", Voice())
