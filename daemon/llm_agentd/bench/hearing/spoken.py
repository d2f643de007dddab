"""Who speaks the lines: our own voices, espeak-ng's and flite's, several each. Sound at the rate that recognizers want.

flite is no engine of the daemon's: it is here because it was made by others, of recordings of real people.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable

from llm_agentd.config.speech import Speech, TtsName
from llm_agentd.errors import StartError
from llm_agentd.speech import speakers
from llm_agentd.speech.resample import resample
from llm_agentd.speech.sound_file import RATE_HZ
from llm_agentd.speech.speakers.sound_data import read_sound
from llm_agentd.speech.types import Sound, Voice

PACES = (0.8, 1.0, 1.25)
# A woman, a man, a child, as NPCs have them.
VOICES = (Voice(), Voice(semitones=-9.0, formant=0.88), Voice(semitones=4.0, formant=1.15))
FLITE_VOICES = ("slt", "rms", "awb", "kal16")  # a woman, a man, a Scotsman, an older synthesis
SOURCES = ("hibari", "espeak-ng", "flite")
FLITE_S = 10.0
# text, number of the line, pace → sound. The number chooses the voice.
Say = Callable[[str, int, float], Sound]


def sayers() -> dict[str, Say]:
    """By source. Raises StartError for what is not installed."""
    if shutil.which("flite") is None:
        raise StartError("bench: hearing wants flite's voices too: `apt-get install flite`")
    return {"hibari": _ours("hibari"), "espeak-ng": _ours("espeak-ng"), "flite": _flite}


def _ours(engine: TtsName) -> Say:
    speaker = speakers.choose(Speech(tts=engine))

    def say(text: str, number: int, pace: float) -> Sound:
        voice = VOICES[number % len(VOICES)]
        made = speaker.speak(text, "en", Voice(semitones=voice.semitones, formant=voice.formant, pace=pace))
        return resample(made, RATE_HZ)

    return say


def _flite(text: str, number: int, pace: float) -> Sound:
    voice = FLITE_VOICES[number % len(FLITE_VOICES)]
    command = ["flite", "-voice", voice, "--setf", f"duration_stretch={1 / pace:.3f}", "-t", text, "-o", "/dev/stdout"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=FLITE_S)
    return resample(read_sound(done.stdout, "flite"), RATE_HZ)
