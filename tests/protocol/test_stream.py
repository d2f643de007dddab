"""Bytes of a plain socket, cut wherever the kernel likes, become the records that were sent."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_agentd.errors import BadFrame
from llm_agentd.protocol import wire
from llm_agentd.protocol.stream import RecordSplitter

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5)  # the wire replaces these
RECORDS = st.lists(st.fixed_dictionaries({"id": TEXT, "n": st.integers(0, 10**9)}), max_size=20)


@given(RECORDS, st.lists(st.integers(0, 1000), max_size=20))
def test_records_come_out_as_sent_however_they_are_cut(records: list[dict[str, object]], cuts: list[int]) -> None:
    data = b"".join(map(wire.encode, records))
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    splitter = RecordSplitter()
    parts = [part for a, b in pairwise(places) for part in splitter.feed(data[a:b])]
    assert [record for part in parts for record in wire.decode(part)] == records
    assert all(parts)


def test_part_has_no_more_records_than_the_wire_allows() -> None:
    count = 2 * wire.RECORDS_MAX + 3
    parts = RecordSplitter().feed(b"".join(wire.encode({"n": n}) for n in range(count)))
    sizes = [len(wire.decode(part)) for part in parts]
    assert sizes == [wire.RECORDS_MAX, wire.RECORDS_MAX, 3]


def test_whole_records_are_given_while_one_is_not_whole() -> None:
    first, second = wire.encode({"n": 1}), wire.encode({"n": 2})
    splitter = RecordSplitter()
    assert splitter.feed(first + second[:-1]) == [first]
    assert splitter.feed(second[-1:]) == [second]


def test_largest_record_passes_and_a_longer_one_is_refused_by_its_length_alone() -> None:
    def length(size: int) -> bytes:
        return size.to_bytes(wire.LENGTH_BYTES, "big")

    largest = length(wire.RECORD_MAX_BYTES) + wire.RECORD_MAX_BYTES * b" "
    assert RecordSplitter().feed(largest) == [largest]
    with pytest.raises(BadFrame):
        RecordSplitter().feed(length(wire.RECORD_MAX_BYTES + 1))
