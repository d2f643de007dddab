"""Bytes to records and back: length-prefixed JSON, several records in one message part (docs/protocol.md).

Pure: no socket, no clock, no state; any thread may call it. It knows framing and JSON, not what a record
means: ops and fields are checked by whoever reads the records. `decode` never raises, whatever a peer sends.

What JSON leaves open: of duplicate keys the last one wins; NaN, Infinity and numbers beyond a double are `bad_json`
on the way in and `null` on the way out; integers beyond 64 bits are read as floats.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson

from llm_agentd.errors import AgentdError, BadFrame, BadJson, TooLarge
from llm_agentd.util.surrogates import repair_surrogates

LENGTH_BYTES = 4
RECORD_MAX_BYTES = 256 * 1024  # far above any prompt that fits a context; one record cannot hog the router
PART_MAX_BYTES = 4 * 1024 * 1024  # lengths included; a peer's burst stays a small piece of memory
FRAME_MAX_BYTES = PART_MAX_BYTES + 64  # of a ZeroMQ frame, which CURVE makes 33 bytes longer than the part
RECORDS_MAX = 1024  # a part: as many as the queue holds by default, so one part cannot ask for more
DEPTH_MAX = 64  # well past any action schema; keeps later recursive code far from Python's limit
ID_MAX_CHARS = 128  # docs/protocol.md names it, as all limits here

_ID_SCAN_CHARS = 4096  # how far a broken record is searched for its id: broken input must stay cheap
_ID_SCAN_TOKENS = 256
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[{}\[\]]', re.DOTALL)
_STRING_VALUE = re.compile(r'\s*:\s*("(?:[^"\\]++|\\.)*+")', re.DOTALL)
# Whole escapes, so that `\\ud800` (a backslash and letters) is left alone; group 1 is what no text may hold.
_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(\\u(?:[dD][89a-fA-F][0-9a-fA-F]{2}|0000))"
    r"|\\.",
    re.DOTALL,
)
_NOT_A_NUMBER = re.compile(r"[:\[,]\s*-?(?:NaN|Infinity)\b")
_REPLACEMENT = "\ufffd"


@dataclass(frozen=True, slots=True)
class DecodeError:
    """A record that could not be read, to be answered by `error`; `id` is None where none could be read."""

    error: AgentdError
    id: str | None


def decode(part: bytes) -> list[dict[str, Any] | DecodeError]:
    """All records of a part, in order, the bad ones as `DecodeError`. Never raises, whatever the part holds."""
    return list(iter_records(part))


def iter_records(part: bytes) -> Iterator[dict[str, Any] | DecodeError]:
    """As `decode`, each record read only when it is asked for: a part of 4 MiB takes longer than one may be held up.

    Reading goes on behind a bad record whose end is known, and stops where the next record's place is not.
    """
    total = len(part)
    if not total:
        yield DecodeError(BadFrame("empty message: want a 4-byte length and a JSON object"), None)
    start = index = 0
    while start < total:
        body_start = start + LENGTH_BYTES
        end = body_start + int.from_bytes(part[start:body_start], "big")
        stop = _reason_to_stop(total, start, end, index)
        if stop is not None:
            yield _decode_error(stop, index, start, part[body_start : body_start + _ID_SCAN_CHARS])
            return
        if end - body_start > RECORD_MAX_BYTES:
            error: AgentdError = TooLarge(f"{end - body_start} bytes; the limit is {RECORD_MAX_BYTES}: send less")
            yield _decode_error(error, index, start, part[body_start : body_start + _ID_SCAN_CHARS])
        else:
            yield _read(part[body_start:end], index, start)
        start = end
        index += 1


def encode(record: Mapping[str, Any]) -> bytes:
    """One record with its length. Raises TooLarge over the limit; TypeError for what JSON cannot hold (a bug)."""
    try:
        body = orjson.dumps(record)
    except TypeError:
        body = orjson.dumps(_mended(record))
    if len(body) > RECORD_MAX_BYTES:
        raise TooLarge(f"record {record.get('id')!r}: {len(body)} bytes; the limit is {RECORD_MAX_BYTES}: ask for less")
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def pack(encoded: Iterable[bytes]) -> list[bytes]:
    """As few parts as the limits allow, made of what `encode` gave."""
    parts: list[bytes] = []
    open_part: list[bytes] = []
    size = 0
    for item in encoded:
        if open_part and (size + len(item) > PART_MAX_BYTES or len(open_part) == RECORDS_MAX):
            parts.append(b"".join(open_part))
            open_part, size = [], 0
        open_part.append(item)
        size += len(item)
    if open_part:
        parts.append(b"".join(open_part))
    return parts


def loads(body: bytes) -> Any:
    """One JSON value that came without a length, cleaned and bounded in depth like a record. Raises BadJson."""
    try:
        value = _parse_mended(body) if b"\\u0000" in body else orjson.loads(body)
    except ValueError:
        try:
            value = _parse_mended(body)
        except ValueError as error:
            raise BadJson(f"not JSON: {error}{_hint(body)}") from None
    if body.count(b"{") + body.count(b"[") > DEPTH_MAX and _deeper_than(value, DEPTH_MAX):
        raise BadJson(f"nested deeper than {DEPTH_MAX} levels")
    return value


def _reason_to_stop(total: int, start: int, end: int, count: int) -> AgentdError | None:
    """Why nothing from `start` on can be read, if so."""
    if count >= RECORDS_MAX:
        return TooLarge(f"a message holds {RECORDS_MAX} records at most; {total - start} bytes were not read: split it")
    if end <= min(total, PART_MAX_BYTES):
        return None
    if start + LENGTH_BYTES > total:
        return BadFrame(f"{total - start} bytes where a 4-byte length should stand")
    length = end - start - LENGTH_BYTES
    if end > total:
        left = total - start - LENGTH_BYTES
        if length > RECORD_MAX_BYTES:
            return TooLarge(f"its length says {length} bytes; the limit is {RECORD_MAX_BYTES} (is it big-endian?)")
        return BadFrame(f"its length says {length} bytes, but only {left} follow")
    return TooLarge(f"the message is over {PART_MAX_BYTES} bytes; {total - start} bytes were not read: split it")


def _read(body: bytes, index: int, start: int) -> dict[str, Any] | DecodeError:
    """One record. Good bytes take the short way: one search, one parse, two counts."""
    try:
        record = loads(body)
    except BadJson as error:
        return _decode_error(error, index, start, body)
    if type(record) is not dict:
        return _decode_error(BadJson(f"want a JSON object, got {_kind(record)}"), index, start, b"")
    return record


def _parse_mended(body: bytes) -> Any:
    """Parses with what text may not hold (bad UTF-8, NUL, lone surrogates) replaced by U+FFFD."""
    text = body.decode("utf-8", "replace").replace("\0", _REPLACEMENT)
    return orjson.loads(_ESCAPE.sub(lambda match: _REPLACEMENT if match[1] else match[0], text))


def _deeper_than(value: Any, limit: int) -> bool:
    """Level by level, without recursion: this is what guards against depth."""
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(limit):
        level = [
            child
            for item in level
            for child in (item.values() if isinstance(item, dict) else item)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return False
    return True


def _decode_error(error: AgentdError, index: int, start: int, body: bytes) -> DecodeError:
    """`error` with the record's place before it, and what became of its id."""
    found = _find_id(body[:_ID_SCAN_CHARS].decode("utf-8", "replace"))
    note = ""
    if found is None:
        note = "; no id could be read"
    elif len(found) > ID_MAX_CHARS:
        found, note = None, f"; its id is longer than {ID_MAX_CHARS} characters"
    return DecodeError(type(error)(f"record {index + 1} at byte {start}: {error.message}{note}"), found)


def _find_id(text: str) -> str | None:
    """The string under the outermost object's "id", also where the rest is not JSON."""
    depth = 0
    for token in islice(_TOKEN.finditer(text), _ID_SCAN_TOKENS):
        word = token[0]
        if word in "{[":
            depth += 1
        elif word in "}]":
            depth -= 1
        elif depth == 1 and word == '"id"' and (value := _STRING_VALUE.match(text, token.end())):
            try:
                found = _parse_mended(value[1].encode())
            except ValueError:
                return None
            return str(found)
    return None


def _hint(body: bytes) -> str:
    if not body:
        return " (its length says 0 bytes)"
    if _NOT_A_NUMBER.search(body[:RECORD_MAX_BYTES].decode("utf-8", "replace")):
        return " (NaN and Infinity are not JSON: send null)"
    return ""


def _kind(value: Any) -> str:
    names = {list: "a list", str: "a string", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), "null")


def _mended(value: Any) -> Any:
    """A copy as plain dicts and lists in which halves of surrogate pairs are U+FFFD: Python strings may hold them."""
    if isinstance(value, str):
        return repair_surrogates(value)
    if isinstance(value, Mapping):
        return {_mended(key): _mended(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_mended(item) for item in value]
    return value
