"""`POST /v1/speech`: a sentence of an NPC as sound, for the game; or sentences to be prepared for later.

Runs on the event loop. Which voice an NPC has is decided by speech/voices.py, all else by `app.state.speech`.
"""

from __future__ import annotations

import struct
from typing import Annotated, Any, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from llm_agentd.errors import BadRequest, DeadlineExceeded, TooLarge
from llm_agentd.http.application import Application
from llm_agentd.http.body import json_response, read_object
from llm_agentd.http.replies import unless_gone
from llm_agentd.http.routes import schema
from llm_agentd.speech.sentence import SpeakRequest, Spoken
from llm_agentd.speech.service import SpeechService
from llm_agentd.speech.voices import voice_of
from llm_agentd.types import LUA_LIST, NAME_MAX_CHARS, WHOLE, AnyName, Name, Priority
from llm_agentd.util.did_you_mean import did_you_mean

TEXT_MAX_CHARS = 1000  # of one sentence: more than a minute of sound
VOICE_MAX_CHARS = 400  # words for a voice; people write ten
PREPARE_MAX = 64  # sentences at once: the greetings of a few roles
DEADLINE_MS, DEADLINE_MAX_MS = 10_000, 60_000  # a bubble is gone by then
EXAMPLE = '{"npc": {"id": "mira"}, "text": "Good evening!"}'

Model = TypeVar("Model", bound=BaseModel)


class SpeechNpc(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: Name
    name: AnyName = Field("", description="says whether a man or a woman speaks, where `voice` does not")
    role: AnyName = Field("", description="its name may hold words for a voice, such as `old_man`")


class SpeechLine(BaseModel):
    model_config = ConfigDict(extra="forbid")

    npc: SpeechNpc
    text: str = Field(min_length=1, max_length=TEXT_MAX_CHARS, description="one sentence", examples=["Good evening!"])
    voice: str | None = Field(
        None, max_length=VOICE_MAX_CHARS, description="words of its own or of its role", examples=["old man, deep"]
    )
    lang: str | None = Field(None, max_length=NAME_MAX_CHARS, description="a code such as de; else agents.language")


class SpeechBody(SpeechLine):
    deadline_ms: Annotated[int, WHOLE] = Field(
        DEADLINE_MS, ge=1, le=DEADLINE_MAX_MS, description="then nobody waits for it: it is not rendered any more"
    )
    priority: Priority = "spoken"


class PrepareBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    prepare: Annotated[list[SpeechLine], LUA_LIST] = Field(
        max_length=PREPARE_MAX, description="rendered when nothing else is to do, and kept"
    )


def add(app: Application, speech: SpeechService, language: str) -> None:
    """`language`: of what says none."""

    @app.post(
        "/v1/speech",
        lambda: {
            "tags": ["speech"],
            "summary": "A sentence of an NPC as sound",
            "response_class": Response,
            "responses": {
                200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
                202: {"content": {"application/json": {"schema": {"type": "object"}}}},
                204: {"description": "Too late: it was not there by `deadline_ms`, and is not rendered any more."},
                **schema.errors(400, 401, 403, 413, 429, 502, 503),
            },
            "openapi_extra": schema.body_of_any(SpeechBody, PrepareBody),
        },
    )
    async def speak(request: Request) -> Response:
        """Four bytes with the length of a JSON object (big-endian), the object with `id` (the same for the same words
        of the same voice), `seconds`, `mouth` (loudness, 0 to 9, of each tenth of a second) and `engine`, then Ogg
        Vorbis. With `prepare`: 202 and how many of these were new to it, as `queued`. Late: 204.
        """
        fields = await read_object(request, EXAMPLE)
        if "prepare" in fields:
            lines = checked(PrepareBody, fields).prepare
            queued = await speech.prepare([_request(line, language) for line in lines])
            return json_response({"queued": queued}, 202)
        body = checked(SpeechBody, fields)
        wanted = _request(body, language, priority=body.priority, deadline_ms=body.deadline_ms)
        try:
            spoken = await unless_gone(request.receive, speech.speak(wanted))
        except DeadlineExceeded:
            # No error: on a busy machine it is ordinary, and game engines write a line of error for each such status.
            return Response(status_code=204)
        return Response(_framed(spoken), media_type="application/octet-stream")


def checked(model: type[Model], fields: dict[str, Any]) -> Model:
    """Raises BadRequest or TooLarge that names the first field that is wrong."""
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    path = ".".join(map(str, first["loc"]))
    if first["type"] == "extra_forbidden":
        hint = did_you_mean(path, model.model_fields) if len(first["loc"]) == 1 else ""
        raise BadRequest(f"{path}: unknown field{hint}")
    if first["type"] == "missing":
        raise BadRequest(f"{path}: missing; want a body such as {EXAMPLE}")
    raise (TooLarge if first["type"] == "string_too_long" else BadRequest)(f"{path}: {first['msg']}")


def _request(line: SpeechLine, language: str, **more: Any) -> SpeakRequest:
    npc = line.npc
    voice = voice_of(line.voice or "", npc.id, name=npc.name, role=npc.role)
    text = " ".join(line.text.split())
    return SpeakRequest(text, line.lang or language, voice, npc.id, npc.name, npc.role, **more)


def _framed(spoken: Spoken) -> bytes:
    facts = {"id": spoken.id, "seconds": spoken.seconds, "mouth": spoken.mouth, "engine": spoken.engine}
    head = orjson.dumps(facts)
    return struct.pack(">I", len(head)) + head + spoken.audio
