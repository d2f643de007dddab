"""What every engine promises that speaks, whatever makes the sound: a class for each inherits from these.

Each is tested as `speakers.choose` opens it.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from llm_agentd.errors import BadRequest, TooLarge
from llm_agentd.speech.pitch import pitch_curve, pitch_hz
from llm_agentd.speech.types import WOMAN_HZ, Sound, Speaker, Voice

TEXT = "My forge is by the river, and the coals are never cold."
NOTHING = ["", "   ", "…", "*waves*", "😀👋🏽", "\x00\x07\x1b", "https://example.org/a?b", "?!"]
SOMETHING = [
    "*waves* Hello there!",
    "<b>Hello</b> **there**!",
    "Hello\x00 there\ud800!",
    "Hello 😀 there, Zoë & Größe, 3 × £5!",
    "hellooooooooooooooo!!!!!!!!!!!!",
    "-f /etc/passwd",
    '--"hello"; $(reboot) `ls`',
    "[[h@'loU]] {player}",
]


def loudness(sound: Sound) -> float:
    return float(np.sqrt(np.square(sound.samples).mean()))


class SpeakerContract:
    """A subclass has the fixture `speaker`."""

    def test_same_words_and_voice_give_same_samples(self, speaker: Speaker) -> None:
        voice = Voice(semitones=-7.5, formant=0.87, pace=1.1)
        first, second = (speaker.speak(TEXT, "en", voice) for _ in range(2))
        assert first.rate_hz == second.rate_hz
        assert np.array_equal(first.samples, second.samples)

    def test_sound_is_one_channel_of_floats_as_loud_as_any_other_and_never_cut_off(self, speaker: Speaker) -> None:
        sound = speaker.speak(TEXT, "en", Voice())
        assert sound.samples.dtype == np.float32
        assert sound.samples.ndim == 1
        assert 8000 <= sound.rate_hz <= 48000
        assert 1.5 < sound.seconds < 6
        assert 0.02 < loudness(sound) < 0.12
        assert float(np.abs(sound.samples).max()) <= 0.951

    def test_sound_begins_at_once(self, speaker: Speaker) -> None:
        """What is silent before the words would be heard as a slow NPC."""
        sound = speaker.speak(TEXT, "en", Voice())
        assert loudness(Sound(sound.samples[: sound.rate_hz // 5], sound.rate_hz)) > 0.01

    @pytest.mark.parametrize("text", NOTHING)
    def test_text_without_words_is_no_sound(self, speaker: Speaker, text: str) -> None:
        assert not len(speaker.speak(text, "en", Voice()).samples)

    @pytest.mark.parametrize("text", SOMETHING)
    def test_any_text_is_spoken(self, speaker: Speaker, text: str) -> None:
        assert 0.2 < speaker.speak(text, "en", Voice()).seconds < 12

    def test_emotes_and_markup_are_not_spoken(self, speaker: Speaker) -> None:
        plain = speaker.speak("Hello there!", "en", Voice())
        marked = speaker.speak("*waves his hand* <i>Hello</i> *there*! 😀", "en", Voice())
        assert np.array_equal(plain.samples, marked.samples)

    def test_long_text_is_spoken_and_a_longer_one_refused(self, speaker: Speaker) -> None:
        short = speaker.speak(TEXT, "en", Voice())
        assert speaker.speak(" ".join([TEXT] * 6), "en", Voice()).seconds > 4.5 * short.seconds
        with pytest.raises(TooLarge, match="send it in parts"):
            speaker.speak("a " * 3000, "en", Voice())

    def test_language_that_it_lacks_is_refused_by_name(self, speaker: Speaker) -> None:
        if speaker.languages == ("*",):
            assert speaker.speak("Saluton", "eo", Voice()).seconds > 0.2
        else:
            with pytest.raises(BadRequest, match="xx"):
                speaker.speak(TEXT, "xx", Voice())


class VoiceContract:
    """Of engines that make any voice out of their own."""

    @pytest.mark.parametrize("semitones", [-12.0, -7.0, 3.0, 7.0])
    def test_pitch_moves_as_far_as_is_asked_for(self, speaker: Speaker, semitones: float) -> None:
        moved, own = (speaker.speak(TEXT, "en", Voice(semitones=tones)) for tones in (semitones, 0.0))
        assert pitch_ratio(moved, own) == pytest.approx(2 ** (semitones / 12), rel=0.07)

    def test_pitch_without_a_name_is_a_womans(self, speaker: Speaker) -> None:
        assert pitch_hz(speaker.speak(TEXT, "en", Voice())) == pytest.approx(WOMAN_HZ, rel=0.12)

    @pytest.mark.parametrize("pace", [0.7, 1.4])
    def test_pace_is_what_is_asked_for(self, speaker: Speaker, pace: float) -> None:
        moved, own = (speaker.speak(TEXT, "en", Voice(pace=one)) for one in (pace, 1.0))
        assert own.seconds / moved.seconds == pytest.approx(pace, rel=0.1)


class FormantContract:
    """Of engines that move formants and leave the pitch."""

    @pytest.mark.parametrize("formant", [0.8, 1.25])
    def test_formants_move_and_pitch_and_pace_stay(self, speaker: Speaker, formant: float) -> None:
        moved, own = (speaker.speak(TEXT, "en", Voice(formant=one)) for one in (formant, 1.0))
        assert formant_ratio(moved, own) == pytest.approx(formant, rel=0.08)
        assert pitch_ratio(moved, own) == pytest.approx(1.0, rel=0.04)
        assert moved.seconds == pytest.approx(own.seconds, rel=0.08)


def pitch_ratio(higher: Sound, lower: Sound) -> float:
    """Of two sounds of the same words at the same pace, frame by frame: so it does not matter what is voiced."""
    curves = pitch_curve(higher), pitch_curve(lower)
    size = min(map(len, curves))
    return float(np.nanmedian(curves[0][:size] / curves[1][:size]))


def formant_ratio(moved: Sound, own: Sound) -> float:
    """By how much the smooth spectrum of all frames must be stretched to lie best on the other one."""
    hz = np.arange(300.0, 4500.0, 20.0)
    wanted = _spectrum(moved, hz)
    factors = np.arange(0.7, 1.45, 0.01)
    fits = [np.corrcoef(wanted, _spectrum(own, hz / factor))[0, 1] for factor in factors]
    return float(factors[int(np.argmax(fits))])


def _spectrum(sound: Sound, hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Decibels at these frequencies, without the single harmonics."""
    size = sound.rate_hz // 20
    frames = np.lib.stride_tricks.sliding_window_view(sound.samples, size)[:: size // 2] * np.hanning(size)
    power = np.square(np.abs(np.fft.rfft(frames, axis=1))).mean(axis=0)
    smooth = np.convolve(power, np.hanning(23), "same")
    return np.interp(hz, np.fft.rfftfreq(size, 1 / sound.rate_hz), 10 * np.log10(smooth + 1e-12))
