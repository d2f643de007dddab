"""The engine stub."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from llm_agentd.config.speech import Speech
from llm_agentd.speech import speakers
from llm_agentd.speech.types import Speaker
from tests.speech.speakers.contract import SpeakerContract, VoiceContract


@pytest.fixture(scope="module")
def speaker() -> Iterator[Speaker]:
    speaker = speakers.choose(Speech(tts="stub"))
    yield speaker
    speaker.close()


class TestStub(SpeakerContract, VoiceContract):
    pass
