"""The recognizer `pocketsphinx`, with its real model."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from llm_agentd.config.speech import Speech
from llm_agentd.speech.recognizers import choose
from llm_agentd.speech.types import Recognizer
from tests.speech.recognizers.contract import RecognizerContract

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def recognizer() -> Iterator[Recognizer]:
    opened = choose(Speech(stt="pocketsphinx"))
    yield opened
    opened.close()


class TestPocketsphinx(RecognizerContract):
    deaf_to = ("espeak-ng",)
