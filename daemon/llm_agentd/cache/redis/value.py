"""A reply as it stands in Redis: a mark with the version, a checksum over key and entry, the entry as on disk. Pure.

Others may write there too, and other versions of the daemon do. So everything is checked before it is believed: what is
cut, damaged, of another version or of another key is a DamagedEntry, which the reader takes for a miss.
"""

from __future__ import annotations

import struct
from typing import get_args
from zlib import crc32

from llm_agentd.cache.entry import CacheEntry, DamagedEntry, decode, encode
from llm_agentd.types import Finish

# The digit counts up with every change of an entry's bytes or of their meaning.
MARK = b"LAC1"
_HEAD = struct.Struct(">4sI")
HEAD_BYTES = _HEAD.size  # the entry's own header follows: created and expires, big-endian u64 of µs (see PUT in store)
VALUE_MAX_BYTES = 128 * 1024  # a reply and its prompt, which `encode` cuts; a larger value would hold up all others


def encode_value(key: bytes, entry: CacheEntry) -> bytes:
    """Raises ValueError where the entry cannot be kept: too large, or text that is not UTF-8."""
    raw = encode(entry)
    if len(raw) > VALUE_MAX_BYTES:
        raise ValueError(f"{len(raw)} bytes are more than {VALUE_MAX_BYTES}")
    return _HEAD.pack(MARK, crc32(raw, crc32(key))) + raw


def decode_value(key: bytes, value: bytes) -> CacheEntry:
    """Raises DamagedEntry."""
    raw = value[HEAD_BYTES:]
    if len(value) < HEAD_BYTES or _HEAD.unpack_from(value) != (MARK, crc32(raw, crc32(key))):
        raise DamagedEntry("no reply of this version, or a damaged one")
    entry = decode(raw)
    if not _is_sound(entry):
        raise DamagedEntry("body: wrong types")
    return entry


def _is_sound(entry: CacheEntry) -> bool:
    """A checksum says that it is as it was written, not that whoever wrote it knew how."""
    texts = (entry.model, entry.role, entry.prompt)
    counts = (entry.prompt_tokens, entry.completion_tokens)
    return (
        entry.finish in get_args(Finish)
        and all(isinstance(text, str) for text in texts)
        and all(type(count) is int and count >= 0 for count in counts)
    )
