"""Every op and its fields, declared once: the daemon checks records by these models, HTTP and OpenAPI describe them.

`RECORDS` has the model of each op. `validate` makes one of a decoded record; every field is checked, unknown ones are
refused by name. Pure; runs on the router thread for each request, so its cost is a part of each cache hit.
What a `think` holds besides options is `types.Think`, from which `ThinkRecord` inherits.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, Any, ClassVar, TypeVar

import orjson
from pydantic import Field, StrictBool, StrictStr, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from llm_agentd.errors import AgentdError, BadRequest, TooLarge
from llm_agentd.protocol.admin_records import ADMIN_RECORDS
from llm_agentd.protocol.record import Change as Change
from llm_agentd.protocol.record import Record as Record
from llm_agentd.protocol.steering_records import MEMORIES_MAX, STEERING_RECORDS, Before
from llm_agentd.protocol.wire import ID_MAX_CHARS
from llm_agentd.types import (
    NUMBER,
    STRICT,
    TOO_LARGE,
    WHOLE,
    AnyName,
    CacheMode,
    LuaMapOrNull,
    Message,
    Name,
    Priority,
    Sampling,
    Think,
)
from llm_agentd.util.did_you_mean import did_you_mean

DEADLINE_MAX_MS = 600_000  # ten minutes: longer than any NPC is worth waiting for
MAX_TOKENS_MAX = 8192  # far over any spoken reply; the context is the real bound
STOP_MAX = 16  # stop strings; each is searched in every piece
STOP_MAX_CHARS = 128  # of one: its beginnings are compared with the end of every piece
REMEMBER_MAX = 64  # sentences at once: what a busy village brings about in some seconds
REMEMBER_MAX_CHARS = 400  # a sentence
THINK_TEXT_MAX_BYTES = 32 * 1024  # of all its fields: four times a long prompt, and every byte costs the router's time

TYPE_STEPS = ("constrained-", "dict[", "list[", "tuple[", "function-")  # of pydantic's paths: no names of fields
FORM = ("json_schema", "grammar")  # options that say how a reply is written; no text of a `think`
StopString = Annotated[StrictStr, Field(min_length=1, max_length=STOP_MAX_CHARS)]
Durable = Annotated[
    StrictBool, Field(description="true: answered when what is remembered of it is on the disk, some 50 ms later")
]
R = TypeVar("R", bound="Record")


@dataclass(frozen=True, kw_only=True)
class Options(Record):
    """The options of `infer` and `think`. None: as configured."""

    max_tokens: Annotated[
        Annotated[int, Field(ge=1, le=MAX_TOKENS_MAX), WHOLE] | None, Field(description="tokens of the answer, at most")
    ] = None
    temperature: Annotated[
        Annotated[float, Field(ge=0, le=5), NUMBER] | None, Field(description="0 = always the likeliest token")
    ] = None
    top_p: Annotated[float, Field(gt=0, le=1), NUMBER] | None = None
    top_k: Annotated[int, Field(ge=0, le=1_000_000), WHOLE] | None = None
    min_p: Annotated[float, Field(ge=0, le=1), NUMBER] | None = None
    repeat_penalty: Annotated[float, Field(gt=0, le=10), NUMBER] | None = None
    seed: Annotated[
        Annotated[int, Field(ge=0, le=2**32 - 2), WHOLE] | None, Field(description="same seed, same answer")
    ] = None
    stop: Annotated[
        Annotated[list[StopString], Field(max_length=STOP_MAX)] | StopString | None,
        Field(description="the answer ends before any of these"),
    ] = None
    json_schema: Annotated[dict[str, Any] | None, Field(description="the answer is JSON that fits it")] = None
    grammar: Annotated[StrictStr | None, Field(description="the answer fits this GBNF grammar")] = None
    stream: StrictBool = False
    priority: Priority = "spoken"
    deadline_ms: Annotated[
        Annotated[int, Field(ge=1, le=DEADLINE_MAX_MS), WHOLE] | None,
        Field(description="fails with deadline_exceeded after this long; else after inference.timeout_ms"),
    ] = None
    cache: CacheMode = "use"

    def __post_init__(self) -> None:
        if self.grammar is not None and self.json_schema is not None:
            raise ValueError("grammar and json_schema: give one of them, not both")

    @property
    def has_format(self) -> bool:
        """Whether the client says which form the answer has."""
        return self.grammar is not None or self.json_schema is not None

    def sampling(self, defaults: Sampling) -> Sampling:
        """These options over the configured defaults."""
        stop = (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())
        return Sampling(  # written out: this is on the way of each cache hit
            max_tokens=defaults.max_tokens if self.max_tokens is None else self.max_tokens,
            temperature=defaults.temperature if self.temperature is None else self.temperature,
            top_p=defaults.top_p if self.top_p is None else self.top_p,
            top_k=defaults.top_k if self.top_k is None else self.top_k,
            min_p=defaults.min_p if self.min_p is None else self.min_p,
            repeat_penalty=defaults.repeat_penalty if self.repeat_penalty is None else self.repeat_penalty,
            seed=defaults.seed if self.seed is None else self.seed,
            stop=stop,
            json_schema=self.json_schema,
            grammar=self.grammar,
        )


@dataclass(frozen=True, kw_only=True)
class InferRecord(Options):
    """Exactly one of `prompt` and `messages`."""

    prompt: Annotated[
        Annotated[StrictStr, Field(min_length=1)] | None, Field(description="raw text that the model continues")
    ] = None
    messages: Annotated[
        Annotated[tuple[Message, ...], Field(min_length=1)] | None,
        Field(description="a chat, in the model's own template"),
    ] = None
    player: Annotated[AnyName | None, Field(description="who is served: players and users take turns in the queue")] = (
        None
    )
    moderate: Annotated[
        StrictBool,
        Field(
            description="true: what users say and the answer are checked as those of a think, where moderation is on"
        ),
    ] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.prompt is None) == (self.messages is None):
            raise ValueError("prompt, messages: give exactly one of them, and not empty")


@dataclass(frozen=True, kw_only=True)
class EmbedRecord(Record):
    """A text whose embedding is wanted: a vector that is close to those of texts that mean the like."""

    text: Annotated[StrictStr, Field(min_length=1)]
    player: AnyName | None = None
    priority: Priority = "spoken"
    deadline_ms: Annotated[int, Field(ge=1, le=DEADLINE_MAX_MS), WHOLE] | None = None

    def as_infer(self) -> InferRecord:
        """It goes the way of an `infer` that asks for no text."""
        return InferRecord(
            op=self.op,
            id=self.id,
            prompt=self.text,
            player=self.player,
            priority=self.priority,
            deadline_ms=self.deadline_ms,
            cache="off",
        )


@dataclass(frozen=True, kw_only=True)
class ThinkRecord(Options, Think):
    """Options, and the facts of `Think`: the prompt builder takes this record as it is."""

    durable: Durable = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.translate and (self.actions or self.utterance):
            raise ValueError("translate: a line is only translated; leave out utterance and actions")


@dataclass(frozen=True, kw_only=True)
class WarmRecord(ThinkRecord):
    """A `think` that may come soon, without what will be said."""

    is_warm: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.utterance or self.translate or self.explain:
            raise ValueError("utterance, translate, explain: leave them out; a warm is what comes before the words")


@dataclass(frozen=True, kw_only=True)
class CancelRecord(Record):
    target: StrictStr


@dataclass(frozen=True, kw_only=True)
class SetRoleRecord(Change):
    """`role` has no default: left out by mistake, it must not take a role away. Its fields are checked by `roles`."""

    name: StrictStr
    role: LuaMapOrNull


@dataclass(frozen=True, kw_only=True)
class RememberLine:
    """A sentence of what came of something. `npc` is the NPC's id, `name` its name."""

    __pydantic_config__ = STRICT

    npc: Annotated[Name, Field(description="the NPC's id")]
    name: Annotated[AnyName | None, Field(description="its name")] = None
    player: Annotated[AnyName | None, Field(description="whom it concerned; left out: nobody in particular")] = None
    place: Annotated[AnyName | None, Field(description="all NPCs there may come to know it")] = None
    text: Annotated[
        StrictStr, Field(min_length=1, max_length=REMEMBER_MAX_CHARS, examples=["Ana bought 3 apples for 6 coins"])
    ]


