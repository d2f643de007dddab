"""`POST /v1/audio/transcriptions`: what is said in a sound file.

Runs on the event loop; a child process listens (speech/). A client that goes away ends the waiting for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from llm_agentd.errors import BadRequest
from llm_agentd.http.application import Application
from llm_agentd.http.body import json_response
from llm_agentd.http.form import read_form
from llm_agentd.http.replies import unless_gone
from llm_agentd.http.routes import openai_schema
from llm_agentd.speech.service import SpeechService
from llm_agentd.speech.types import Transcript
from llm_agentd.util.did_you_mean import did_you_mean

SECONDS_MAX = 600  # of sound: half a minute of one core with the embedded recognizer; meanwhile players wait
FORMS = ("json", "text", "verbose_json")
FIELDS = ("file", "model", "language", "prompt", "response_format")
# Field → the values that ask for nothing, and why others are refused.
REFUSED: Mapping[str, tuple[tuple[str, ...], str]] = {
    "temperature": (("0", "0.0"), "this server takes the likeliest words, always; leave it out"),
    "stream": (("false", "False"), "this server answers in one piece; leave it out"),
    "timestamp_granularities[]": ((), "this server tells no times of words; leave it out"),
    "include[]": ((), "this server tells no probabilities; leave it out"),
    "chunking_strategy": (("auto",), "this server finds the pauses itself; leave it out"),
}
LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")


def add(app: Application, speech: SpeechService) -> None:
    @app.post(
        "/v1/audio/transcriptions",
        lambda: {
            "tags": ["openai"],
            "summary": "OpenAI's: what is said in a sound file",
            "response_model": openai_schema.Transcription,
            "responses": {200: {"content": {"text/plain": {}}}, **openai_schema.errors(*openai_schema.ASK)},
            "openapi_extra": openai_schema.FORM_OF_TRANSCRIPTION,
        },
    )
    async def transcriptions(request: Request) -> Response:
        """WAV, Ogg, FLAC, MP3, WebM or MP4, up to 25 MiB and ten minutes."""
        fields, files = await read_form(request)
        given = {name: values[-1] for name, values in fields.items()}
        form = _check(given, files)
        language = given.get("language", "")
        phrases = _phrases(given.get("prompt", ""))
        listening = speech.recognize(files["file"], language, phrases, SECONDS_MAX)
        return _answer(await unless_gone(request.receive, listening), form, language)


def _check(given: Mapping[str, str], files: Mapping[str, bytes]) -> str:
    """The form of the answer. Raises BadRequest."""
    for name, value in given.items():
        allowed, why = REFUSED.get(name, ((), ""))
        if why and value not in allowed:
            raise BadRequest(f"{name.removesuffix('[]')}: {why}")
        if not why and name not in FIELDS:
            raise BadRequest(f"{name}: unknown field{did_you_mean(name, FIELDS)}; docs/openai.md has those there are")
    if "file" not in files:
        raise BadRequest("file: want a sound file as this field of the form, with a file name")
    if len(files) > 1:
        raise BadRequest("body: want one file")
    language = given.get("language", "")
    if language and not LANGUAGE.fullmatch(language):
        raise BadRequest("language: want a code such as en")
    form = given.get("response_format", FORMS[0])
    if form not in FORMS:
        raise BadRequest(f"response_format: want {', '.join(FORMS[:-1])} or {FORMS[-1]}")
    return form


def _phrases(prompt: str) -> Sequence[str]:
    """A prompt holds names and words as they are written; each piece of it is a hint."""
    return [phrase for piece in re.split(r"[,.;:!?\n]+", prompt) if (phrase := piece.strip())]


def _answer(heard: Transcript, form: str, language: str) -> Response:
    if form == "text":
        return PlainTextResponse(heard.text + "\n")
    usage = {"type": "duration", "seconds": round(heard.seconds, 2)}
    body: dict[str, Any] = {"text": heard.text, "usage": usage}
    if form == "verbose_json":
        body |= {"task": "transcribe", "duration": round(heard.seconds, 2), "language": language or "und"}
        body["confidence"] = round(heard.confidence, 3)
    return json_response(body)
