"""Engines that listen, one a file; `choose` opens the configured one, `hear` is what a sound goes through.

Libraries load when an engine that needs one is opened, so this package can be imported without any of them. `choose`
and `hear` run in the child process that listens; `available` anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from llm_agentd.errors import BadRequest, StartError
from llm_agentd.speech.recognizers import openai, pocketsphinx, stub, whisper
from llm_agentd.speech.recognizers.names import put_right
from llm_agentd.speech.sound_file import read_sound
from llm_agentd.speech.types import Recognizer, Transcript

if TYPE_CHECKING:
    from llm_agentd.config.speech import Speech

PHRASES_MAX = 64  # more than players meet NPCs at once; each one is a hint that may also mislead
PHRASE_MAX_CHARS = 64  # a name or a command


class _Engine(NamedTuple):
    problem: Callable[[Speech], str | None]  # why it cannot be opened, with the cure; loads no library
    open: Callable[[Speech], Recognizer]


RECOGNIZERS = {
    "whisper": _Engine(whisper.problem, whisper.open_recognizer),
    "pocketsphinx": _Engine(pocketsphinx.problem, pocketsphinx.open_recognizer),
    "openai": _Engine(openai.problem, openai.open_recognizer),
    "stub": _Engine(stub.problem, stub.open_recognizer),
}
AUTO = ("whisper", "pocketsphinx")  # the better one first


def available(speech: Speech) -> list[tuple[str, str | None]]:
    """Every engine, and what keeps it from being opened."""
    return [(name, engine.problem(speech)) for name, engine in RECOGNIZERS.items()]


def chosen(speech: Speech) -> str | None:
    """The name of what `choose` would open; None: hearing is off, or nothing is there for `auto`."""
    if speech.stt != "auto":
        return None if speech.stt == "off" else speech.stt
    return next((name for name in AUTO if RECOGNIZERS[name].problem(speech) is None), None)


def choose(speech: Speech) -> Recognizer:
    """The configured engine, ready. Raises StartError that names the cure."""
    name = chosen(speech)
    if name is None:
        raise StartError(
            "speech.stt is off: nothing listens"
            if speech.stt == "off"
            else f"no engine hears players: {RECOGNIZERS[AUTO[0]].problem(speech)}"
        )
    engine = RECOGNIZERS[name]
    if problem := engine.problem(speech):
        raise StartError(f"speech.stt is {name}: {problem}")
    return engine.open(speech)


def hear(recognizer: Recognizer, audio: bytes, lang: str, phrases: Sequence[str], seconds_max: float) -> Transcript:
    """What is said in a sound file. `lang`: a code such as `en` or `en-GB`, "": the engine's own.

    Raises BadRequest (`language: …`, `file: …`) for what cannot be heard, SpeechError where the engine failed.
    """
    code = lang.replace("_", "-").partition("-")[0].lower()
    if code and "*" not in recognizer.languages and code not in recognizer.languages:
        known = ", ".join(recognizer.languages)
        raise BadRequest(
            f"language: {code} is not understood by {recognizer.name} as it is set up (it knows {known}); name a"
            " multilingual model in speech.stt_model (docs/speech.md)"
        )
    sound = read_sound(audio, seconds_max)
    hints = [phrase.strip()[:PHRASE_MAX_CHARS] for phrase in phrases[:PHRASES_MAX] if phrase.strip()]
    said = recognizer.recognize(sound, code, hints)
    return replace(said, text=put_right(said.text, hints), seconds=sound.seconds)
