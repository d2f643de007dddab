"""What /docs shows, and which fields the simple door takes.

Pure. Bodies are read leniently (Lua's JSON is odd) by app.py and exchange.py, not by these models: they describe.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from llm_agentd.errors import BadRequest
from llm_agentd.http.daemon_client import Record
from llm_agentd.protocol.schema import MEMORIES_MAX, REMEMBER_MAX, REMEMBER_MAX_CHARS, InferRecord, field_names
from llm_agentd.roles.role import PERSONA_MAX_CHARS, ROLE_NAME, TITLE_MAX_CHARS
from llm_agentd.util.did_you_mean import did_you_mean

# `messages` is for the wire and for OpenAI's routes; a streamed answer has no place in one JSON object.
INFER_FIELDS = field_names(InferRecord) - {"op", "id", "stream", "messages"}

ROLE_PATTERN = f"^{ROLE_NAME.pattern}$"

DESCRIPTION = """
The HTTP side of llm-agentd. Try it:

    curl -s http://127.0.0.1:8000/infer -H 'Content-Type: application/json' -d '{"prompt": "Good evening, smith!"}'

* `POST /infer`: one prompt, one text.
* `POST /v1/exchange`: many requests and events in one round trip, for the game.
* `GET /v1/roles`, `PUT` and `DELETE /v1/roles/NAME` (`POST` too, with `/delete` behind it): who NPCs can be.
* `POST /v1/memory/remember`, `/v1/memory/memories`, `/v1/memory/forget`: what NPCs remember.
* `GET /info`, `/healthz`, `/readyz`, `/metrics`: how it fares.

