"""The codec against golden vectors (shared with the Lua specs), its limits, and whatever bytes hypothesis finds."""

from __future__ import annotations

import json
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from llm_agentd.errors import TooLarge
from llm_agentd.protocol import wire
from llm_agentd.protocol.wire import DecodeError

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "wire.json").read_text(encoding="utf-8"))


def unhex(pieces: list[Any]) -> bytes:
    return b"".join(bytes.fromhex(p) if isinstance(p, str) else bytes.fromhex(p[0]) * p[1] for p in pieces)


def shown(items: list[dict[str, Any] | DecodeError]) -> list[dict[str, Any]]:
    """Results in the vectors' own form."""
    return [{"error": i.error.code, "id": i.id} if isinstance(i, DecodeError) else {"record": i} for i in items]


def framed(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body


def bad(part: bytes) -> DecodeError:
    """The one bad record of `part`."""
    (found,) = wire.decode(part)
    assert isinstance(found, DecodeError)
    return found


@pytest.mark.parametrize("vector", VECTORS["decode"], ids=lambda v: v["name"])
def test_decode_vectors(vector: dict[str, Any]) -> None:
    assert shown(wire.decode(unhex(vector["hex"]))) == vector["expect"]


@pytest.mark.parametrize("vector", VECTORS["encode"], ids=lambda v: v["name"])
def test_encode_vectors(vector: dict[str, Any]) -> None:
    assert wire.encode(vector["record"]) == unhex(vector["hex"])


safe_text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
floats = st.floats(allow_nan=False, allow_infinity=False)
leaves = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | floats | safe_text
values = st.recursive(
    leaves, lambda v: st.lists(v, max_size=4) | st.dictionaries(safe_text, v, max_size=4), max_leaves=8
)
records = st.dictionaries(safe_text, values, max_size=4)


@settings(max_examples=80, deadline=None)
@given(st.lists(records, max_size=8))
def test_decode_of_encode_gives_the_same_records(given_records: list[dict[str, Any]]) -> None:
    parts = wire.pack(map(wire.encode, given_records))
    assert len(parts) == (1 if given_records else 0)
    assert [item for part in parts for item in wire.decode(part)] == given_records


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
@example(b"\xff\xff\xff\xff")
@example(framed(b'{"id":"\\'))
@example(framed(b'{"id":"\\ud800"') * 3)
@example(framed(b'{"a":"' + b"\\" * 300))
def test_decode_never_raises_and_accounts_for_every_byte(part: bytes) -> None:
    for items in (wire.decode(part), wire.decode(framed(part)), wire.decode(framed(b'{"id":"a","t":"' + part + b'"}'))):
        assert items
        for item in items:
            assert isinstance(item, (dict, DecodeError))
            if isinstance(item, DecodeError):
                assert item.error.code in {"bad_frame", "bad_json", "too_large"}
                item.error.message.encode()
                assert item.id is None or len(item.id) <= wire.ID_MAX_CHARS
            else:
                wire.encode(item)


@settings(max_examples=80, deadline=None)
@given(st.lists(records, min_size=1, max_size=4), st.binary(max_size=40), st.data())
def test_bad_record_hides_no_other(good: list[dict[str, Any]], junk: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(good)))
    encoded = [wire.encode(record) for record in good]
    found = wire.decode(b"".join([*encoded[:at], framed(b"?" + junk), *encoded[at:]]))
    assert isinstance(found[at], DecodeError)
    assert found[:at] + found[at + 1 :] == good


@settings(max_examples=80, deadline=None)
@given(st.lists(records, min_size=1, max_size=4), st.data())
def test_cut_part_keeps_all_whole_records(good: list[dict[str, Any]], data: st.DataObject) -> None:
    encoded = [wire.encode(record) for record in good]
    part = b"".join(encoded)
    cut = data.draw(st.integers(1, len(encoded[-1]) - 1))
    *before, last = wire.decode(part[:-cut])
    assert before == good[:-1]
    assert isinstance(last, DecodeError)
    assert last.error.code == "bad_frame"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=30))
