"""The recognizer `pocketsphinx`, with its real model."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from llm_agentd.config.speech import Speech
from llm_agentd.speech.recognizers import choose, pocketsphinx
from llm_agentd.speech.types import Recognizer
from tests.speech.recognizers.contract import COMMAND, PHRASES, RecognizerContract
from tests.speech.recognizers.spoken import spoken

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def recognizer() -> Iterator[Recognizer]:
    opened = choose(Speech(stt="pocketsphinx"))
    yield opened
    opened.close()


class TestPocketsphinx(RecognizerContract):
    deaf_to = ("espeak-ng",)


def test_a_command_counts_only_where_the_language_model_heard_nearly_the_same(recognizer: Recognizer) -> None:
    """A grammar finds a command in anything that is said."""
    line = "I would like to buy three loaves of bread."
    assert recognizer.recognize(spoken("flite", line), "en", PHRASES).text == line.lower().rstrip(".")


def test_a_name_without_sounds_is_left_out_and_told_once(
    recognizer: Recognizer, caplog: pytest.LogCaptureFixture
) -> None:
    for phrases in (("Фёдор", "wait here"), ("Фёдор", "stop")):
        assert recognizer.recognize(spoken("flite", COMMAND), "en", phrases).text == "wait here"
    told = [message for message in caplog.messages if "Фёдор" in message]
    assert len(told) == 1
    assert "it is left out" in told[0]


def test_a_dictionary_that_grew_is_loaded_anew(recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(recognizer, pocketsphinx.PocketsphinxRecognizer)
    recognizer.recognize(spoken("flite", COMMAND), "en", ("Zorblax",))
    before = recognizer._decoder
    monkeypatch.setattr(pocketsphinx, "WORDS_ADDED_MAX", 0)
    assert recognizer.recognize(spoken("flite", COMMAND), "en", ("wait here",)).text == "wait here"
    assert recognizer._decoder is not before
