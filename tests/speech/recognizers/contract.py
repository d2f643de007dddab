"""What every recognizer does, whatever it computes with. A test file of an engine inherits it and opens the engine.

`hears_words`: whether it understands what is said; the stub does not.
"""

from __future__ import annotations

import numpy as np
import pytest

from llm_agentd.errors import BadRequest
from llm_agentd.speech.recognizers import hear
from llm_agentd.speech.sound_file import RATE_HZ
from llm_agentd.speech.types import Recognizer, Sound
from tests.speech.recognizers.spoken import MAKERS, clicks, file_of, hum, noise, silence, spoken

COMMAND = "Wait here."
PHRASES = ("Torvik", "Elspeth", "wait here", "follow me")


class RecognizerContract:
    hears_words = True
    deaf_to: tuple[str, ...] = ()  # makers whose voices it mostly fails on (`bench hearing` has the figures)
    hears_noise = False  # it takes noise for words: the stub, which listens for loudness alone

    @pytest.mark.parametrize("maker", MAKERS)
    def test_a_command_is_understood(self, recognizer: Recognizer, maker: str) -> None:
        said = recognizer.recognize(spoken(maker, COMMAND), "en", ("wait here",))
        if maker not in self.deaf_to:
            assert said.text.rstrip(".").lower() == "wait here"
        assert 0.0 < said.confidence <= 1.0

    def test_the_same_sound_gives_the_same_words(self, recognizer: Recognizer) -> None:
        sound = spoken("flite", COMMAND)
        assert recognizer.recognize(sound, "en", PHRASES) == recognizer.recognize(sound, "en", PHRASES)

    def test_a_name_of_no_dictionary_is_heard_where_it_is_a_phrase(self, recognizer: Recognizer) -> None:
        if not self.hears_words:
            return
        said = recognizer.recognize(spoken("flite", "Torvik, follow me."), "en", PHRASES)
        assert "torvik" in said.text.lower()
        assert "follow me" in said.text.lower()

    def test_language_may_be_left_to_the_engine(self, recognizer: Recognizer) -> None:
        assert recognizer.recognize(spoken("flite", COMMAND), "", ("wait here",)).text

    @pytest.mark.parametrize("phrases", [(), PHRASES])
    @pytest.mark.parametrize("seconds", [0.0, 0.01, 0.3, 4.0])
    def test_silence_is_nothing_said(self, recognizer: Recognizer, seconds: float, phrases: tuple[str, ...]) -> None:
        assert recognizer.recognize(silence(seconds), "en", phrases).text == ""

    @pytest.mark.parametrize("phrases", [(), PHRASES])
    @pytest.mark.parametrize(
        "sound",
        [noise(4, 0.001), noise(4, 0.1), noise(4, 0.5), hum(4), clicks(4)],
        ids=["hiss", "noise", "loud noise", "hum", "keyboard"],
    )
    def test_noise_is_nothing_said(self, recognizer: Recognizer, sound: Sound, phrases: tuple[str, ...]) -> None:
        if not self.hears_noise:
            assert recognizer.recognize(sound, "en", phrases).text == ""

    @pytest.mark.parametrize("phrase", ["Иван", "follow <me>; | */", "don't!", "☃", "Éowyn O’Neill", "R2-D2", "a" * 64])
    def test_any_phrase_is_taken(self, recognizer: Recognizer, phrase: str) -> None:
        assert recognizer.recognize(spoken("flite", COMMAND), "en", (phrase, "wait here")).text

    def test_sixty_four_phrases_are_taken(self, recognizer: Recognizer) -> None:
        names = [f"{first}{last}" for first in ("Tor", "El", "Bran", "Mir") for last in ("vik", "speth", "wen", "dor")]
        assert recognizer.recognize(spoken("flite", COMMAND), "en", ["wait here", *names * 4][:64]).text

    def test_a_file_is_heard_with_its_length(self, recognizer: Recognizer) -> None:
        said = hear(recognizer, file_of(spoken("flite", COMMAND), "OGG", "VORBIS"), "en-GB", ("wait here",), 10)
        assert said.text.rstrip(".").lower() == "wait here"
        assert said.seconds == pytest.approx(spoken("flite", COMMAND).seconds, abs=0.05)

    def test_a_language_that_it_lacks_is_refused_with_the_cure(self, recognizer: Recognizer) -> None:
        if "*" in recognizer.languages:
            return
        with pytest.raises(BadRequest, match=r"^language: de is not understood .* speech\.stt_model"):
            hear(recognizer, file_of(silence(1)), "de", (), 10)

    def test_full_scale_and_offset_are_heard(self, recognizer: Recognizer) -> None:
        sound = spoken("flite", COMMAND)
        loud = Sound(np.clip(sound.samples * 8 + 0.1, -1, 1).astype(np.float32), RATE_HZ)
        assert recognizer.recognize(loud, "en", ("wait here",)).text
