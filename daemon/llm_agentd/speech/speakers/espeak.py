"""Engine `espeak-ng`: a small program that speaks some hundred languages, plainly (Debian's package; GPL, a process).

It makes pitch (-p), pace (-s) and a woman's or a man's voice itself. The length of the throat it cannot change: it is
made of the finished sound, which is played faster or slower, while the program is told the pitch and pace that come out
right thereby.
"""

from __future__ import annotations

import math
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llm_agentd.errors import BadRequest, SpeechError, StartError
from llm_agentd.speech.languages import base_code
from llm_agentd.speech.resample import as_if_played_faster
from llm_agentd.speech.speakers.sound_data import read_sound
from llm_agentd.speech.types import WOMAN_HZ, Sound, Voice

if TYPE_CHECKING:
    from llm_agentd.config.speech import Speech

PROGRAM = "espeak-ng"
CURE = "install it: `apt-get install espeak-ng`"
SPEAK_S = 10.0  # a minute of speech takes it 0.2 s
LIST_S = 5.0
# Measured of version 1.51: how -p changes the pitch, the same for all its voices.
PITCH_OPTION = (0, 25, 50, 75, 99)
PITCH_FACTOR = (0.655, 0.80, 1.0, 1.285, 1.67)
WORDS_A_MINUTE = 165  # -s of an ordinary speaker, as hibari's; its own default is 175
WORDS_LIMITS = (80, 450)  # below and above -s changes nothing
# Codes that it calls otherwise.
ALIASES = {"zh": "cmn", "no": "nb", "iw": "he", "in": "id"}


@dataclass(frozen=True, slots=True)
class _Timbre:
    """A variant of its voices: `+f2` behind a language. Pitch at -p 50; `formant`: against an ordinary woman's."""

    variant: str
    pitch_hz: float
    formant: float


# Those two of which whisper understands most, and which sound least like a machine.
MAN = _Timbre("", 101.0, 0.88)
WOMAN = _Timbre("+f2", 193.0, 1.0)
MAN_BELOW_HZ = 150.0


class EspeakSpeaker:
    name = PROGRAM

    def __init__(self) -> None:
        """Raises StartError."""
        program = shutil.which(PROGRAM)
        if program is None:
            raise StartError(f"{PROGRAM} is not on this machine; {CURE}")
        self._program = program
        self._codes = self._list_codes()
        self.languages = tuple(sorted({code.partition("-")[0] for code in self._codes} | ALIASES.keys()))

    def speak(self, text: str, lang: str, voice: Voice) -> Sound:
        if name := voice.name_at(self.name):
            pitch, faster = 2 ** (voice.semitones / 12), voice.formant
        else:
            wanted_hz = WOMAN_HZ * 2 ** (voice.semitones / 12)
            timbre = MAN if wanted_hz < MAN_BELOW_HZ else WOMAN
            name = self._code(lang) + timbre.variant
            pitch, faster = wanted_hz / timbre.pitch_hz, voice.formant / timbre.formant
        option = round(float(np.interp(math.log(pitch / faster), np.log(PITCH_FACTOR), PITCH_OPTION)))
        words = min(max(round(WORDS_A_MINUTE * voice.pace / faster), WORDS_LIMITS[0]), WORDS_LIMITS[1])
        sound = read_sound(
            self._run(["-v", name, "-p", str(option), "-s", str(words), "--stdout", "--stdin"], text), PROGRAM
        )
        return as_if_played_faster(sound, faster)

    def close(self) -> None:
        """Each sentence was a process of its own."""

    def _code(self, lang: str) -> str:
        """`pt-br` of `pt_BR`, where it has that; else `pt`, of which it takes the region that most speak."""
        whole, base = lang.replace("_", "-").casefold(), base_code(lang)
        if whole in self._codes:
            return whole
        if base not in self.languages:
            raise BadRequest(f"lang: {PROGRAM} has no language {lang!r}; `{PROGRAM} --voices` lists those that it has")
        return ALIASES.get(base, base)

    def _list_codes(self) -> frozenset[str]:
        lines = self._run(["--voices"], "", LIST_S).decode("utf-8", "replace").splitlines()[1:]
        return frozenset(parts[1] for line in lines if len(parts := line.split()) > 1)

    def _run(self, options: list[str], text: str, timeout_s: float | None = None) -> bytes:
        """Text goes in by stdin: as an argument, one that begins with a dash would be an option."""
        timeout_s = timeout_s or SPEAK_S
        try:
            done = subprocess.run(
                [self._program, "-b", "1", *options], input=text.encode(), capture_output=True, timeout=timeout_s
            )
        except subprocess.TimeoutExpired:
            raise SpeechError(f"{PROGRAM} took more than {timeout_s:g} s") from None
        except OSError as error:
            raise SpeechError(f"{PROGRAM} cannot be run: {error.strerror}; {CURE}") from None
        if done.returncode or not done.stdout:
            said = " ".join(done.stderr.decode("utf-8", "replace").split())
            raise SpeechError(f"{PROGRAM} failed: {said or f'exit code {done.returncode}'}")
        return done.stdout


def open_speaker(speech: Speech) -> EspeakSpeaker:
    return EspeakSpeaker()
