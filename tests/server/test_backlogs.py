"""Peers take turns, by records and by time, with a clock that the test turns."""

from __future__ import annotations

from typing import Any

import pytest

from llm_agentd.protocol import wire
from llm_agentd.server import backlogs
from llm_agentd.server.backlogs import TURN_RECORDS, TURN_S, Backlogs, Record
from llm_agentd.types import Peer

ANA: Peer = (b"ana",)
BO: Peer = (b"bo",)
FOREVER_S = 1e9


def part(*ids: object) -> bytes:
    return b"".join(wire.encode({"id": str(id)}) for id in ids)


class Round:
    """Notes what is taken; each record costs `cost_s`."""

    def __init__(self, cost_s: float = 0.0) -> None:
        self.now_s = 0.0
        self.cost_s = cost_s
        self.taken: list[tuple[bytes, str | None]] = []  # None: the end of a part
        self.full: set[Peer] = set()
        self.backlogs = Backlogs(
            take=self.take,
            end_part=lambda peer: self.taken.append((peer[0], None)),
            is_full=lambda peer: peer in self.full,
            clock=lambda: self.now_s,
        )

    def take(self, peer: Peer, record: Record) -> None:
        assert isinstance(record, dict)
        self.now_s += self.cost_s
        self.taken.append((peer[0], record["id"]))

    def ids(self, peer: Peer) -> list[str]:
        return [id for name, id in self.taken if name == peer[0] and id is not None]


def test_peer_with_thousands_of_records_delays_another_by_one_turn() -> None:
    turns = Round()
    for _ in range(10):
        turns.backlogs.add(ANA, part(*range(1000)))
    turns.backlogs.add(BO, part("ping"))
    turns.backlogs.take_turns(FOREVER_S)
    assert turns.taken.index((b"bo", "ping")) == TURN_RECORDS
    assert len(turns.ids(ANA)) == 10_000
    assert len(turns.backlogs) == 0


def test_turn_ends_by_time_where_records_are_dear() -> None:
    turns = Round(cost_s=TURN_S / 2)
    turns.backlogs.add(ANA, part(*range(100)))
    turns.backlogs.add(BO, part("ping"))
    turns.backlogs.take_turns(FOREVER_S)
    assert turns.taken.index((b"bo", "ping")) == 2


def test_round_ends_by_time_and_the_next_goes_on_with_whose_turn_it_is() -> None:
    turns = Round(cost_s=1.0)
    turns.backlogs.add(ANA, part("a1", "a2"))
    turns.backlogs.add(BO, part("b1"))
    turns.backlogs.take_turns(0.5)
    assert turns.taken == [(b"ana", "a1")]
    turns.backlogs.take_turns(1.5)
    assert turns.taken == [(b"ana", "a1"), (b"bo", "b1")]
    turns.backlogs.take_turns(FOREVER_S)
    assert turns.ids(ANA) == ["a1", "a2"]
    assert len(turns.backlogs) == 0


def test_parts_of_a_peer_stay_in_order_and_each_has_an_end() -> None:
    turns = Round()
    turns.backlogs.add(ANA, part("1", "2"))
    turns.backlogs.add(ANA, part("3"))
    turns.backlogs.take_turns(FOREVER_S)
    assert [id for _, id in turns.taken] == ["1", "2", None, "3", None]


def test_peer_that_is_full_waits_for_the_next_round() -> None:
    turns = Round()
    turns.backlogs.add(ANA, part("a"))
    turns.backlogs.add(BO, part("b"))
    turns.full = {ANA}
    turns.backlogs.take_turns(FOREVER_S)
    assert turns.ids(ANA) == []
    assert turns.ids(BO) == ["b"]
    turns.full = set()
    turns.backlogs.take_turns(FOREVER_S)
    assert turns.ids(ANA) == ["a"]


def test_peer_over_its_bound_is_refused_and_others_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlogs, "PEER_MAX_BYTES", 3000)
    monkeypatch.setattr(backlogs, "ALL_MAX_BYTES", 4000)
    turns = Round()
    kept = sum(turns.backlogs.add(ANA, part("x" * 100)) for _ in range(100))
    assert kept == 3000 // (len(part("x" * 100)) + backlogs.PART_COST_BYTES)
    assert [turns.backlogs.add(BO, b"x" * 3000) for _ in range(2)] == [True, False]
    assert turns.backlogs.add((b"cleo",), b"x" * 5000), "of whom nothing waits"
    turns.backlogs.drop(BO)
    turns.backlogs.drop((b"cleo",))
    turns.backlogs.take_turns(FOREVER_S)
    assert len(turns.ids(ANA)) == kept
    assert turns.backlogs.bytes() == 0


def test_bad_records_are_taken_like_good_ones() -> None:
    seen: list[Any] = []
    bad = Backlogs(
        take=lambda peer, record: seen.append(record),
        end_part=lambda peer: None,
        is_full=lambda peer: False,
        clock=lambda: 0.0,
    )
    bad.add(ANA, part("1") + b"\xff\xff\xff\xff")
    bad.take_turns(FOREVER_S)
    assert seen[0] == {"id": "1"}
    assert isinstance(seen[1], wire.DecodeError)
