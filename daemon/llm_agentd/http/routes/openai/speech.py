"""`POST /v1/audio/speech`: a text as sound, in OpenAI's shape.

Runs on the event loop. Which engine speaks is the configuration's to say, so `model` may be anything. A voice that
nobody knows is a voice all the same: the name alone decides how it sounds, as an NPC's id does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from llm_agentd.errors import BadRequest, TooLarge
from llm_agentd.http.application import Application
from llm_agentd.http.body import read_object
from llm_agentd.http.error_shape import as_openai
from llm_agentd.http.replies import unless_gone
from llm_agentd.http.routes import openai_schema, schema
from llm_agentd.http.routes.speech import VOICE_MAX_CHARS
from llm_agentd.speech.long_text import speak_long
from llm_agentd.speech.sentence import SpeakRequest
from llm_agentd.speech.service import SpeechService
from llm_agentd.speech.types import PACE, Voice
from llm_agentd.speech.voices import voice_of
from llm_agentd.util.did_you_mean import did_you_mean

INPUT_MAX_CHARS = 4096  # OpenAI's own limit: five minutes of sound
SPEED_MIN, SPEED_MAX = PACE
DEADLINE_MS = 60_000  # of each piece of a long text, behind all that a game says meanwhile
EXAMPLE = '{"input": "Good evening!", "voice": "old man"}'
FIELDS = frozenset(
    {"model", "input", "voice", "response_format", "speed", "instructions", "stream_format", "lang"},
)
MEDIA_TYPES = {  # by `response_format`
    "ogg": "audio/ogg",
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}


def add(app: Application, service: SpeechService, language: str) -> None:
    """`language`: of a text that says none."""

    @app.post(
        "/v1/audio/speech",
        lambda: {
            "tags": ["openai"],
            "summary": "OpenAI's: a text as sound",
            "response_class": Response,
            "responses": {
                200: {"content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in _kinds()}},
                **openai_schema.errors(400, 401, 403, 413, 429, 502, 503, 504),
            },
            "openapi_extra": schema.body_of(openai_schema.SpeechBody),
        },
    )
    async def speech(request: Request) -> Response:
        """Ogg Vorbis of one channel, where `response_format` says nothing else; in one piece. The voice is a name,
        which always sounds the same, or words such as `old man, deep`; `instructions` may hold such words, too.
        """
        body = {name: value for name, value in (await read_object(request, EXAMPLE)).items() if value is not None}
        wanted = _wanted(body, language)
        try:
            audio = await unless_gone(request.receive, speak_long(service, wanted))
        except (BadRequest, TooLarge) as error:
            raise as_openai(error) from None
        return Response(audio, media_type=MEDIA_TYPES[wanted.form])


def _kinds() -> list[str]:
    return list(dict.fromkeys(MEDIA_TYPES.values()))


def _wanted(body: Mapping[str, Any], language: str) -> SpeakRequest:
    """Raises BadRequest, TooLarge."""
    for name in body:
        if name not in FIELDS:
            raise BadRequest(f"{name}: unknown field{did_you_mean(name, FIELDS)}; docs/openai.md has those there are")
    for name in ("model", "instructions", "lang"):
        if not isinstance(body.get(name, ""), str):
            raise BadRequest(f"{name}: want a text")
    if body.get("stream_format", "audio") != "audio":
        raise BadRequest("stream_format: want audio; this server sends a sound in one piece")
    return SpeakRequest(
        text=_input(body),
        lang=body.get("lang") or language,
        voice=_voice(body),
        priority="ambient",  # as all tools: players do not wait for them
        deadline_ms=DEADLINE_MS,
        form=_form(body),
    )


def _input(body: Mapping[str, Any]) -> str:
    text = body.get("input")
    if not isinstance(text, str) or not text.strip():
        raise BadRequest("input: want the text to be spoken")
    if len(text) > INPUT_MAX_CHARS:
        raise BadRequest(f"input: {len(text)} characters; at most {INPUT_MAX_CHARS} at once")
    return " ".join(text.split())


def _form(body: Mapping[str, Any]) -> str:
    form = body.get("response_format", "ogg")
    if not isinstance(form, str) or form not in MEDIA_TYPES:
        raise BadRequest(f"response_format: want one of {', '.join(MEDIA_TYPES)}")
    return str(form)


def _voice(body: Mapping[str, Any]) -> Voice:
    name = body.get("voice", "")
    if isinstance(name, dict):  # a voice of one's own, at OpenAI
        name = name.get("id")
    if not isinstance(name, str) or len(name) > VOICE_MAX_CHARS:
        raise BadRequest(f"voice: want a name, or words such as old man, deep; at most {VOICE_MAX_CHARS} characters")
    speed = body.get("speed", 1.0)
    if isinstance(speed, bool) or not isinstance(speed, (int, float)) or not SPEED_MIN <= speed <= SPEED_MAX:
        raise BadRequest(f"speed: want a number from {SPEED_MIN:g} to {SPEED_MAX:g}; beyond that nothing is understood")
    voice = voice_of(f"{name} {body.get('instructions', '')[:VOICE_MAX_CHARS]}", name)
    return replace(voice, pace=min(max(round(voice.pace * speed, 3), SPEED_MIN), SPEED_MAX))
