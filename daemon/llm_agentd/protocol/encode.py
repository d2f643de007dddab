"""From replies and errors to the fields of a record, and to the bytes of a message. The way in is `wire` and `schema`.

Pure; runs on the router thread. The one place that knows how a reply or an error stands on the wire
(docs/protocol.md): the daemon, the HTTP process and the clients all take the fields from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from llm_agentd.errors import AgentdError, TooLarge
from llm_agentd.protocol import wire
from llm_agentd.types import Explanation, Mind, Reply

KEY_SHOWN_CHARS = 16  # of the key's hex digits, as `dump` shows them


def done_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a `done` record that answers an op without a generation."""
    return {"event": "done", **fields}


def delta_fields(text: str, *, acts: bool = True) -> dict[str, Any]:
    """`acts` False: no action comes with a `think`'s words, so that they may be spoken at once."""
    fields: dict[str, Any] = {"event": "delta", "text": text}
    return fields if acts else {**fields, "acts": False}


def reply_fields(reply: Reply, mind: Mind = "") -> dict[str, Any]:
    """Fields of a `done` record. Written out: `asdict` would take longer than all the rest of a cache hit."""
    usage, timing = reply.usage, reply.timing_ms
    fields: dict[str, Any] = {
        "event": "done",
        "text": reply.text,
        "finish": reply.finish,
        "cache": reply.cache,
        "model": reply.model,
        "action": reply.action,
        "usage": {
            "prompt_tokens": usage.prompt_tokens,
            "reused_tokens": usage.reused_tokens,
            "completion_tokens": usage.completion_tokens,
        },
        "timing_ms": {
            "queue": timing.queue,
            "prefill": timing.prefill,
            "decode": timing.decode,
            "total": timing.total,
        },
    }
    if reply.lang:
        fields["lang"] = reply.lang
    if reply.matched:
        fields["matched"] = True
    if reply.cut:
        fields["cut"] = reply.cut
    if mind:
        fields["mind"] = mind
    if reply.embedding:
        fields["embedding"] = reply.embedding
    return fields


def explanation_fields(explanation: Explanation) -> dict[str, Any]:
    """Fields of a `done` record that answers `explain`. A key is a reply's in the cache, so its beginning tells it."""
    fields = asdict(explanation)
    kept, variants, key = fields.pop("kept"), fields.pop("variants"), fields.pop("key")
    result = "hit" if kept >= variants else "miss"
    fields["cache"] = {"result": result, "kept": kept, "variants": variants, "key": key.hex()[:KEY_SHOWN_CHARS]}
    return done_fields({"explanation": fields})


def error_fields(error: AgentdError) -> dict[str, Any]:
    """Fields of an `error` record."""
    return {"event": "error", **error.fields()}


def record_bytes(record: Mapping[str, Any]) -> bytes:
    """One record with its length. One over the wire's limit gives its place to the error that says so."""
    try:
        return wire.encode(record)
    except TooLarge as error:
        return wire.encode({"id": record["id"], **error_fields(error)})
