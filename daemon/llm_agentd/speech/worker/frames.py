"""What parent and child of speech say to each other: frames of a JSON object and bytes behind it. Pure.

    4 bytes: length of the JSON · 4 bytes: length of what follows it · JSON · bytes          (lengths big-endian)

A child that writes anything else is broken: lengths beyond the limits are not believed.
"""

from __future__ import annotations

import struct
from typing import IO, Any

import orjson

_HEAD = struct.Struct(">II")
JSON_MAX_BYTES = 1024 * 1024  # a text of some KiB, phrases, a mouth of ten digits a second
BYTES_MAX = 64 * 1024 * 1024  # of sound: 25 MB that a client may send, and a long speech as raw samples


class BadFrame(Exception):
    """What came is no frame; the stream is of no use any more."""


def pack(fields: dict[str, Any], data: bytes = b"") -> bytes:
    text = orjson.dumps(fields)
    return _HEAD.pack(len(text), len(data)) + text + data


def read(stream: IO[bytes]) -> tuple[dict[str, Any], bytes]:
    """Blocks until a frame is whole. Raises EOFError where the stream ends, and BadFrame."""
    json_size, data_size = _HEAD.unpack(_exactly(stream, _HEAD.size))
    if json_size > JSON_MAX_BYTES or data_size > BYTES_MAX:
        raise BadFrame("it wrote something else than an answer")
    try:
        fields = orjson.loads(_exactly(stream, json_size))
    except orjson.JSONDecodeError:
        fields = None
    if not isinstance(fields, dict):
        raise BadFrame("it wrote something else than an answer")
    return fields, _exactly(stream, data_size)


def _exactly(stream: IO[bytes], size: int) -> bytes:
    parts: list[bytes] = []
    while size > 0:
        part = stream.read(size)
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
