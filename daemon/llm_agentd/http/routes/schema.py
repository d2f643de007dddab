"""What OpenAPI and /docs say of bodies and answers.

Pure. It only describes: bodies are read leniently by the routes, and checked by the daemon. What is passed on to the
daemon is described by the daemon's own models (`protocol/schema.py`), so that nothing is declared twice; the models
here are of what HTTP alone has.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from llm_agentd.http.op_schema import inline, op_schema, record_schema
from llm_agentd.protocol.listen_record import LISTEN, ListenRecord
from llm_agentd.roles.role import PERSONA_MAX_CHARS, ROLE_NAME, TITLE_MAX_CHARS

ROLE_PATTERN = f"^{ROLE_NAME.pattern}$"

DESCRIPTION = """
The HTTP side of llm-agentd. Try it:

    curl -s http://127.0.0.1:8000/infer -H "Authorization: Bearer $(llm-agentd token)" \\
      -H 'Content-Type: application/json' -d '{"prompt": "Good evening, smith!"}'

* `POST /infer`: one prompt, one text.
* `POST /v1/exchange`: many requests and events in one round trip, for the game.
* `POST /v1/chat/completions`, `POST /v1/completions`, `POST /v1/embeddings`, `GET /v1/models`,
  `GET /v1/models/{name}`, `POST /v1/audio/transcriptions`: OpenAI's API, for any client of it. Errors
  there have OpenAI's fields too.
* `/v1/ws`, a WebSocket: the daemon's own records, one JSON object a message, both ways; docs/protocol.md has them.
* `GET /v1/roles`: who NPCs can be.
* `PUT /v1/roles/{name}`, `POST /v1/roles/{name}`: write a role.
* `DELETE /v1/roles/{name}`, `POST /v1/roles/{name}/delete`: take an admin's own role away.
* `GET /v1/roles/{name}/history`, `POST /v1/roles/{name}/undo`: what a role was before, and back to it.
* `POST /v1/roles/{name}/preview`: what an NPC would say with a role that is not saved.
* `POST /v1/memory/remember`, `POST /v1/memory/memories`, `POST /v1/memory/forget`: what NPCs remember.
* `GET /v1/memory/pairs`, `POST /v1/memory/search`, `POST /v1/memory/edit`, `POST /v1/memory/recall`: for admins, who
  look into it, mend it, and ask what an NPC would recall.
* `GET /v1/settings`, `POST /v1/settings`: every setting, and one changed while the daemon runs.
* `GET /v1/cache`, `POST /v1/cache/purge`: kept replies.
* `GET /v1/model`, `POST /v1/model/self-test`: which model answers, and whether it does.
* `GET /v1/requests`, `GET /v1/requests/{seq}`, `POST /v1/requests/clear`: what NPCs were asked and answered last.
* `GET /v1/events`: what happens, as it happens. `GET /v1/npcs`: who thinks. `GET /v1/audit`: who changed what.
* `/voice`, a page: players speak into it who have a code from the game. `POST /voice/login` and `POST /voice/say` are
  its routes; they want the code and a token of their own in the place of the daemon's.
* `GET /v1/stats`, `GET /v1/stats/history`: how it goes.
* `POST /v1/audio/speech`: OpenAI's, a text as sound.
* `POST /v1/speech`: a sentence of an NPC as sound, for the game.
* `GET /v1/signs`, `GET /v1/signs/languages`: a fingerspelled word as a picture, in SignWriting.
* `GET /v1/switch`, `POST /v1/switch`: the master switch, which stops every call of a model.
* `GET /info`, `GET /healthz`, `GET /readyz`, `GET /metrics`, `GET /v1/doctor`: how the daemon does.

