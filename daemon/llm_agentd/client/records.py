"""Between Python values and the records of the wire: what a call sends, and what its answer becomes.

Pure; any thread. The fields themselves are checked by the daemon (`protocol/schema.py` declares them), so that an old
client can use a newer daemon. The type hints here are for editors and type checkers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from typing import Any, TypeAlias, TypedDict

from llm_agentd.errors import ERROR_CLASSES, AgentdError, BadRequest, Filtered, SwitchedOff
from llm_agentd.protocol import wire
from llm_agentd.types import Action, CacheMode, Intent, Message, Npc, Priority, Reply, Timing, Turn, Usage

Record: TypeAlias = dict[str, Any]
Chat: TypeAlias = Sequence[Message | Mapping[str, str]]


class InferOptions(TypedDict, total=False):
    """What `infer`, `think` and `stream` take by name; what is left out is as the daemon is configured.

    `id` names the request for `cancel`; left out: a number. `deadline_ms`: the daemon gives up after so long, with
    DeadlineExceeded. `priority`: who goes first when the engine is busy.
    """

    id: str
    max_tokens: int
    temperature: float
    top_p: float
    top_k: int
    min_p: float
    repeat_penalty: float
    seed: int
    stop: str | Sequence[str]
    json_schema: Mapping[str, Any]
    grammar: str
    priority: Priority
    deadline_ms: int
    cache: CacheMode
    player: str
    moderate: bool  # of `infer` alone


class ThinkOptions(InferOptions, total=False):
    """`InferOptions`, and the facts of an NPC's occasion to speak. `types.Think` says what each means."""

    intent: Intent
    context: Mapping[str, Any]
    actions: Sequence[Action | Mapping[str, Any]]
    lang: str
    audience: Sequence[str]
    draft: Mapping[str, Any]
    avoid: Sequence[str]
    history: Sequence[Turn | Mapping[str, str]]
    translate: str
    remember: bool


def infer_fields(prompt: str | Chat, options: Mapping[str, Any]) -> Record:
    """`infer`'s: a text is the raw prompt; a list is a chat, in the model's own template."""
    key = "prompt" if isinstance(prompt, str) else "messages"
    return {key: _plain(prompt), **_plain(options)}


def think_fields(npc: Npc | Mapping[str, Any], utterance: str | None, options: Mapping[str, Any]) -> Record:
    said = {} if utterance is None else {"utterance": utterance}
    return {"npc": _plain(npc), **said, **_plain(options)}


def generation_fields(
    prompt: str | Chat | None, npc: Npc | Mapping[str, Any] | None, utterance: str | None, options: Mapping[str, Any]
) -> tuple[str, Record]:
    """`(op, fields)` of `stream`: `infer` for a prompt, `think` for an NPC. Raises TypeError for both or neither."""
    if (prompt is None) == (npc is None):
        raise TypeError("give either a prompt or an npc")
    if npc is not None:
        return "think", think_fields(npc, utterance, options)
    assert prompt is not None
    return "infer", infer_fields(prompt, options)


def encode(record: Record) -> bytes:
    """The record's bytes. Raises TooLarge, and BadRequest for what JSON cannot hold."""
    try:
        return wire.encode(record)
    except (TypeError, RecursionError) as error:
        raise BadRequest(
            f"{record.get('op')}: {error}; want what JSON can hold, {wire.DEPTH_MAX} levels deep"
        ) from None


def done_or_raise(record: Record) -> Record:
    """The record where it is `done`; raises the error that it reports otherwise."""
    if record.get("event") == "done":
        return record
    raise error_of(record)


def without_envelope(record: Record) -> Record:
    """The fields of an answer that are not the wire's own."""
    return {key: value for key, value in record.items() if key not in ("id", "event")}


def error_of(record: Record) -> AgentdError:
    """The exception for an `error` record. A code that is not known here becomes AgentdError itself (`internal`)."""
    message = str(record.get("message", "the daemon gave no reason"))
    retry_after_ms = record.get("retry_after_ms")
    if not isinstance(retry_after_ms, int):
        retry_after_ms = None
    if record.get("code") == Filtered.code:
        text, by = str(record.get("text") or ""), record.get("by")
        return Filtered(message, text=text, by="player" if by == "player" else "model", retry_after_ms=retry_after_ms)
    if record.get("reason") == SwitchedOff.REASON:
        return SwitchedOff(message, retry_after_ms=retry_after_ms)
    kind = ERROR_CLASSES.get(str(record.get("code")), AgentdError)
    return kind(message, retry_after_ms=retry_after_ms)


def reply_of(record: Record) -> Reply:
    """The reply of a `done` record. Fields that a newer daemon adds are left out."""
    usage, timing_ms = record.get("usage") or {}, record.get("timing_ms") or {}
    return Reply(
        text=record["text"],
        finish=record["finish"],
        cache=record["cache"],
        model=record["model"],
        action=record.get("action"),
        usage=Usage(**{name: usage.get(name, 0) for name in Usage.__slots__}),
        timing_ms=Timing(**{name: timing_ms.get(name, 0.0) for name in Timing.__slots__}),
        lang=record.get("lang", ""),
        cut=record.get("cut", ""),
    )


def _plain(value: Any) -> Any:
    """Dataclasses become dicts without what is None, also inside of lists and dicts."""
    if is_dataclass(value) and not isinstance(value, type):
        value = {name: item for name, item in asdict(value).items() if item is not None}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