@dataclass(frozen=True, kw_only=True)
class RememberRecord(Record):
    durable: Durable = False
    lines: Annotated[list[RememberLine], Field(min_length=1, max_length=REMEMBER_MAX)]


@dataclass(frozen=True, kw_only=True)
class ForgetRecord(Change):
    """What matches both goes; without either `all` must be true, as a slip must not empty all memory."""

    npc: Annotated[Name | None, Field(description="only what this NPC remembers")] = None
    player: Annotated[Name | None, Field(description="only what is remembered of this player")] = None
    all: Annotated[StrictBool, Field(description="true, where neither is named: everything")] = False

    def __post_init__(self) -> None:
        if self.npc is None and self.player is None and not self.all:
            raise ValueError("npc, player: name one of them, or set all: true to forget everything")


@dataclass(frozen=True, kw_only=True)
class MemoriesRecord(Record):
    npc: Name | None = None
    player: Name | None = None
    before: Before = None
    limit: Annotated[int, Field(ge=1, le=MEMORIES_MAX), WHOLE] = 20


# The ops that the engine answers.
GENERATIONS: dict[str, type[InferRecord] | type[ThinkRecord] | type[EmbedRecord]] = {
    "infer": InferRecord,
    "think": ThinkRecord,
    "embed": EmbedRecord,
}