Errors are `{"error": {"code", "message"}}`; the message names what is wrong, where, and the fix. 429 and 503 carry
`Retry-After`. What a web page of another origin could send is refused with 403: a body or a POST that is not
`Content-Type: application/json`, a `Host` that is no name of this server, an `Origin` of another page. Every
route but `/healthz`, `/voice` and the files of the dashboard (`/`) wants `Authorization: Bearer TOKEN`;
`llm-agentd token` prints the token.
"""


class ErrorDetail(BaseModel):
    code: str = Field(examples=["bad_request"])
    message: str = Field(examples=["max_tokens: Input should be greater than or equal to 1"])
    retry_after_ms: int | None = Field(None, description="where waiting helps")


class ErrorBody(BaseModel):
    error: ErrorDetail


class DoctorCheck(BaseModel):
    subject: str = Field(examples=["model"])
    name: str = Field(examples=["memory"])
    state: Literal["ok", "warn", "fail"]
    found: str
    cure: str = Field(description="in one sentence; empty where nothing is to be done")


class DoctorAnswer(BaseModel):
    checks: list[DoctorCheck]
    ok: bool = Field(description="no check failed")


class InferAnswer(BaseModel):
    text: str = Field(examples=["Good evening, Ana. Sit by the fire."])


GenerationRecord = Annotated[
    dict[str, Any],
    WithJsonSchema({"anyOf": [op_schema("think"), op_schema("infer"), record_schema(ListenRecord, LISTEN)]}),
]


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
        description="names the client; a new one each time it starts, since its ids count from the beginning then, and "
        "one that cannot be guessed: who knows it gets the events",
    )
    after: int = Field(0, ge=0, le=2**53, description="the newest `seq` that was received; older events are forgotten")
    wait_ms: int = Field(0, ge=0, description="how long to wait for an event newer than `after`; at most 30000 count")
    requests: list[GenerationRecord] = Field(
        default=[],
        description="records of the wire with `op` `think` or `infer` and an `id`; one that is sent again runs once. "
        "`listen`, of this route alone, opens a microphone for a player",
    )
    cancel: list[str] = Field(default=[], description="ids of requests whose answer nobody wants any more")
    instance: str = Field(default="", description="that of the last answer; a process of another one answers at once")


class ExchangeEvent(BaseModel):
    model_config = ConfigDict(extra="allow")

    seq: int = Field(description="counts up in the session; give the newest as `after` in the next call")
    id: str = Field(description="the request's")
    event: str = Field(
        description="`delta` (only with `stream`), then `done` or `error`; of a `listen` `ready`, `opened`, `heard`",
        examples=["done"],
    )
    text: str | None = Field(None, examples=["Good evening, Ana."])
    finish: str | None = Field(None, examples=["sentence"])
    cache: str | None = Field(None, examples=["hit"])
    action: dict[str, Any] | None = Field(None, description="a checked game action")
    lang: str | None = Field(None, description="of a `think`: the language of its words, as far as known")
    cut: str | None = Field(None, description="of a `think`: why the guard ended its words; left out where it did not")
    mind: str | None = Field(None, description="`local` or `remote`, where there is a model elsewhere too")
    code: str | None = Field(None, description="with `error`; with `ready` the code for the page")
    message: str | None = Field(None, description="with `error`")


class Rejection(BaseModel):
    id: str | None
    code: str = Field(examples=["bad_request"])
    message: str
    retry_after_ms: int | None = None


class ExchangeAnswer(BaseModel):
    events: list[ExchangeEvent]
    rejected: list[Rejection] = Field(description="requests that were not taken; no event follows for them")
    instance: str = Field(
        description="the process that answered; where it is another than before, send again what is open",
        examples=["5f0c2a91d7b3e846"],
    )


class VoiceLoginBody(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"code": "482-913"}]})

    code: str = Field(max_length=32, description="the six digits that `/llm mic` shows in the game")


class VoiceLoginAnswer(BaseModel):
    token: str = Field(description="for `/voice/say`, of this player alone; gone when they leave the game")
    player: str = Field(examples=["Robin"])
    seconds_max: float = Field(description="of sound at once (speech.seconds_max)", examples=[10])


class VoiceSayAnswer(BaseModel):
    text: str = Field(description="what the game hears; empty where nothing was understood", examples=["Follow me."])


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
    voice: str | None = Field(None, description="words such as `old man, deep`, or ENGINE:VOICE")
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
    notes: list[str] = Field([], description="what is passed over in files that are in force, as FILE: field: what")
    folder: str = Field(description="where own roles lie")


class RoleAnswer(BaseModel):
    role: RoleView | None = Field(description="what is in force now; null where the name has no role any more")
    version: str
    notes: list[str] = Field([], description="what of it is passed over, as field: what")


class RememberAnswer(BaseModel):
    kept: int = Field(description="0 where memory is off or its disk fails")


class Nothing(BaseModel):
    """A body without fields."""

    model_config = ConfigDict(extra="forbid")


class Forgotten(BaseModel):
    exchanges: int
    outcomes: int
    facts: int = Field(description="what older exchanges were summarized to")
    cached: int = Field(description="replies that named the player, taken out of the cache")


class ForgetAnswer(BaseModel):
    forgotten: Forgotten


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


class RequestRow(BaseModel):
    seq: int
    time: str = Field(description="when it ended")
    op: str
    intent: str | None
    npc: str | None = Field(description="the NPC's id")
    npc_name: str | None
    role: str | None
    player: str | None
    utterance: str | None = Field(description="the first 400 characters")
    text: str | None = Field(description="of the answer, the first 400 characters")
    chars: dict[str, int] = Field(description="lengths of `utterance` and `text`")
    action: dict[str, Any] | None
    outcome: str = Field(description="`done`, or the code of an error")
    why: str | None = Field(description="with an error: its message")
    cache: str | None
    finish: str | None
    engine: str
    model: str | None
    mind: str | None = Field(description="`local` or `remote`, where there is a model elsewhere too")
    priority: str
    lang: str | None
    timing_ms: dict[str, float | None]
    usage: dict[str, int] | None
    acted: dict[str, Any] | None = Field(description="what came of the action in the game: `ok`, `message`, `action`")
    fallback: str | None = Field(description="why a fallback line was said in the place of the answer")


class RequestsAnswer(BaseModel):
    requests: list[RequestRow]
    kept: int
    bytes: int


class RequestDetail(RequestRow):
    messages: list[dict[str, str]] = Field(description="what the model was given")
    parts: list[dict[str, Any]] = Field(description="the same by part: `part`, `message`, `text`")
    reply: str | None
    raw: str | None = Field(description="what the model wrote, where the reply was taken out of that")
    options: dict[str, Any] = Field(description="those that the request named")


class RequestAnswer(BaseModel):
    request: RequestDetail


class StatsAnswer(BaseModel):
    stats: dict[str, Any] = Field(
        description="`rates` of the last minute (requests and tokens a second, hit rate, `first_text_ms` and `total_ms`"
        " by priority), `waiting`, `running`, `batch_mean`, `uptime_s`, `switch`, `game` (what the mod told last; null:"
        " nothing yet), `cache`, `memory`, `prefixes`"
    )


class HistoryPoint(BaseModel):
    time: str
    requests_per_s: float
    tokens_per_s: float
    hit_rate: float | None
    first_text_ms_p95: float | None
    step_gap_ms_p99: float | None
    waiting: int


class HistoryAnswer(BaseModel):
    history: list[HistoryPoint] = Field(description="120 points, the oldest first")


class NpcView(BaseModel):
    id: str
    name: str
    role: str
    place: str | None
    pos: dict[str, float] | list[float] | None
    last_time: str
    last_player: str | None
    thinks: int
    last_text: str | None


class NpcsAnswer(BaseModel):
    npcs: list[NpcView]


class AuditEntry(BaseModel):
    time: str
    who: str = Field(description="`http`, `game`, `cli` or `wire`")
    by: str | None = None
    what: str = Field(examples=["set_role"])
    target: str
    before: Any = None
    after: Any = None


class AuditAnswer(BaseModel):
    entries: list[AuditEntry]


class SwitchState(BaseModel):
    on: bool
    since: str | None
    by: str | None


class SwitchAnswer(BaseModel):
    switch: SwitchState


class SignLanguage(BaseModel):
    code: str = Field(examples=["ase"])
    name: str = Field(examples=["American Sign Language"])


class SignLanguagesAnswer(BaseModel):
    default: str
    languages: list[SignLanguage]


class ClearedAnswer(BaseModel):
    cleared: int


def named_role(body: type[BaseModel] | None = None) -> dict[str, Any]:
    """For `openapi_extra`: the name in the path, and the body's schema where there is one."""
    name = {"name": "name", "in": "path", "required": True, "schema": {"type": "string", "pattern": ROLE_PATTERN}}
    return {"parameters": [name], **(body_of(body) if body else {})}


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """For `openapi_extra`: the body's schema, where the handler reads the body itself."""
    return _json_body(_schema_of(model))


