"""Who runs and who waits, through real threads and a real socket: urgency, pausing, width, time, kept beginnings."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.engines.stub.engine import TOKEN_BYTES, StubEngine
from llm_agentd.prefix_cache import LmdbPrefixStore
from llm_agentd.scheduler.batch_size import Curve
from tests.support.daemon_in_process import Gate, InProcess
from tests.support.raw_peer import RawPeer

NARROW = Curve({1: 1.0, 2: 1.0, 4: 2.6})  # two pay; a third would cost the others more than it brings
WIDER = Curve({1: 1.0, 2: 1.0, 4: 2.05})  # two pay; more lose next to nothing
WORDS = 40
SYSTEM = "You are Bram, who sells boots, hammers and horseshoes on the market of Oakford. " * 3


def long(prompt: str) -> list[bytes]:
    return [f"{prompt[:3]}{number} ".encode() for number in range(WORDS)]


@contextmanager
def running(endpoint: str, gate: Gate, curve: Curve) -> Iterator[tuple[InProcess, RawPeer]]:
    make = InProcess(
        endpoint, engine=lambda: StubEngine(max_num_seqs=4, on_step=gate.on_step, script=long), curve=curve
    )
    with make as daemon, daemon.peer() as client:
        try:
            yield daemon, client
        finally:
            gate.open()


def ask(id: str, priority: str, **fields: Any) -> dict[str, Any]:
    return {"op": "infer", "id": id, "prompt": f"{id} says", "priority": priority, "max_tokens": 64} | fields


def live_now(gate: Gate) -> int:
    """The number of sequences in the next step."""
    gate.entered.clear()
    gate.step()
    assert gate.entered.wait(10)
    return gate.batch_sizes[-1]


def crowd(client: RawPeer, gate: Gate, priority: str = "background") -> None:
    """Two requests run, and a spoken one came after them."""
    client.send(ask("one", priority), ask("two", priority))
    assert gate.entered.wait(10)
    client.request(op="ping")
    while gate.batch_sizes[-1] < 2:  # a busy router hands them over one by one
        live_now(gate)
    client.send(ask("own", "spoken"))
    client.request(op="ping")


def counter(client: RawPeer, name: str) -> float:
    text = client.request(op="metrics")["text"]
    return float(next(line for line in text.splitlines() if line.startswith(f"llm_agentd_{name} ")).split()[1])


@pytest.fixture
def gate() -> Gate:
    return Gate()


def test_spoken_request_pauses_the_youngest_background_one_which_goes_on_later(endpoint: str, gate: Gate) -> None:
    with running(endpoint, gate, NARROW) as (_, client):
        crowd(client, gate)
        assert [live_now(gate) for _ in range(3)] == [2, 2, 2]
        gate.open()
        records = client.events("one", "two", "own")
        assert [record["id"] for record in records] == ["one", "own", "two"], "the youngest gave way"
        assert {record["id"]: record["text"] for record in records} == {
            id: "".join(map(bytes.decode, long(id))) for id in ("one", "two", "own")
        }
        assert counter(client, "num_preemptions_total") == 1


def test_spoken_request_pauses_no_other_spoken_one(endpoint: str, gate: Gate) -> None:
    with running(endpoint, gate, NARROW) as (_, client):
        crowd(client, gate, "spoken")
        assert [live_now(gate) for _ in range(3)] == [2, 2, 2]
        gate.open()
        client.events("one", "two", "own")
        assert counter(client, "num_preemptions_total") == 0


def test_spoken_request_enlarges_the_batch_where_that_costs_little(endpoint: str, gate: Gate) -> None:
    with running(endpoint, gate, WIDER) as (_, client):
        client.send(ask("one", "background"), ask("two", "background"), ask("three", "background"))
        assert gate.entered.wait(10)
        client.request(op="ping")
        assert live_now(gate) == 2, "no wider than pays for chatter"
        client.send(ask("own", "spoken"))
        client.request(op="ping")
        assert [live_now(gate) for _ in range(2)][-1] == 3
        gate.open()
        client.events("one", "two", "three", "own")
        assert counter(client, "num_preemptions_total") == 0


def test_cancel_while_paused_is_answered_cancelled(endpoint: str, gate: Gate) -> None:
    with running(endpoint, gate, NARROW) as (_, client):
        crowd(client, gate)
        live_now(gate)
        live_now(gate)
        client.send(*({"op": "cancel", "id": f"c{id}", "target": id} for id in ("one", "two")))
        client.request(op="ping")  # the router has read them
        live_now(gate)
        gate.open()
        records = client.events("one", "two", "own")
        ended = {record["id"]: record.get("code", "done") for record in records}
        assert (ended["one"], ended["two"], ended["own"]) == ("cancelled", "cancelled", "done")


def test_coalesced_request_joins_a_paused_sequence(endpoint: str, gate: Gate) -> None:
    with running(endpoint, gate, NARROW) as (_, client):
        crowd(client, gate)
        live_now(gate)
        live_now(gate)
        client.send(ask("one2", "background", prompt="one says"), ask("two2", "background", prompt="two says"))
        client.request(op="ping")
        gate.open()
        records = {record["id"]: record for record in client.events("one", "two", "own", "one2", "two2")}
        assert [records[id]["cache"] for id in ("one2", "two2")] == ["joined", "joined"]


def test_sequence_starts_beside_one_that_runs(endpoint: str, gate: Gate) -> None:
    """An engine computes neighbours at once. Without any, in the slot that was free for longest."""
    started: list[int] = []

    class Noting(StubEngine):
        def start(self, seq: int, *args: Any, **options: Any) -> int:
            started.append(seq)
            return super().start(seq, *args, **options)

    is_held = threading.Event()

    def on_step(size: int) -> None:
        if is_held.is_set():
            gate.on_step(size)

    make = InProcess(endpoint, engine=lambda: Noting(max_num_seqs=4, on_step=on_step, script=long))
    with make as daemon, daemon.peer() as client:
        for prompt in ("one says", "two says", "six says"):
            client.request(op="infer", prompt=prompt, max_tokens=2)
        is_held.set()
        client.send(ask("ann", "spoken"))
        assert gate.entered.wait(10)
        client.send(ask("ben", "spoken"))
        client.request(op="ping")
        gate.open()
        client.events("ann", "ben")
    assert started == [0, 1, 2, 3, 2]


def test_sequence_that_cannot_be_resumed_fails_alone(endpoint: str, gate: Gate) -> None:
    class Forgetful(StubEngine):
        def resume(self, seq: int, paused: object, *, priority: int = 0) -> None:
            raise ValueError("gone")

    make = InProcess(
        endpoint, engine=lambda: Forgetful(max_num_seqs=4, on_step=gate.on_step, script=long), curve=NARROW
    )
    with make as daemon, daemon.peer() as client:
        crowd(client, gate)
        gate.open()
        records = {record["id"]: record for record in client.events("one", "two", "own")}
        assert [records[id].get("code", "done") for id in ("one", "two", "own")] == ["done", "engine_failed", "done"]


def test_request_that_cannot_be_done_in_time_is_refused_at_once(endpoint: str) -> None:
    """The stub says its steps cost nothing; here each costs a second by its own account."""

    class Slow(StubEngine):
        @property
        def last_step(self) -> Any:
            return super().last_step.__class__(num_seqs=max(1, super().last_step.num_seqs), decode_s=1.0)

    with InProcess(endpoint, engine=lambda: Slow(max_num_seqs=1, script=long)) as daemon, daemon.peer() as client:
        for number in range(5):
            assert client.request(op="infer", prompt=f"learn {number}", deadline_ms=100_000)["event"] == "done"
        client.send(
            ask("first", "spoken", deadline_ms=4000),
            ask("hurry", "spoken", deadline_ms=40_000),
            ask("patient", "spoken", deadline_ms=90_000),
        )
        records = {record["id"]: record for record in client.events("first", "hurry", "patient")}
        assert records["first"]["event"] == "done", "with the machine to itself it is tried"
        assert (records["hurry"]["event"], records["hurry"]["code"]) == ("error", "deadline_exceeded")
        assert "raise deadline_ms" in records["hurry"]["message"]
        assert records["hurry"]["retry_after_ms"] > 0
        assert records["patient"]["event"] == "done"


def chat(name: str, words: str, role: str = SYSTEM) -> list[dict[str, str]]:
    return [{"role": "system", "content": f"{role}Call me {name}."}, {"role": "user", "content": words}]


def test_prefix_of_a_role_is_computed_once(endpoint: str) -> None:
    with InProcess(endpoint, engine=lambda: StubEngine(max_num_seqs=1)) as daemon, daemon.client() as client:
        first = client.infer(chat("Ana", "Hello!")).usage
        other = client.infer(chat("Ben", "Something else entirely")).usage
        client.infer("x" * 2000)
        again = client.infer(chat("Ana", "And now?")).usage
        assert first.reused_tokens == 0
        assert other.reused_tokens >= len(SYSTEM) // 4, "the role, from another NPC's prompt"
        assert again.reused_tokens > other.reused_tokens, "the persona too, though the slot was used since"
        assert client.stats()["prefixes"]["entries"] >= 2


def test_prefix_of_a_role_is_computed_once_for_a_burst(endpoint: str, gate: Gate) -> None:
    """All have started before there is a state of what they begin with; the second has come some way by itself."""
    role = "The guards of Oakford keep the gate. " * 20
    asked = [
        {"op": "infer", "id": name, "messages": chat(name, "Hello!", role), "max_tokens": 64, "cache": "off"}
        for name in ("Ana", "Ben", "Cleo")
    ]
    with running(endpoint, gate, Curve({1: 1.0, 4: 1.0})) as (_, client):
        client.send(ask("one", "background"))
        assert gate.entered.wait(10)
        client.send(*asked)
        client.request(op="ping")  # all three wait
        gate.open()
        usage = {record["id"]: record["usage"] for record in client.events("Ana", "Ben", "Cleo")}
        cached_tokens = counter(client, "prompt_tokens_cached_total")
    tokens = len(role) // TOKEN_BYTES
    assert usage["Ana"]["reused_tokens"] == 0
    assert 0 < usage["Ben"]["reused_tokens"] < tokens
    assert tokens <= usage["Cleo"]["reused_tokens"] <= tokens + 10
    assert cached_tokens == usage["Ben"]["reused_tokens"] + usage["Cleo"]["reused_tokens"]
    assert usage["Ben"]["completion_tokens"] > 0


def test_prefix_of_a_conversation_is_reused_for_its_next_turn(endpoint: str) -> None:
    """Also when another request had the slot in between."""
    with InProcess(endpoint, engine=lambda: StubEngine(max_num_seqs=1)) as daemon, daemon.client() as client:
        turns = chat("Ana", "Hello!")
        reply = client.infer(turns).text
        client.infer("someone else " * 30)
        turns = [*turns, {"role": "assistant", "content": reply}, {"role": "user", "content": "Go on."}]
        usage = client.infer(turns).usage
        assert usage.reused_tokens >= (len(SYSTEM) + len("Call me Ana.\nuser: Hello!")) // 4


def test_saved_prefixes_are_reused_after_a_restart(endpoint: str, tmp_path: Path) -> None:
    used = []
    for number in range(2):
        store = LmdbPrefixStore(tmp_path, "stub", 2**20)
        with InProcess(endpoint, prefix_store=store) as daemon, daemon.client() as client:
            used.append(client.infer(chat("Ana", f"Hello {number}")).usage.reused_tokens)
    assert used[0] == 0
    assert used[1] >= len(SYSTEM) // 4


def test_prefix_cache_of_no_bytes_keeps_nothing(endpoint: str) -> None:
    with (
        InProcess(endpoint, engine=lambda: StubEngine(max_num_seqs=1), kv_max_bytes=0) as daemon,
        daemon.client() as client,
    ):
        client.infer(chat("Ana", "Hello!"))
        assert client.stats()["prefixes"]["bytes"] == 0
