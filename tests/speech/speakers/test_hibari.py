"""The engine hibari, as it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from llm_agentd.config.speech import Speech
from llm_agentd.errors import SpeechError
from llm_agentd.speech import speakers
from llm_agentd.speech.speakers.hibari import shifted, stretched
from llm_agentd.speech.types import Speaker, Voice
from tests.speech.speakers.contract import TEXT, FormantContract, SpeakerContract, VoiceContract

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def speaker() -> Iterator[Speaker]:
    speaker = speakers.choose(Speech(tts="hibari"))
    yield speaker
    speaker.close()


class TestHibari(SpeakerContract, VoiceContract, FormantContract):
    def test_voice_that_was_not_fetched_names_the_command_and_fetches_nothing(
        self, speaker: Speaker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("HIBARI_HOME", str(tmp_path))
        with pytest.raises(SpeechError, match="fetch it once, as the daemon's user: hibari --voice emma \"Hello"):
            speaker.speak(TEXT, "en", Voice("hibari:emma"))
        assert not list(tmp_path.iterdir())

    def test_voice_that_it_does_not_know_is_refused_with_those_that_it_does(self, speaker: Speaker) -> None:
        with pytest.raises(SpeechError, match="hibari has no voice 'karl'; it has heart"):
            speaker.speak(TEXT, "en", Voice("hibari:karl"))

    def test_letters_of_other_languages_are_no_failure(self, speaker: Speaker) -> None:
        assert speaker.speak("Żółć, naïve Þórr, 你好 and Привет!", "en", Voice()).seconds > 1


def test_spectrum_is_stretched_along_its_frequencies() -> None:
    spectrum: NDArray[np.float32] = np.zeros((601, 2), np.float32)
    spectrum[100] = 1
    assert [int(stretched(spectrum, factor)[:, 0].argmax()) for factor in (0.8, 1.0, 1.25)] == [80, 100, 125]


def test_pitch_moves_and_silence_stays_silent() -> None:
    pitch = np.array([0, -1, 39, 100, 200, 90], np.float32)
    assert shifted(pitch, -12).tolist() == [0, -1, 39, 55, 100, 55]
