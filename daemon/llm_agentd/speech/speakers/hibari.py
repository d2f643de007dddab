"""Engine `hibari`: a small network on this processor that speaks English (extra `speech`; Apache-2.0).

The network gives, for each 12.5 ms, a spectrum and a pitch, from which hibari.dsp makes the waves. Between the two any
speaker is made of the one voice: the pitch curve is multiplied, and the spectrum stretched along its frequencies, as a
longer or shorter throat does it. So neither costs a second model, nor the sound of a tape that runs too fast. Pace is
the network's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from hibari import Hibari, dsp
from hibari.voices import DEFAULT, VOICES, voice_path
from numpy import float32
from numpy.typing import NDArray

from llm_agentd.errors import SpeechError
from llm_agentd.speech.types import Sound, Voice

if TYPE_CHECKING:
    from llm_agentd.config.speech import Speech

VOICED_HZ = 40.0  # hibari.dsp takes what is below as unvoiced: whisper and breath, without a pitch
LOWEST_HZ = 55.0  # below it one hears single beats, no voice
SEED = 0  # of the breath's noise: the same words sound the same
PADS = 2  # ids around a sentence, which alone say nothing
LOADED_MAX = 3  # voices held at once; each is 40 MB

Frames: TypeAlias = NDArray[float32]  # [601 bins, frames] of a natural logarithm, or of a phase


class HibariSpeaker:
    name = "hibari"
    languages = ("en",)

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._loaded: dict[str, Hibari] = {}
        self._voice(DEFAULT)  # what cannot be loaded shows here

    def speak(self, text: str, lang: str, voice: Voice) -> Sound:
        hibari = self._voice(voice.name_at(self.name) or DEFAULT)
        noise = np.random.default_rng(SEED)
        parts = [_waves(frames, voice, noise) for frames in _frames(hibari, text, voice.pace)]
        return Sound(np.concatenate(parts) if parts else np.zeros(0, float32), dsp.SR)

    def close(self) -> None:
        self._loaded.clear()

    def _voice(self, name: str) -> Hibari:
        hibari = self._loaded.pop(name, None)
        if hibari is None:
            if len(self._loaded) >= LOADED_MAX:
                del self._loaded[next(iter(self._loaded))]
            hibari = Hibari(voice=name, model=_model(name), threads=self._threads)
        self._loaded[name] = hibari  # the latest used is the last
        return hibari


def _model(name: str) -> str:
    """The voice's file. Nothing is fetched here: a sentence would wait for it."""
    if name not in VOICES:
        raise SpeechError(f"hibari has no voice {name!r}; it has {', '.join(VOICES)}")
    try:
        return str(voice_path(name, download_missing=False))
    except FileNotFoundError:
        raise SpeechError(
            f"hibari's voice {name!r} is not on this machine; fetch it once, as the daemon's user:"
            f' hibari --voice {name} "Hello." -o hello.wav'
        ) from None


def _frames(hibari: Hibari, text: str, pace: float) -> Iterator[tuple[NDArray[float32], ...]]:
    """Of each sentence what the network says of it: five spectra and the pitch."""
    for phonemes in hibari.phonemize(text):
        ids = hibari.ids(phonemes)
        if len(ids) > PADS:
            inputs: dict[str, Any] = {"ids": np.asarray([ids], np.int64), "speed": np.asarray([pace], float32)}
            yield tuple(output[0] for output in hibari.sess.run(None, inputs))


def _waves(frames: tuple[NDArray[float32], ...], voice: Voice, noise: np.random.Generator) -> NDArray[float32]:
    harmonic, harmonic_phase, breath, rest, rest_phase, pitch = frames
    return np.asarray(
        dsp.synth(
            stretched(harmonic, voice.formant),
            _stretched_phase(harmonic_phase, voice.formant),
            stretched(breath, voice.formant),
            stretched(rest, voice.formant),
            rest_phase,  # moved, it would be noise: it belongs to the time within a frame, not to the throat
            shifted(pitch, voice.semitones),
            noise,
        ),
        float32,
    )


def shifted(pitch_hz: NDArray[float32], semitones: float) -> NDArray[float32]:
    moved = np.maximum(pitch_hz * float32(2 ** (semitones / 12)), float32(LOWEST_HZ))
    return np.where(pitch_hz > VOICED_HZ, moved, pitch_hz).astype(float32)


def stretched(spectrum: Frames, factor: float) -> Frames:
    """What was at a frequency f is at f × factor; what would come from above the highest bin is the highest."""
    if factor == 1.0:
        return spectrum
    source = np.minimum(np.arange(len(spectrum)) / factor, len(spectrum) - 1)
    below = np.floor(source).astype(int)
    above = np.minimum(below + 1, len(spectrum) - 1)
    share = (source - below)[:, None].astype(float32)
    return np.asarray(spectrum[below] * (1 - share) + spectrum[above] * share, float32)


def _stretched_phase(phase: Frames, factor: float) -> Frames:
    """The nearest bin's: between two phases of a circle there is no mean."""
    source = np.minimum(np.rint(np.arange(len(phase)) / factor), len(phase) - 1).astype(int)
    return np.asarray(phase[source], float32)


def open_speaker(speech: Speech) -> HibariSpeaker:
    return HibariSpeaker(speech.threads)