def _schema_of(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema()
    inlined: dict[str, Any] = inline(schema, schema.pop("$defs", {}))
    return inlined


def body_of_any(*models: type[BaseModel]) -> dict[str, Any]:
    """As `body_of`, for a body of one of several shapes."""
    return _json_body({"anyOf": [_schema_of(model) for model in models]})


def query_of_op(op: str) -> dict[str, Any]:
    """For `openapi_extra`: a query that is passed on as the fields of an op."""
    properties = op_schema(op)["properties"]
    parameters = [
        {"name": name, "in": "query", "required": False, "schema": field, "description": field.get("description", "")}
        for name, field in properties.items()
        if name not in ("op", "id")
    ]
    return {"parameters": parameters}


def body_of_op(
    op: str, *, required: Sequence[str] = (), without: Collection[str] = (), example: dict[str, Any] | None = None
) -> dict[str, Any]:
    """For `openapi_extra`: a body that is passed on as the fields of an op.

    `required`: fields that HTTP wants beyond those that the daemon does; they come first.
    """
    schema = op_schema(op)
    names = [name for name in schema["properties"] if name not in {"op", "id", *required, *without}]
    body: dict[str, Any] = {
        "type": "object",
        "properties": {name: schema["properties"][name] for name in (*required, *names)},
        "required": [*required, *(name for name in schema["required"] if name in names)],
        "additionalProperties": False,
    }
    if example is not None:
        body["examples"] = [example]
    return _json_body(body)


def _json_body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For `responses`: these statuses answer with `ErrorBody`."""
    return {status: {"model": ErrorBody} for status in statuses}
