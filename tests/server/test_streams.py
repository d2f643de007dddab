"""The plain socket beside ZeroMQ's: the same answers, the same who may connect, and bounds of its own."""

from __future__ import annotations

import errno
import os
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.ops.keys import keys
from llm_agentd.protocol import wire
from llm_agentd.server.socket import streams
from llm_agentd.server.socket.curve import Gatekeeper
from llm_agentd.util.endpoint import SOCKET_PATH_MAX_BYTES, stream_path
from tests.support.daemon_in_process import WAIT_S, Gate, InProcess
from tests.support.raw_peer import RawPeer, StreamPeer

INFER = {"op": "infer", "prompt": "Ana: Good evening!", "seed": 1, "max_tokens": 4}


@pytest.fixture
def stream(daemon: InProcess) -> Iterator[StreamPeer]:
    peer = StreamPeer(daemon.endpoint)
    yield peer
    peer.socket.close()


def settled(peer: RawPeer | StreamPeer) -> None:
    """The router has done all that it read before."""
    assert peer.request(op="ping")["pong"]


def test_request_is_answered_as_over_zeromq(stream: StreamPeer, peer: RawPeer) -> None:
    ours, theirs = (one.request(**INFER) for one in (stream, peer))
    changing = {"id": 0, "timing_ms": 0, "usage": 0}
    assert ours | changing == theirs | changing


def test_bad_record_is_answered_and_the_next_one_too(stream: StreamPeer) -> None:
    stream.socket.sendall((5).to_bytes(4, "big") + b"{nope" + wire.encode({"op": "ping", "id": "p"}))
    first, second = stream.events("p")
    assert (first["id"], first["code"]) == (None, "bad_json")
    assert second["pong"]


def test_same_id_of_two_connections_is_two_requests(daemon: InProcess, stream: StreamPeer) -> None:
    other = StreamPeer(daemon.endpoint)
    for one, prompt in ((stream, "One"), (other, "Two")):
        one.send({**INFER, "id": "same", "prompt": prompt})
    texts = {one.events("same")[-1]["text"] for one in (stream, other)}
    assert len(texts) == 2
    other.socket.close()


def test_thousands_of_records_in_one_write_are_all_answered(stream: StreamPeer) -> None:
    ids = [str(number) for number in range(3 * wire.RECORDS_MAX)]
    stream.send(*({"op": "ping", "id": one} for one in ids))
    assert [record["id"] for record in stream.events(*ids)] == ids


def test_end_of_a_connection_frees_what_it_asked_for(gated: InProcess, gate: Gate) -> None:
    gone = StreamPeer(gated.endpoint)
    gone.send({**INFER, "id": "a"})
    assert gate.entered.wait(WAIT_S)
    with gated.peer() as other:
        assert len(gated.router._open_requests) == 1
        gone.socket.close()
        settled(other)
        assert len(gated.router._open_requests) == 0


def test_who_reads_nothing_is_cut_off_and_others_are_served(
    daemon: InProcess, peer: RawPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "UNSENT_MAX_BYTES", 100_000)
    deaf = StreamPeer(daemon.endpoint)
    with suppress(ConnectionError):
        for _ in range(1000):
            deaf.send(*({"op": "info", "id": "i"} for _ in range(100)))
    assert 'llm_agentd_dropped_total{reason="peer_slow"} 1.0' in str(peer.request(op="metrics")["text"]).splitlines()
    assert deaf.is_closed()


def test_what_the_kernel_does_not_take_at_once_leaves_later(daemon: InProcess, stream: StreamPeer) -> None:
    ids = [str(number) for number in range(3000)]
    for start in range(0, len(ids), 100):  # far more than a socket holds, and nothing is read meanwhile
        stream.send(*({"op": "info", "id": one} for one in ids[start : start + 100]))
        with daemon.peer() as other:
            settled(other)
    assert [record["id"] for record in stream.events(*ids)] == ids


def test_length_over_the_limit_ends_the_connection_alone(stream: StreamPeer, peer: RawPeer) -> None:
    stream.socket.sendall((wire.RECORD_MAX_BYTES + 1).to_bytes(4, "big"))
    assert stream.is_closed()
    settled(peer)


def test_one_connection_too_many_is_closed(daemon: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "CONNECTIONS_MAX", 2)
    kept = [StreamPeer(daemon.endpoint) for _ in range(2)]
    for one in kept:
        settled(one)
    assert StreamPeer(daemon.endpoint).is_closed()
    kept.pop().socket.close()
    with daemon.peer() as other:
        settled(other)
    settled(StreamPeer(daemon.endpoint))
    settled(kept[0])


def test_daemon_without_a_descriptor_left_refuses_and_does_not_spin(
    daemon: InProcess, stream: StreamPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(stream)
    accept, refused = socket.socket.accept, threading.Event()

    def none_left(listener: socket.socket) -> Any:
        if refused.is_set():  # by the spare one
            return accept(listener)
        refused.set()
        raise OSError(errno.EMFILE, "too many open files")

    monkeypatch.setattr(socket.socket, "accept", none_left)
    assert StreamPeer(daemon.endpoint).is_closed()
    settled(stream)
    settled(StreamPeer(daemon.endpoint))


@pytest.mark.parametrize("folder_mode", [0o700, 0o750])
def test_both_sockets_let_in_the_same_users(tmp_path: Path, folder_mode: int) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    folder.chmod(folder_mode)
    endpoint = f"ipc://{folder}/z"
    with InProcess(endpoint):
        path = stream_path(endpoint)
        assert path is not None
        modes = {stat.S_IMODE(one.stat().st_mode) for one in (folder / "z", path)}
    assert modes == {0o660 if folder_mode == 0o750 else 0o600}


def test_socket_goes_with_the_daemon_and_one_of_a_killed_daemon_is_replaced(endpoint: str) -> None:
    path = stream_path(endpoint)
    assert path is not None
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()
    with InProcess(endpoint):
        settled(StreamPeer(endpoint))
    assert not path.exists()


def test_there_is_none_where_zeromq_wants_keys(tmp_path: Path) -> None:
    with (tmp_path / "said").open("w") as out:
        keys(tmp_path, ["ana"], out)
    endpoint = f"ipc://{tmp_path}/z"
    folder = tmp_path / "curve"
    with InProcess(endpoint, gatekeeper=Gatekeeper(folder / "server.key_secret", folder / "clients")):
        path = stream_path(endpoint)
        assert path is not None
        assert not path.exists()


def test_path_stands_beside_zeromq_s_where_it_fits() -> None:
    assert stream_path("tcp://127.0.0.1:5570") is None
    assert stream_path("ipc:///run/llm-agentd/zmq") == Path("/run/llm-agentd/zmq.http")
    room = SOCKET_PATH_MAX_BYTES - len(os.fsencode("/run/.http"))
    assert stream_path(f"ipc:///run/{room * 'z'}") is not None
    assert stream_path(f"ipc:///run/{room * 'z'}z") is None


def test_last_answers_leave_before_the_daemon_ends(endpoint: str) -> None:
    gate = Gate()
    with InProcess(endpoint, engine=lambda: StubEngine(on_step=gate.on_step)) as daemon:
        stream = StreamPeer(endpoint)
        stream.send({**INFER, "id": "a"})
        assert gate.entered.wait(WAIT_S)
        gate.open()
        daemon.stop(0)
        assert stream.events("a")[-1]["event"] in ("done", "error")
