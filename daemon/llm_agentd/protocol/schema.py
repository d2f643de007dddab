"""From a decoded record to a `Request` or `Think`: every field checked, unknown ones refused by name.

Pure; runs on the router thread. Lenient only where Lua's JSON forces it: whole floats are integers
(engines before 5.16 write 5.0) and an empty table may arrive as null or [].
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictStr, ValidationError

from llm_agentd.errors import BadRequest
from llm_agentd.types import Action, CacheMode, Intent, Message, Npc, Priority, Sampling, Think, Turn

OPS = (
    "infer",
    "think",
    "cancel",
    "info",
    "stats",
    "metrics",
    "ping",
    "roles",
    "set_role",
    "remember",
    "forget",
    "memories",
)
ID_MAX_CHARS = 128  # CONTRACT section 3
DEADLINE_MAX_MS = 600_000  # ten minutes: longer than any NPC is worth waiting for
MAX_TOKENS_MAX = 8192  # far over any spoken reply; the context is the real bound
STOP_MAX = 16  # stop strings; each is searched in every piece
ACTIONS_MAX = 64  # they all stand in the prompt
AVOID_MAX = 5  # lines not to say again: an NPC's last few
HISTORY_MAX = 20  # turns of a talk that the game keeps
REMEMBER_MAX = 64  # sentences at once: what a busy village brings about in some seconds
REMEMBER_MAX_CHARS = 400  # a sentence
MEMORIES_MAX = 200  # listed at once: more would not fit a record
TURN_MAX_CHARS = 2000  # as long as anything said at once
AVOID_MAX_CHARS = 400  # a spoken line; more of it would push the question out of a small context


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, (bool, str)):
        raise ValueError("want a whole number")
    return value


def _number(value: Any) -> Any:
    if isinstance(value, (bool, str)):
        raise ValueError("want a number")
    return value


def _lua_map(value: Any) -> Any:
    return {} if value is None or value == [] else value


def _lua_list(value: Any) -> Any:
    return [] if value is None or value == {} else value


def _lua_fields(value: Any) -> Any:
    return {} if value == [] else value  # null stays null: it means that there is none


Whole = Annotated[int, BeforeValidator(_whole)]
Number = Annotated[float, BeforeValidator(_number)]
LuaMap = Annotated[dict[str, Any], BeforeValidator(_lua_map)]
Fields = Annotated[dict[str, Any] | None, BeforeValidator(_lua_fields)]
StopString = Annotated[StrictStr, Field(min_length=1)]
AvoidLine = Annotated[StrictStr, Field(max_length=AVOID_MAX_CHARS)]
M = TypeVar("M", bound=BaseModel)


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Options(_Model):
    op: StrictStr
    id: StrictStr
    max_tokens: Annotated[Whole, Field(ge=1, le=MAX_TOKENS_MAX)] | None = None
    temperature: Annotated[Number, Field(ge=0, le=5)] | None = None
    top_p: Annotated[Number, Field(gt=0, le=1)] | None = None
    top_k: Annotated[Whole, Field(ge=0, le=1_000_000)] | None = None
    min_p: Annotated[Number, Field(ge=0, le=1)] | None = None
    repeat_penalty: Annotated[Number, Field(gt=0, le=10)] | None = None
    seed: Annotated[Whole, Field(ge=0, le=2**32 - 2)] | None = None
    stop: Annotated[list[StopString], Field(max_length=STOP_MAX)] | StopString | None = None
    json_schema: dict[str, Any] | None = None
    grammar: StrictStr | None = None
    stream: StrictBool = False
    priority: Priority = "spoken"
    deadline_ms: Annotated[Whole, Field(ge=1, le=DEADLINE_MAX_MS)] | None = None
    cache: CacheMode = "use"

    def sampling(self, defaults: Sampling) -> Sampling:
        """These options over the configured defaults."""
        if self.grammar is not None and self.json_schema is not None:
            raise BadRequest("grammar and json_schema: give one of them, not both")
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


class _Message(_Model):
    role: Annotated[StrictStr, Field(pattern="^(system|user|assistant)$")]
    content: StrictStr


class InferRecord(_Options):
    prompt: Annotated[StrictStr, Field(min_length=1)] | None = None
    messages: Annotated[list[_Message], Field(min_length=1)] | None = None

    def chat(self) -> tuple[Message, ...] | None:
        return None if self.messages is None else tuple(Message(m.role, m.content) for m in self.messages)


class _Npc(_Model):
    id: Annotated[StrictStr, Field(min_length=1, max_length=128)]
    name: Annotated[StrictStr, Field(min_length=1, max_length=128)]
    role: Annotated[StrictStr, Field(min_length=1, max_length=128)]
    persona: StrictStr | None = None
    mood: StrictStr | None = None
    pos: dict[str, Number] | list[Number] | None = None


class _Action(_Model):
    name: Annotated[StrictStr, Field(pattern="^[a-z][a-z0-9_]{0,63}$")]
    description: StrictStr = ""
    params: LuaMap = Field(default_factory=dict)


class _Turn(_Model):
    speaker: Annotated[StrictStr, Field(min_length=1, max_length=128)]
    text: Annotated[StrictStr, Field(min_length=1, max_length=TURN_MAX_CHARS)]


class ThinkRecord(_Options):
    npc: _Npc
    player: StrictStr | None = None
    utterance: StrictStr | None = None
    intent: Intent = "dialogue"
    context: LuaMap = Field(default_factory=dict)
    actions: Annotated[list[_Action], BeforeValidator(_lua_list), Field(max_length=ACTIONS_MAX)] = []
    lang: StrictStr | None = None
    audience: Annotated[list[StrictStr], BeforeValidator(_lua_list)] = []
    draft: Fields = None
    avoid: Annotated[list[AvoidLine], BeforeValidator(_lua_list), Field(max_length=AVOID_MAX)] = []
    history: Annotated[list[_Turn], BeforeValidator(_lua_list), Field(max_length=HISTORY_MAX)] = []
    translate: Annotated[StrictStr, Field(min_length=1, max_length=TURN_MAX_CHARS)] | None = None
    remember: StrictBool = True

    def think(self) -> Think:
        npc = self.npc
        return Think(
            npc=Npc(id=npc.id, name=npc.name, role=npc.role, persona=npc.persona, mood=npc.mood),
            player=self.player,
            utterance=self.utterance,
            intent=self.intent,
            context=self.context,
            actions=tuple(Action(a.name, a.description, a.params) for a in self.actions),
            lang=self.lang,
            audience=tuple(self.audience),
            draft=self.draft,
            avoid=tuple(self.avoid),
            history=tuple(Turn(turn.speaker, turn.text) for turn in self.history),
            translate=self.translate,
            remember=self.remember,
        )


class CancelRecord(_Model):
    op: StrictStr
    id: StrictStr
    target: StrictStr


class SetRoleRecord(_Model):
    """`role` has no default: left out by mistake, it must not take a role away. Its fields are checked by `agents`."""

    op: StrictStr
    id: StrictStr
    name: StrictStr
    role: Fields


Name = Annotated[StrictStr, Field(min_length=1, max_length=128)]


class _Line(_Model):
    npc: Name
    name: StrictStr | None = None
    player: StrictStr | None = None
    place: StrictStr | None = None
    text: Annotated[StrictStr, Field(min_length=1, max_length=REMEMBER_MAX_CHARS)]


class RememberRecord(_Model):
    """`lines`: sentences of what came of something. `name`: the NPC's."""

    op: StrictStr
    id: StrictStr
    lines: Annotated[list[_Line], Field(min_length=1, max_length=REMEMBER_MAX)]


