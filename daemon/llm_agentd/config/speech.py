"""The section `speech`: what gives NPCs a voice and hears players, and what that may take of the machine. Pure.

Which engines there are stands here as names only; speech/speakers and speech/recognizers open them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import BeforeValidator, ByteSize, Field

from llm_agentd.config.paths import StateFile
from llm_agentd.config.remote import Address, KeyFile, Variable
from llm_agentd.config.section import Section
from llm_agentd.config.values import MIB, SIZE_MAX, HomePath, Number, Whole, on_or_off
from llm_agentd.util.loopback import is_loopback

SECONDS_MAX = 60  # of a player's words: whisper hears windows of 30 s, and nobody types as much at once either

# YAML reads a bare `off` as a truth value.
TtsName: TypeAlias = Annotated[
    Literal["auto", "off", "hibari", "espeak-ng", "piper", "openai", "stub"], BeforeValidator(on_or_off)
]
SttName: TypeAlias = Annotated[
    Literal["auto", "off", "whisper", "pocketsphinx", "openai", "stub"], BeforeValidator(on_or_off)
]


class Speech(Section):
    """How NPCs are heard, and how players are understood who speak (docs/speech.md)."""

    tts: TtsName = Field(
        "auto",
        description="what speaks: auto (hibari for English and espeak-ng for all else, as far as they are installed),"
        " off, hibari, espeak-ng, piper (voices in voices_dir), openai (the server at base_url) or stub (a hum, for"
        " trying out)",
    )
    stt: SttName = Field(
        "auto",
        description="what listens: auto (whisper, else pocketsphinx, as far as they are installed), off, whisper,"
        " pocketsphinx (commands and names), openai (the server at base_url) or stub (for trying out)",
    )
    voices_dir: HomePath | None = Field(
        None,
        description="folder of your own models: piper's voices (NAME.onnx with NAME.onnx.json), and for whisper"
        " folders of CTranslate2",
    )
    base_url: Address | None = Field(
        None, min_length=1, description="server for the engines `openai`, up to /v1: http://127.0.0.1:8880/v1"
    )
    key_env: Variable | None = Field(None, description="environment variable with the key for base_url")
    key_file: KeyFile | None = Field(None, description="or a file that holds the key alone")
    tts_model: str = Field("tts-1", min_length=1, description="with tts: openai, the model's name there")
    stt_model: str | None = Field(
        None,
        description="with stt: openai, the model's name there, none = whisper-1; with stt: whisper, a folder of"
        " CTranslate2, none = tiny.en, which the extra `hearing` brings",
    )
    cache_path: HomePath = Field(
        default_factory=StateFile("speech.lmdb"), description="folder where sentences are kept that were spoken"
    )
    cache_max_bytes: ByteSize = Field(
        ByteSize(256 * MIB),
        ge=0,
        le=SIZE_MAX,
        description="disk space for them, the longest unused go first; 0 = none are kept",
    )
    threads: Whole = Field(1, ge=1, le=64, description="threads that speak or listen, at the lowest priority")
    seconds_max: Number = Field(10, gt=0, le=SECONDS_MAX, description="most seconds that a player says at once")


def contradictions(speech: Speech) -> Iterator[tuple[str, str]]:
    """Keys that do not go together: the key at fault, and what is wanted."""
    for key, engine in (("speech.tts", speech.tts), ("speech.stt", speech.stt)):
        if engine == "openai" and speech.base_url is None:
            yield key, "openai asks the server at speech.base_url, and none is named; want its address up to /v1"
    if speech.base_url is not None and (speech.key_env or speech.key_file):
        parts = urlsplit(speech.base_url)
        if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
            yield "speech.base_url", f"the key would travel to {parts.netloc} unencrypted; want https://"
