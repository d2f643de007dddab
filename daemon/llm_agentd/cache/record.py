"""What the completion cache stores and under which name: keys, entries, bytes.

Pure: no LMDB, no clock, no thread. Times ending in `_s` are wall-clock (UTC epoch) seconds here, since entries
outlive the process; on disk they are whole microseconds, so that index keys sort by time.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

from llm_agentd.types import Finish, Message, Sampling

KEY_BYTES = 32  # blake2b digest; LMDB takes keys up to 511 bytes, prompts are longer
SLOT_KEY_BYTES = KEY_BYTES + 1  # one record for each variant: digest + variant number
VARIANTS_MAX = 256  # the variant number is one byte
PROMPT_KEPT_CHARS = 8192  # the prompt is kept for `dump` only; 256 KiB ones would fill the cache with what nobody reads

_HEAD = struct.Struct(">QQQQ")  # created, expires, last hit (0: never) in µs, hits
_INDEX = struct.Struct(">Q")


class BadRecord(Exception):
    """The bytes are not a cache record."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One kept reply. Whoever puts it leaves the times out: the cache fills `created_s` and all below."""

    text: str
    finish: Finish
    model: str
    action: dict[str, Any] | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    role: str = ""  # "" for plain `infer`
    prompt: str = ""  # for people who look into the cache; never served
    created_s: float = 0.0
    expires_s: float = 0.0
    last_hit_s: float | None = None
    hits: int = 0


class Head(NamedTuple):
    """The fixed part of a record, all that eviction and turns need to know. Times in µs."""

    created_us: int
    expires_us: int
    last_hit_us: int
    hits: int

    @property
    def last_use_us(self) -> int:
        return max(self.created_us, self.last_hit_us)


def cache_key(
    *,
    fingerprint: str,
    prompt: str | None,
    messages: Sequence[Message] | None,
    sampling: Sampling,
    form: dict[str, Any] | None = None,
    whole_sentences: bool = False,
    moderation: str = "",
) -> bytes:
    """32 bytes that differ wherever the reply's text may differ.

    The parts are hashed as one JSON array, so no two different questions share an encoding. The order inside a
    `json_schema` counts: engines write the members in that order. `form`: the schema of a reply that may choose an
    action, whether or not the engine is held to it.
    """
    parts = [
        fingerprint,
        prompt,
        None if messages is None else [[message.role, message.content] for message in messages],
        sampling.max_tokens,
        float(sampling.temperature),
        float(sampling.top_p),
        sampling.top_k,
        float(sampling.min_p),
        float(sampling.repeat_penalty),
        sampling.seed,
        list(sampling.stop),
        form if sampling.json_schema is None else sampling.json_schema,
        sampling.grammar,
        form is not None,
        whole_sentences,
        moderation,  # what passed under other rules may not pass under these
    ]
    try:
        encoded = orjson.dumps(parts)
    except TypeError:  # lone surrogates, integers over 64 bits: slower, but nothing that a request may hold fails
        encoded = b"\0" + json.dumps(parts).encode()
    return blake2b(encoded, digest_size=KEY_BYTES).digest()


def slot_key(key: bytes, variant: int) -> bytes:
    return key + bytes((variant,))


def index_key(time_us: int, slot: bytes) -> bytes:
    """Sorts by time; unique by the slot behind it."""
    return _INDEX.pack(time_us) + slot


def split_index_key(raw: bytes) -> tuple[int, bytes]:
    return _INDEX.unpack_from(raw)[0], raw[_INDEX.size :]


def encode(entry: Entry) -> bytes:
    """Header and JSON body. Raises ValueError where the entry cannot be kept (text that is not UTF-8)."""
    last_hit_us = 0 if entry.last_hit_s is None else to_us(entry.last_hit_s)
    head = _HEAD.pack(to_us(entry.created_s), to_us(entry.expires_s), last_hit_us, entry.hits)
    body = [
        entry.text,
        entry.finish,
        entry.model,
        entry.action,
        entry.prompt_tokens,
        entry.completion_tokens,
        entry.role,
        entry.prompt[:PROMPT_KEPT_CHARS],
    ]
    try:
        return head + orjson.dumps(body)
    except TypeError as error:
        raise ValueError(f"not storable: {error}") from error


def decode_head(raw: bytes) -> Head:
    """Raises BadRecord."""
    try:
        return Head(*_HEAD.unpack_from(raw))
    except struct.error:
        raise BadRecord(f"{len(raw)} bytes are shorter than a header") from None


def with_head(head: Head, raw: bytes) -> bytes:
    """The record with another header."""
    return _HEAD.pack(*head) + raw[_HEAD.size :]


def decode(raw: bytes) -> Entry:
    """Raises BadRecord."""
    head = decode_head(raw)
    try:
        body = orjson.loads(memoryview(raw)[_HEAD.size :])
        text, finish, model, action, prompt_tokens, completion_tokens, role, prompt = body
    except (ValueError, TypeError) as error:
        raise BadRecord(f"body: {error}") from None
    if not isinstance(text, str) or not isinstance(action, dict | None):
        raise BadRecord("body: wrong types")
    last_hit_s = head.last_hit_us / 1e6 if head.last_hit_us else None
    return Entry(
        text=text,
        finish=finish,
        model=model,
        action=action,
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        role=role,
        prompt=prompt,
        created_s=head.created_us / 1e6,
        expires_s=head.expires_us / 1e6,
        last_hit_s=last_hit_s,
        hits=head.hits,
    )


def to_us(time_s: float) -> int:
    return max(0, round(time_s * 1e6))
