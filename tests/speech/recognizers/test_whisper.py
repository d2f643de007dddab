"""The recognizer `whisper`, with its real model."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from llm_agentd.config.speech import Speech
from llm_agentd.speech.recognizers import choose, whisper
from llm_agentd.speech.types import Recognizer
from tests.speech.recognizers.contract import RecognizerContract
from tests.speech.recognizers.spoken import noise, silence, spoken

pytestmark = pytest.mark.slow

LINE = "Good morning. Where is the nearest well?"


@pytest.fixture(scope="module")
def recognizer() -> Iterator[Recognizer]:
    opened = choose(Speech(stt="whisper"))
    yield opened
    opened.close()


class TestWhisper(RecognizerContract):
    pass


def test_a_sentence_is_written_with_its_stops(recognizer: Recognizer) -> None:
    said = recognizer.recognize(spoken("hibari", LINE), "en", ())
    assert said.text == LINE
    assert said.confidence > 0.8


@pytest.mark.parametrize("guard", ["LOGPROB_MIN", "COMPRESSION_MAX"])
def test_what_is_unlikely_or_says_the_same_over_and_over_is_left_out(
    recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch, guard: str
) -> None:
    """Each guard by itself, drawn so tight that nothing passes it."""
    monkeypatch.setattr(whisper, guard, 0.0)
    assert recognizer.recognize(spoken("hibari", LINE), "en", ()).text == ""


def test_a_loop_ends_where_nobody_could_have_said_more(recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whisper, "TOKENS_A_SECOND", 0)
    monkeypatch.setattr(whisper, "TOKENS_SPARE", 3)
    assert len(recognizer.recognize(spoken("hibari", LINE), "en", ()).text.split()) <= 3


def test_silence_and_noise_are_found_before_the_model_is_asked(
    recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else each second in which nobody speaks would cost what words cost."""

    def never(*_: object, **__: object) -> None:
        raise AssertionError("the model was asked")

    assert isinstance(recognizer, whisper.WhisperRecognizer)
    monkeypatch.setattr(recognizer._model, "encode", never)
    for sound in (silence(4), noise(4, 0.001), noise(4, 0.1)):
        assert recognizer.recognize(sound, "en", ("Torvik", "follow me")).text == ""
