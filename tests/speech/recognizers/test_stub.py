"""The recognizer without a model."""

from __future__ import annotations

import pytest

from llm_agentd.config.speech import Speech
from llm_agentd.speech.recognizers import choose
from llm_agentd.speech.types import Recognizer
from tests.speech.recognizers.contract import RecognizerContract


class TestStub(RecognizerContract):
    hears_words = False
    hears_noise = True

    @pytest.fixture
    def recognizer(self) -> Recognizer:
        return choose(Speech(stt="stub"))
