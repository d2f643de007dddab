"""The engine espeak-ng, as it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from llm_agentd.config.speech import Speech
from llm_agentd.speech import speakers
from llm_agentd.speech.types import Speaker
from tests.speech.speakers.contract import FormantContract, SpeakerContract, VoiceContract

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def speaker() -> Iterator[Speaker]:
    speaker = speakers.choose(Speech(tts="espeak-ng"))
    yield speaker
    speaker.close()


class TestEspeak(SpeakerContract, VoiceContract, FormantContract):
    pass