RECORDS: dict[str, type[Record]] = {
    **GENERATIONS,
    "warm": WarmRecord,
    "cancel": CancelRecord,
    "info": Record,
    "stats": Record,
    "metrics": Record,
    "ping": Record,
    "doctor": Record,
    "roles": Record,
    "set_role": SetRoleRecord,
    "remember": RememberRecord,
    "forget": ForgetRecord,
    "memories": MemoriesRecord,
    **ADMIN_RECORDS,
    **STEERING_RECORDS,
}
OPS = tuple(RECORDS)


def adapter(model: type[Record]) -> TypeAdapter[Any]:
    """pydantic's validator of a record; `.json_schema()` describes it for OpenAPI. Made when the first one comes, as
    all of them take megabytes; and once, as making one takes milliseconds.
    """
    if model not in _adapters:
        _adapters[model] = TypeAdapter(model)
    return _adapters[model]


_adapters: dict[type[Record], TypeAdapter[Any]] = {}


def envelope(record: dict[str, Any]) -> tuple[str, str]:
    """`(op, id)`; BadRequest where either is missing or wrong."""
    given_id, op = record.get("id"), record.get("op")
    if not isinstance(given_id, str) or not 0 < len(given_id) <= ID_MAX_CHARS:
        raise BadRequest(f"id: want a string of 1 to {ID_MAX_CHARS} characters")
    if op not in OPS:
        raise BadRequest(f"op: unknown {op!r}{did_you_mean(str(op), OPS)}; known: {', '.join(OPS)}")
    return op, given_id


def validate(model: type[R], record: dict[str, Any]) -> R:
    """The checked record. Raises BadRequest or TooLarge that names the first field that is wrong."""
    if issubclass(model, ThinkRecord):
        _check_text(record)
    try:
        checked: R = adapter(model).validate_python(record)
    except ValidationError as error:
        raise _explained(model, error) from None
    return checked


def _check_text(record: dict[str, Any]) -> None:
    """Raises TooLarge where all texts of a `think` together are over their limit. As JSON they are no shorter, and that
    is quick to tell: so only what may be over is counted."""
    if len(orjson.dumps(record)) <= THINK_TEXT_MAX_BYTES:
        return
    sizes = {name: _text_bytes(value) for name, value in record.items() if name not in FORM}
    total = sum(sizes.values())
    if total > THINK_TEXT_MAX_BYTES:
        longest = max(sizes, key=lambda name: sizes[name])
        raise TooLarge(
            f"{longest}: {sizes[longest]} of the {total} bytes of text in this think; the limit of all together is "
            f"{THINK_TEXT_MAX_BYTES}: send less"
        )


def _text_bytes(value: Any) -> int:
    """Of all strings in a value, the names of fields too. The wire bounds how deep a value is."""
    if isinstance(value, str):
        return len(value.encode("utf-8", "replace"))
    if isinstance(value, dict):
        return sum(_text_bytes(name) + _text_bytes(item) for name, item in value.items())
    return sum(map(_text_bytes, value)) if isinstance(value, (list, tuple)) else 0


def field_names(model: type[Record]) -> frozenset[str]:
    return frozenset(field.name for field in fields(model))


def _explained(model: type[Record], error: ValidationError) -> AgentdError:
    """The first thing wrong, as `field: what` with the nearest known name for a typo."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    kind = TooLarge if first["type"] in (TOO_LARGE, "string_too_long") else BadRequest
    return kind(_message(model, first))


def _message(model: type[Record], first: ErrorDetails) -> str:
    steps = (str(step) for step in first["loc"])
    path = ".".join(step for step in steps if not step.startswith(TYPE_STEPS))
    if first["type"] == "unexpected_keyword_argument":
        is_top = len(first["loc"]) == 1  # of the fields inside a field, pydantic does not tell the names
        return f"{path}: unknown field{did_you_mean(path, field_names(model)) if is_top else ''}"
    if first["type"] == "missing":
        return f"{path}: missing"
    if first["type"] == "dataclass_type":
        return f"{path}: want a JSON object"
    what = first["msg"].removeprefix("Value error, ").replace("tuple", "list").replace("Tuple", "List")
    return f"{path}: {what}" if path else what  # what concerns the whole record names its fields itself