def test_encode_takes_any_python_text(text: str) -> None:
    (record,) = wire.decode(wire.encode({"text": text}))
    assert isinstance(record, dict)
    assert record["text"] == "".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in text)


def test_encode_replaces_half_surrogates() -> None:
    record = {"id": "a", "list": ["x\ud800", ("\udc00y",)], "k\ud800": 1}
    assert wire.decode(wire.encode(record)) == [{"id": "a", "list": ["x\ufffd", ["\ufffdy"]], "k\ufffd": 1}]


def test_encode_takes_any_mapping() -> None:
    assert wire.encode(MappingProxyType({"id": "a"})) == wire.encode({"id": "a"})


def test_encode_writes_nan_as_null() -> None:
    assert wire.decode(wire.encode({"x": float("nan"), "y": float("inf")})) == [{"x": None, "y": None}]


def test_encode_of_what_json_cannot_hold_raises() -> None:
    with pytest.raises(TypeError):
        wire.encode({"x": object()})


def test_decode_reads_integers_beyond_64_bits_as_floats() -> None:
    assert wire.decode(framed(b'{"n":18446744073709551616}')) == [{"n": 2.0**64}]
    assert bad(framed(b'{"n":1e9999}')).error.code == "bad_json"


def test_encode_refuses_a_record_over_the_limit() -> None:
    room = wire.RECORD_MAX_BYTES - len(b'{"text":""}')
    assert len(wire.encode({"text": "a" * room})) == wire.LENGTH_BYTES + wire.RECORD_MAX_BYTES
    with pytest.raises(TooLarge, match=r"record 'x'.*262144"):
        wire.encode({"id": "x", "text": "a" * room})


def test_pack_puts_1024_records_at_most_into_a_part() -> None:
    parts = wire.pack(wire.encode({"n": n}) for n in range(2050))
    assert [len(wire.decode(part)) for part in parts] == [1024, 1024, 2]
    assert [item for part in parts for item in wire.decode(part)] == [{"n": n} for n in range(2050)]


def test_pack_puts_4_mib_at_most_into_a_part() -> None:
    parts = wire.pack(wire.encode({"text": "a" * 250_000}) for _ in range(20))
    assert all(len(part) <= wire.PART_MAX_BYTES for part in parts)
    assert [len(wire.decode(part)) for part in parts] == [16, 4]


def test_decode_refuses_record_1025_and_keeps_those_before() -> None:
    one = wire.encode({"id": "a"})
    found = wire.decode(one * 1030)
    assert found[:1024] == [{"id": "a"}] * 1024
    assert shown(found[1024:]) == [{"error": "too_large", "id": "a"}]


def test_decode_reads_a_part_over_4_mib_up_to_the_limit() -> None:
    one = wire.encode({"id": "a", "text": "a" * 250_000})
    found = wire.decode(one * 17)
    assert len(found) == 17
    assert shown(found[16:]) == [{"error": "too_large", "id": "a"}]


def test_decode_errors_name_place_and_cure() -> None:
    good = wire.encode({"id": "a"})
    broken = wire.decode(good + framed(b'{"id":"b","x":NaN}'))[1]
    assert isinstance(broken, DecodeError)
    assert broken.error.message.startswith("record 2 at byte 14: not JSON: ")
    assert "NaN and Infinity are not JSON: send null" in broken.error.message
    assert "column" in broken.error.message
    assert "want a JSON object, got a list" in bad(framed(b"[]")).error.message
    assert "want a JSON object, got null" in bad(framed(b"null")).error.message
    assert "its length says 0 bytes" in bad(framed(b"")).error.message
    assert "no id could be read" in bad(framed(b"{")).error.message
    assert "id is longer than 128" in bad(framed(b'{"id":"' + b"i" * 129 + b'",}')).error.message
    assert "says 9 bytes, but only 1 follow" in bad(b"\0\0\0\x09{").error.message
    assert "big-endian" in bad(b"GET / HTTP/1.1\r\n").error.message
