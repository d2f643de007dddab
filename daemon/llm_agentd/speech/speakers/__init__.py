"""Engines that speak, one a file; `choose` is the only way in.

Libraries load when an engine that needs one is opened, so this package can be imported without any of them: the HTTP
process asks what could be opened (`available`), its child opens it.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from llm_agentd.errors import StartError

if TYPE_CHECKING:
    from llm_agentd.config.speech import Speech
    from llm_agentd.speech.types import Speaker

EXTRA = "pip install 'llm-agentd[speech]'"
APT = "`apt-get install espeak-ng`"
PIPERS_VOICES = "a voice of piper's (NAME.onnx and NAME.onnx.json)"
# The sounds of one text and voice change when the code of an engine does: part of the key of what is kept.
SOUND_VERSION = 1


def choose(speech: Speech) -> Speaker:
    """The engine of `speech.tts`, with what it needs loaded: call it in the child. Raises StartError with the cure."""
    names = chosen(speech)
    if not names:
        raise StartError(
            "speech.tts is off: nobody is heard; set it to auto"
            if speech.tts == "off"
            else f"no engine gives NPCs a voice; {EXTRA}, or {APT}"
        )
    if problem := SPEAKERS[names[0]].problem(speech):
        raise StartError(f"speech.tts is {speech.tts}: {problem}")
    return _by_language([_open(name, speech) for name in names])


def chosen(speech: Speech) -> tuple[str, ...]:
    """The engines that `choose` opens, the best first; none: nobody speaks. Loads nothing."""
    if speech.tts == "auto":
        return tuple(name for name in AUTO if SPEAKERS[name].problem(speech) is None)
    return () if speech.tts == "off" else (speech.tts,)


def available(speech: Speech) -> list[tuple[str, str | None]]:
    """Every engine, and what keeps it from being opened, with the cure. Loads nothing."""
    return [(name, engine.problem(speech)) for name, engine in SPEAKERS.items()]


def _open(name: str, speech: Speech) -> Speaker:
    from llm_agentd.speech.speakers.checked import CheckedSpeaker

    try:
        module = import_module(f"llm_agentd.speech.speakers.{SPEAKERS[name].module}")
        engine = cast("Speaker", module.open_speaker(speech))
    except ImportError as error:
        raise StartError(f"speech.tts: {name} cannot be loaded ({error}); {EXTRA}") from error
    return CheckedSpeaker(engine)


def _by_language(speakers: list[Speaker]) -> Speaker:
    from llm_agentd.speech.speakers.by_language import SpeakerByLanguage

    return speakers[0] if len(speakers) == 1 else SpeakerByLanguage(speakers)


def _files(speech: Speech) -> str | None:
    """Whatever the engine: its sound becomes a file, or comes as one."""
    return None if find_spec("soundfile") else f"soundfile is not installed: {EXTRA}"


def _hibari(speech: Speech) -> str | None:
    return _files(speech) if find_spec("hibari") else f"hibari is not installed: {EXTRA}"


def _espeak(speech: Speech) -> str | None:
    return _files(speech) if shutil.which("espeak-ng") else f"espeak-ng is not installed: {APT}"


def _piper(speech: Speech) -> str | None:
    if piper_program() is None:
        return "piper is not installed, or not on the daemon's PATH: `pip install piper-tts`"
    folder = speech.voices_dir
    if folder is None:
        return f"speech.voices_dir names no folder with {PIPERS_VOICES}"
    try:
        is_there = any(Path(f"{model}.json").is_file() for model in folder.glob("*.onnx"))
    except OSError as error:
        return f"speech.voices_dir: {folder} cannot be read: {error.strerror}"
    return _files(speech) if is_there else f"speech.voices_dir: {folder} holds no {PIPERS_VOICES.removeprefix('a ')}"


def piper_program() -> str | None:
    """Beside this Python too: where pip puts it, and what systemd's PATH does not name."""
    return shutil.which("piper", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")


def _openai(speech: Speech) -> str | None:
    return _files(speech) if speech.base_url else "speech.base_url names no server: want its address up to /v1"


class _Engine(NamedTuple):
    problem: Callable[[Speech], str | None]
    module: str  # its file, which has `open_speaker`


SPEAKERS = {
    "hibari": _Engine(_hibari, "hibari"),
    "espeak-ng": _Engine(_espeak, "espeak"),
    "piper": _Engine(_piper, "piper"),
    "openai": _Engine(_openai, "openai"),
    "stub": _Engine(_files, "stub"),
}
AUTO = ("hibari", "espeak-ng")  # the best first; the others are an admin's choice
