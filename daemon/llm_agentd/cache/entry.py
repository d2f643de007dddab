"""What the completion cache stores: the entry, its bytes on disk, and the keys of its indexes.

Pure: no LMDB, no clock, no thread. Times ending in `_s` are wall-clock (UTC epoch) seconds here, since entries
outlive the process; on disk they are whole microseconds, so that index keys sort by time.

An entry on disk is a fixed header (big-endian u64: created, expires, last hit, hits) and a JSON array. The header
alone decides expiry, eviction and which variant is next, and a hit rewrites only the header.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from llm_agentd.cache.key import KEY_BYTES
from llm_agentd.types import Finish
from llm_agentd.util.steady_clock import AHEAD_MAX_S

SLOT_KEY_BYTES = KEY_BYTES + 1  # one entry for each variant: digest + variant number
VARIANTS_MAX = 256  # the variant number is one byte
PROMPT_KEPT_CHARS = 8192  # the prompt is kept for `dump` only; 256 KiB ones would fill the cache with what nobody reads

AHEAD_MAX_US = int(AHEAD_MAX_S * 1e6)
_HEADER = struct.Struct(">QQQQ")  # created, expires, last hit (0: never) in µs, hits
_INDEX = struct.Struct(">Q")


class DamagedEntry(Exception):
    """The bytes on disk are not a cache entry."""


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """One kept reply. The caller of `put` leaves the times out: the cache fills `created_s` and all below."""

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

    def may_name(self, folded: str) -> bool:
        """Whether prompt or text hold the case-folded name, or the prompt was longer than what is kept of it."""
        is_cut = len(self.prompt) >= PROMPT_KEPT_CHARS
        return is_cut or folded in self.prompt.casefold() or folded in self.text.casefold()


class EntryHeader(NamedTuple):
    """The fixed part of an entry: all that expiry, eviction and the choice of a variant look at. Times in µs."""

    created_us: int
    expires_us: int
    last_hit_us: int
    hits: int

    def is_live(self, now_us: int) -> bool:
        """Not where it was made in the future: by a clock that was wrong, and it would be kept until that comes."""
        return self.created_us - AHEAD_MAX_US <= now_us < self.expires_us

    @property
    def last_use_us(self) -> int:
        return max(self.created_us, self.last_hit_us)


def slot_key(key: bytes, variant: int) -> bytes:
    return key + bytes((variant,))


def index_key(time_us: int, slot: bytes) -> bytes:
    """Sorts by time; unique by the slot behind it."""
    return _INDEX.pack(time_us) + slot


def split_index_key(raw: bytes) -> tuple[int, bytes]:
    return _INDEX.unpack_from(raw)[0], raw[_INDEX.size :]


def encode(entry: CacheEntry) -> bytes:
    """Header and JSON body. Raises ValueError where the entry cannot be kept (text that is not UTF-8)."""
    last_hit_us = 0 if entry.last_hit_s is None else to_us(entry.last_hit_s)
    header = _HEADER.pack(to_us(entry.created_s), to_us(entry.expires_s), last_hit_us, entry.hits)
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
        return header + orjson.dumps(body)
    except TypeError as error:
        raise ValueError(f"not storable: {error}") from error


def decode_header(raw: bytes) -> EntryHeader:
    """Raises DamagedEntry."""
    try:
        return EntryHeader(*_HEADER.unpack_from(raw))
    except struct.error:
        raise DamagedEntry(f"{len(raw)} bytes are shorter than a header") from None


def with_header(header: EntryHeader, raw: bytes) -> bytes:
    """The same entry with another header."""
    return _HEADER.pack(*header) + raw[_HEADER.size :]


def decode(raw: bytes) -> CacheEntry:
    """Raises DamagedEntry."""
    header = decode_header(raw)
    try:
        body = orjson.loads(memoryview(raw)[_HEADER.size :])
        text, finish, model, action, prompt_tokens, completion_tokens, role, prompt = body
    except (ValueError, TypeError) as error:
        raise DamagedEntry(f"body: {error}") from None
    if not isinstance(text, str) or not isinstance(action, dict | None):
        raise DamagedEntry("body: wrong types")
    last_hit_s = header.last_hit_us / 1e6 if header.last_hit_us else None
    return CacheEntry(
        text=text,
        finish=finish,
        model=model,
        action=action,
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        role=role,
        prompt=prompt,
        created_s=header.created_us / 1e6,
        expires_s=header.expires_us / 1e6,
        last_hit_s=last_hit_s,
        hits=header.hits,
    )


def to_us(time_s: float) -> int:
    return max(0, round(time_s * 1e6))