class ForgetRecord(_Model):
    """What matches both goes; without either `all` must be true, as a slip must not empty all memory."""

    op: StrictStr
    id: StrictStr
    npc: Name | None = None
    player: Name | None = None
    all: StrictBool = False


class MemoriesRecord(_Model):
    op: StrictStr
    id: StrictStr
    npc: Name | None = None
    player: Name | None = None
    limit: Annotated[Whole, Field(ge=1, le=MEMORIES_MAX)] = 20


class BareRecord(_Model):
    """`info`, `stats`, `metrics`, `ping`, `roles`."""

    op: StrictStr
    id: StrictStr


def envelope(record: dict[str, Any]) -> tuple[str, str]:
    """`(op, id)`; BadRequest where either is missing or wrong."""
    given_id, op = record.get("id"), record.get("op")
    if not isinstance(given_id, str) or not 0 < len(given_id) <= ID_MAX_CHARS:
        raise BadRequest(f"id: want a string of 1 to {ID_MAX_CHARS} characters")
    if op not in OPS:
        raise BadRequest(f"op: unknown {op!r}{_nearest(str(op), OPS)}; known: {', '.join(OPS)}")
    return op, given_id


def infer(record: dict[str, Any]) -> InferRecord:
    parsed = _validate(InferRecord, record)
    if (parsed.prompt is None) == (parsed.messages is None):
        raise BadRequest("prompt, messages: give exactly one of them, and not empty")
    return parsed


def think(record: dict[str, Any]) -> ThinkRecord:
    return _validate(ThinkRecord, record)


def cancel(record: dict[str, Any]) -> CancelRecord:
    return _validate(CancelRecord, record)


def set_role(record: dict[str, Any]) -> SetRoleRecord:
    return _validate(SetRoleRecord, record)


def remember(record: dict[str, Any]) -> RememberRecord:
    return _validate(RememberRecord, record)


def forget(record: dict[str, Any]) -> ForgetRecord:
    parsed = _validate(ForgetRecord, record)
    if parsed.npc is None and parsed.player is None and not parsed.all:
        raise BadRequest("npc, player: name one of them, or set all: true to forget everything")
    return parsed


def memories(record: dict[str, Any]) -> MemoriesRecord:
    return _validate(MemoriesRecord, record)


def bare(record: dict[str, Any]) -> BareRecord:
    return _validate(BareRecord, record)


def _validate(model: type[M], record: dict[str, Any]) -> M:
    try:
        return model.model_validate(record)
    except ValidationError as error:
        raise BadRequest(_explain(model, error)) from None


def _explain(model: type[BaseModel], error: ValidationError) -> str:
    """The first thing wrong, as `field: what` with the nearest known name for a typo."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    steps = (str(step) for step in first["loc"])
    path = ".".join(step for step in steps if not step.startswith(("constrained-", "list[", "function-")))
    if first["type"] == "extra_forbidden":
        return f"{path}: unknown field{_nearest(path, model.model_fields)}"
    if first["type"] == "missing":
        return f"{path}: missing"
    return f"{path}: {first['msg'].removeprefix('Value error, ')}"


def _nearest(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f", did you mean {near[0]!r}?" if near else ""