Errors are `{"error": {"code", "message"}}`; the message names what is wrong, where, and the cure. 429 and 503 carry
`Retry-After`. With `http.token` set every route but `/healthz` wants `Authorization: Bearer TOKEN`.
"""


class ErrorDetail(BaseModel):
    code: str = Field(examples=["bad_request"])
    message: str = Field(examples=["max_tokens: Input should be greater than or equal to 1"])
    retry_after_ms: int | None = Field(None, description="where waiting helps")


class ErrorBody(BaseModel):
    error: ErrorDetail


class InferBody(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"prompt": "Mira, the healer, looks up. Ana: Good evening!", "max_tokens": 40}]}
    )

    prompt: str = Field(min_length=1, description="raw text that the model continues")
    max_tokens: int | None = Field(None, ge=1, description="tokens of the answer, at most")
    temperature: float | None = Field(None, ge=0, le=5, description="0 = always the likeliest token")
    top_p: float | None = Field(None, gt=0, le=1)
    top_k: int | None = Field(None, ge=0)
    min_p: float | None = Field(None, ge=0, le=1)
    repeat_penalty: float | None = Field(None, gt=0, le=10)
    seed: int | None = Field(None, ge=0, description="same seed, same answer")
    stop: list[str] | str | None = Field(None, description="the answer ends before any of these")
    json_schema: dict[str, Any] | None = Field(None, description="the answer is JSON that fits it")
    grammar: str | None = Field(None, description="the answer fits this GBNF grammar")
    priority: str | None = Field(None, pattern="^(spoken|ambient|background)$")
    deadline_ms: int | None = Field(None, ge=1, description="504 after this long; else after inference.timeout_ms")
    cache: str | None = Field(None, pattern="^(use|refresh|off)$")


class InferAnswer(BaseModel):
    text: str = Field(examples=["Good evening, Ana. Sit by the fire."])


class ExchangeBody(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "session": "world-5f3a",
                    "after": 0,
                    "wait_ms": 10000,
                    "requests": [
                        {
                            "op": "think",
                            "id": "npc-7-1",
                            "npc": {"id": "npc-7", "name": "Mira", "role": "healer"},
                            "player": "Ana",
                            "utterance": "Good evening!",
                            "context": {"time": "evening", "place": "Oakford"},
                        }
                    ],
                    "cancel": [],
                }
            ]
        }
    )

    session: str = Field(
        min_length=1,
        max_length=128,
        description="names the client; a new one each time it starts, since its ids count from the beginning then",
    )
    after: int = Field(0, ge=0, description="the newest `seq` that was received; older events are forgotten")
    wait_ms: int = Field(0, ge=0, description="how long to wait for an event newer than `after`; at most 30000 count")
    requests: list[dict[str, Any]] = Field(
        default=[],
        description="records of the wire with `op` `think` or `infer` and an `id`; one that is sent again runs once",
    )
    cancel: list[str] = Field(default=[], description="ids of requests whose answer nobody wants any more")


class ExchangeEvent(BaseModel):
    model_config = ConfigDict(extra="allow")

    seq: int = Field(description="counts up in the session; give the newest as `after` in the next call")
    id: str = Field(description="the request's")
    event: str = Field(description="`delta` (only with `stream`), then `done` or `error`", examples=["done"])
    text: str | None = Field(None, examples=["Good evening, Ana."])
    finish: str | None = Field(None, examples=["sentence"])
    cache: str | None = Field(None, examples=["hit"])
    action: dict[str, Any] | None = Field(None, description="a checked game action")
    lang: str | None = Field(None, description="of a `think`: the language of its words, as far as known")
    code: str | None = Field(None, description="with `error`")
    message: str | None = Field(None, description="with `error`")


class Rejection(BaseModel):
    id: str | None
    code: str = Field(examples=["bad_request"])
    message: str
    retry_after_ms: int | None = None


class ExchangeAnswer(BaseModel):
    events: list[ExchangeEvent]
    rejected: list[Rejection] = Field(description="requests that were not taken; no event follows for them")


class RoleBody(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "the ferryman",
                    "persona": "The ferryman takes travellers over the river, for a coin.",
                    "knowledge": ["The ford lies north of Oakford."],
                    "manner": "slow and dry, as one who has seen many storms",
                    "greetings": ["Mind the step, {player}."],
                    "quick": ["Take me across!"],
                }
            ]
        }
    )

    title: str = Field(description="completes “You are NAME, …”", max_length=TITLE_MAX_CHARS)
    persona: str = Field(description="what all of the role have in common", max_length=PERSONA_MAX_CHARS)
    knowledge: list[str] | None = Field(None, description="what it knows; of all else it says that it does not")
    manner: str | None = Field(None, description="how it speaks")
    voice: str | None = Field(None, description="name of a voice")
    actions: list[str] | None = Field(None, description="names of the game's actions that it may do")
    greetings: list[str] | None = Field(None, description="said to who comes near; {player} is the listener")
    fallback: list[str] | None = Field(None, description="said where the model gives no answer; {player} as above")
    quick: list[str] | None = Field(None, description="short things a player may say, shown as buttons")
    language: str | None = Field(None, description="a code such as de; else agents.language")


class RoleView(RoleBody):
    name: str
    shipped: bool = Field(description="comes with the program")
    own: bool = Field(description="an admin's own file is in force")


class RolesAnswer(BaseModel):
    roles: list[RoleView]
    version: str = Field(description="changes when any role does")
    problems: list[str] = Field(description="what is wrong with an admin's own files, as FILE:LINE: field: what")
    folder: str = Field(description="where own roles lie")


class RoleAnswer(BaseModel):
    role: RoleView | None = Field(description="what is in force now; null where the name has no role any more")
    version: str


class RememberLine(BaseModel):
    npc: str = Field(min_length=1, max_length=128, description="the NPC's id")
    name: str | None = Field(None, description="its name")
    player: str | None = Field(None, description="whom it concerned; left out: nobody in particular")
    place: str | None = Field(None, description="all NPCs there may come to know it")
    text: str = Field(min_length=1, max_length=REMEMBER_MAX_CHARS, examples=["Ana bought 3 apples for 6 coins"])


class RememberBody(BaseModel):
    lines: list[RememberLine] = Field(min_length=1, max_length=REMEMBER_MAX)


class RememberAnswer(BaseModel):
    kept: int = Field(description="0 where memory is off or its disk fails")


class ForgetBody(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"player": "Ana"}]})

    npc: str | None = Field(None, description="only what this NPC remembers")
    player: str | None = Field(None, description="only what is remembered of this player")
    all: bool = Field(False, description="true, where neither is named: everything")


class Forgotten(BaseModel):
    exchanges: int
    outcomes: int
    facts: int = Field(description="what older exchanges were condensed to")
    cached: int = Field(description="replies that named the player, taken out of the cache")


class ForgetAnswer(BaseModel):
    forgotten: Forgotten


class MemoriesBody(BaseModel):
    npc: str | None = None
    player: str | None = None
    limit: int = Field(20, ge=1, le=MEMORIES_MAX)


class MemoryView(BaseModel):
    id: int
    kind: str = Field(description="`exchange`, `outcome` or `fact`")
    npc: str
    npc_name: str
    player: str
    place: str
    said: str = Field(description="what the player said; empty where the NPC spoke first, and for outcomes and facts")
    text: str
    language: str
    at_s: float = Field(description="seconds since 1970")


class MemoriesAnswer(BaseModel):
    memories: list[MemoryView]


def named_role(body: type[BaseModel] | None = None) -> dict[str, Any]:
    """For `openapi_extra`: the name in the path, and the body's schema where there is one."""
    name = {"name": "name", "in": "path", "required": True, "schema": {"type": "string", "pattern": ROLE_PATTERN}}
    return {"parameters": [name], **(body_of(body) if body else {})}


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """For `openapi_extra`: the body's schema, where the handler reads the body itself."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": model.model_json_schema()}}}}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For `responses`: these statuses answer with `ErrorBody`."""
    return {status: {"model": ErrorBody} for status in statuses}


def infer_record(body: Any) -> Record:
    """The wire's record of an `/infer` body. Raises BadRequest; the values of options are the daemon's to check."""
    if not isinstance(body, dict):
        raise BadRequest('body: want a JSON object such as {"prompt": "Good evening!"}')
    for name in body:
        if name not in INFER_FIELDS:
            hint = did_you_mean(name, INFER_FIELDS, otherwise=f"; known: {', '.join(sorted(INFER_FIELDS))}")
            raise BadRequest(f"{name}: unknown field{hint}")
    prompt = body.get("prompt")
    if not isinstance(prompt, str) or not prompt:
        raise BadRequest("prompt: want a text that is not empty")
    return {"op": "infer", **body}
