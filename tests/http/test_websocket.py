"""`WS /v1/ws`: who may connect, the wire's records both ways, limits, and clients that do not read or go away."""

from __future__ import annotations

import base64
import json
import logging
import random
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Any
from unittest.mock import ANY

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.http import protocol, socket_session, websocket_protocol
from llm_agentd.http.auth import SUBPROTOCOL
from llm_agentd.http.routes import ws as ws_route
from llm_agentd.http.websocket_protocol import BoundedWebSocket
from llm_agentd.protocol.wire import RECORD_MAX_BYTES
from tests.http.openai.test_stream import is_freed
from tests.support.daemon_in_process import Gate, InProcess
from tests.support.http_harness import DEADLINE_S, FakeDaemon, HttpServer, Record, delta, done, serve_http, wait_until

TOKEN = "of-the-test/and+long=enough"
AS_SUBPROTOCOL = "bearer." + base64.urlsafe_b64encode(TOKEN.encode()).decode().rstrip("=")
BEARER = {"Authorization": f"Bearer {TOKEN}"}
HELLO = {"op": "infer", "prompt": "Hello"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpServer]:
    endpoint = f"ipc://{tmp_path_factory.mktemp('ws')}/z"
    with InProcess(endpoint), serve_http(endpoint, token=TOKEN) as server:
        yield server


def address(server: HttpServer, path: str = "/v1/ws") -> str:
    return server.url.replace("http://", "ws://") + path


def opened(server: HttpServer, **options: Any) -> ClientConnection:
    named: Any = {"additional_headers": BEARER, "open_timeout": DEADLINE_S, **options}
    client: ClientConnection = connect(address(server), **named)
    return client


def send(client: ClientConnection, *records: Record) -> None:
    for record in records:
        client.send(json.dumps(record))


def receive(client: ClientConnection) -> Record:
    message = client.recv(DEADLINE_S)
    assert isinstance(message, str)
    record: Record = json.loads(message)
    return record


def last_of(client: ClientConnection, request_id: str) -> Record:
    while True:
        record = receive(client)
        if record["id"] == request_id and record["event"] != "delta":
            return record


# -- who may connect --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {"additional_headers": BEARER},
        {"additional_headers": None, "subprotocols": [SUBPROTOCOL, AS_SUBPROTOCOL]},  # as a browser must
    ],
)
def test_token_by_header_or_subprotocol(shared: HttpServer, options: Any) -> None:
    with opened(shared, **options) as client:
        assert client.subprotocol == (SUBPROTOCOL if "subprotocols" in options else None)
        send(client, {"op": "ping", "id": "1"})
        assert receive(client) == {"id": "1", "event": "done", "pong": True, "instance": ANY}


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        ({"additional_headers": None}, 401, "unauthorized"),
        ({"additional_headers": {"Authorization": "Bearer wrong"}}, 401, "unauthorized"),
        ({"additional_headers": None, "subprotocols": [SUBPROTOCOL]}, 401, "unauthorized"),
        ({"additional_headers": None, "subprotocols": [SUBPROTOCOL, "bearer.wrong"]}, 401, "unauthorized"),
        ({"additional_headers": None, "subprotocols": [SUBPROTOCOL, "bearer.!"]}, 401, "unauthorized"),
        ({"origin": "http://evil.example"}, 403, "forbidden"),
        ({"origin": "null"}, 403, "forbidden"),
    ],
)
def test_refused_handshake_has_status_and_reason(shared: HttpServer, options: Any, status: int, code: str) -> None:
    with pytest.raises(InvalidStatus) as refused, opened(shared, **options):
        pass
    assert refused.value.response.status_code == status
    assert json.loads(refused.value.response.body or b"")["error"]["code"] == code


def test_own_page_may_connect(shared: HttpServer) -> None:
    with opened(shared, origin=shared.url) as client:
        send(client, {"op": "ping", "id": "1"})
        assert receive(client)["pong"]


@pytest.mark.parametrize("path", ["/", "/v1/exchange", "/nowhere"])
def test_no_other_path_takes_one(shared: HttpServer, path: str) -> None:
    with pytest.raises(InvalidStatus) as refused, connect(address(shared, path), additional_headers=BEARER):
        pass
    assert refused.value.response.status_code == 403


def test_token_in_the_address_is_no_token(shared: HttpServer) -> None:
    with pytest.raises(InvalidStatus), connect(address(shared, f"/v1/ws?token={TOKEN}")):
        pass


def test_plain_get_is_no_page(shared: HttpServer) -> None:
    assert shared.http.get("/v1/ws", headers=BEARER).status_code == 404


# -- records ----------------------------------------------------------------------------------------


def test_infer_and_think_are_answered_under_their_ids(shared: HttpServer) -> None:
    npc = {"id": "npc-1", "name": "Mira", "role": "healer"}
    with opened(shared) as client:
        send(client, {**HELLO, "id": "a"}, {"op": "think", "id": "b", "npc": npc, "player": "Ana", "utterance": "Hi!"})
        answers = {record["id"]: record for record in (receive(client), receive(client))}
    assert {request_id: record["event"] for request_id, record in answers.items()} == {"a": "done", "b": "done"}
    assert "Hello" in answers["a"]["text"]


def test_stream_gives_deltas_and_the_whole(shared: HttpServer) -> None:
    with opened(shared) as client:
        send(client, {**HELLO, "id": "a", "stream": True, "cache": "off"})
        records = [receive(client)]
        while records[-1]["event"] == "delta":
            records.append(receive(client))
    assert len(records) > 3
    assert "".join(record["text"] for record in records[:-1]) == records[-1]["text"]


def test_ops_of_admins_and_their_way_in_the_audit_log(shared: HttpServer) -> None:
    with opened(shared) as client:
        send(client, {"op": "stats", "id": "2"}, {"op": "requests", "id": "3"}, {"op": "events", "id": "4"})
        assert "waiting" in last_of(client, "2")["stats"]
        assert "requests" in last_of(client, "3")
        assert "seq" in last_of(client, "4")
        send(client, {"op": "switch", "id": "5", "on": True})
        assert last_of(client, "5")["switch"]["on"]
        send(client, {"op": "audit", "id": "6"})
        assert last_of(client, "6")["entries"][0]["who"] == "http"


def test_events_are_told_when_they_happen(shared: HttpServer) -> None:
    with opened(shared) as watcher, opened(shared) as client:
        send(watcher, {"op": "events", "id": "now"})
        seq = receive(watcher)["seq"]
        send(watcher, {"op": "events", "id": "next", "after": seq, "wait_ms": 10_000})
        send(client, {**HELLO, "id": "a"})
        assert receive(watcher)["events"][0]["op"] == "infer"


@pytest.mark.parametrize(
    ("message", "request_id", "code", "says"),
    [
        ("{", None, "bad_json", "not JSON"),
        ("[]", None, "bad_request", "one JSON object"),
        ('{"op": "ping"}', None, "bad_request", "id: want"),
        ('{"op": "ping", "id": 5}', None, "bad_request", "id: want"),
        ('{"op": "pong", "id": "1"}', "1", "bad_request", "did you mean 'ping'"),
        ('{"op": 5, "id": "1"}', "1", "bad_request", "op: unknown"),
        ('{"op": "infer", "id": "1", "prompt": "x", "max_token": 1}', "1", "bad_request", "'max_tokens'"),
        ('{"op": "switch", "id": "1", "on": true, "via": "game"}', "1", "bad_request", "via: unknown field"),
        ('{"op": "report", "id": "1"}', "1", "bad_request", "exchange"),
        ('{"op": "listen", "id": "1", "player": "Robin"}', "1", "bad_request", "exchange"),
        ('{"op": "cancel", "id": "1"}', "1", "bad_request", "target"),
        ('{"op": "events", "id": "1", "wait_ms": "x"}', "1", "bad_request", "wait_ms"),
        ('{"a":' * 70 + "1" + "}" * 70, None, "bad_json", "64 levels"),
    ],
)
def test_bad_message_is_answered_and_ends_nothing(
    shared: HttpServer, message: str, request_id: str | None, code: str, says: str
) -> None:
    with opened(shared) as client:
        for given in (message, message.encode()):  # binary is read as text is
            client.send(given)
            answer = receive(client)
            assert (answer["id"], answer["event"], answer["code"]) == (request_id, "error", code)
            assert says in answer["message"]
        send(client, {"op": "ping", "id": "2"})
        assert receive(client)["pong"]


def test_clients_may_use_the_same_ids(shared: HttpServer) -> None:
    with opened(shared) as one, opened(shared) as other:
        send(one, {"op": "infer", "id": "1", "prompt": "Bread?"})
        send(other, {"op": "infer", "id": "1", "prompt": "Water?"})
        assert "Bread" in receive(one)["text"]
        assert "Water" in receive(other)["text"]


# -- cancel, limits, clients that go ------------------------------------------------------------------


@pytest.fixture
def gated(endpoint: str) -> Iterator[tuple[Gate, InProcess, HttpServer]]:
    gate = Gate()
    with (
        InProcess(endpoint, engine=lambda: StubEngine(on_step=gate.on_step)) as daemon,
        serve_http(endpoint, token=TOKEN) as server,
    ):
        try:
            yield gate, daemon, server
        finally:
            gate.open()


def test_cancel_frees_the_slot_and_is_answered_once_for_each(gated: tuple[Gate, InProcess, HttpServer]) -> None:
    gate, daemon, server = gated
    with opened(server) as client:
        send(client, {**HELLO, "id": "a"})
        assert gate.entered.wait(DEADLINE_S)
        send(client, {"op": "cancel", "id": "b", "target": "a"}, {"op": "cancel", "id": "c", "target": "a"})
        assert receive(client) == {"id": "a", "event": "error", "code": "cancelled", "message": ANY}
        assert receive(client) == {"id": "b", "event": "done", "found": True}
        assert receive(client) == {"id": "c", "event": "done", "found": False}
        is_freed(gate, daemon, server)


@pytest.mark.parametrize("politely", [True, False])
def test_client_that_goes_away_frees_its_slots(gated: tuple[Gate, InProcess, HttpServer], politely: bool) -> None:
    gate, daemon, server = gated
    with opened(server) as client:
        send(client, {**HELLO, "id": "a"}, {"op": "infer", "id": "b", "prompt": "And this?"})
        assert gate.entered.wait(DEADLINE_S)
        if politely:
            client.close()
        else:
            client.socket.shutdown(socket.SHUT_RDWR)
        is_freed(gate, daemon, server, count=2)
    gate.step()
    wait_until(lambda: "llm_agentd_http_websockets 0.0" in server.http.get("/metrics", headers=BEARER).text)


def test_same_request_twice_runs_once_and_another_under_its_id_is_refused(
    gated: tuple[Gate, InProcess, HttpServer],
) -> None:
    gate, _, server = gated
    with opened(server) as client:
        send(client, {**HELLO, "id": "a"}, {**HELLO, "id": "a"}, {"op": "infer", "id": "a", "prompt": "Another"})
        refused = receive(client)
        assert (refused["id"], refused["code"]) == ("a", "bad_request")
        gate.open()
        assert receive(client)["event"] == "done"
        send(client, {"op": "stats", "id": "s"})
        assert receive(client)["id"] == "s"  # and no second answer before it


def test_requests_beyond_the_limit_are_overloaded(
    gated: tuple[Gate, InProcess, HttpServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_session, "OPEN_MAX", 2)
    gate, _, server = gated
    with opened(server) as client:
        send(client, *({"op": "infer", "id": str(i), "prompt": f"Text {i}"} for i in range(3)))
        refused = receive(client)
        assert (refused["id"], refused["code"]) == ("2", "overloaded")
        assert refused["retry_after_ms"] > 0
        gate.open()
        assert {receive(client)["id"], receive(client)["id"]} == {"0", "1"}


def test_connections_beyond_the_limit_are_429(shared: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ws_route, "SOCKETS_MAX", 0)
    with pytest.raises(InvalidStatus) as refused, opened(shared):
        pass
    assert refused.value.response.status_code == 429
    assert "retry-after" in refused.value.response.headers


def test_message_over_a_records_limit_closes_the_connection(shared: HttpServer) -> None:
    with opened(shared) as client:
        with suppress(ConnectionClosed):
            send(client, {**HELLO, "id": "a", "prompt": "x" * RECORD_MAX_BYTES})
        with pytest.raises(ConnectionClosed) as closed:
            receive(client)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


def test_open_one_stays_where_there_are_too_many_connections(
    shared: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(shared) as client:
        monkeypatch.setattr(protocol, "connections_max", lambda: 1)
        host, port = shared.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as other:
            assert other.recv(1) == b""  # who has shown no token goes first
        send(client, {"op": "ping", "id": "1"})
        assert receive(client)["pong"]


def test_garbage_in_the_place_of_frames_ends_that_connection_alone(
    shared: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    rng = random.Random(20261127)
    with opened(shared) as client:
        for _ in range(40):
            with opened(shared) as broken:
                with suppress(OSError):  # it may be closed by now
                    broken.socket.sendall(rng.randbytes(rng.randrange(1, 600)))
                    broken.socket.shutdown(socket.SHUT_WR)
                with suppress(ConnectionClosed):  # a connection that stays would time out here
                    while True:
                        broken.recv(DEADLINE_S)
        send(client, {"op": "ping", "id": "1"})
        assert receive(client)["pong"]
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def without_reading(server: HttpServer) -> socket.socket:
    """A socket after its handshake and one request for a stream, on which nobody reads or answers pings."""
    host, port = server.url.removeprefix("http://").split(":")
    client = socket.create_connection((host, int(port)))
    handshake = (
        "GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    client.sendall(handshake.encode())
    assert b" 101 " in client.recv(4096)
    text = json.dumps({**HELLO, "id": "a", "stream": True}).encode()
    client.sendall(bytes([0x81, 0x80 | len(text)]) + bytes(4) + text)  # a client's frames are masked, be it with 0
    return client


def test_slow_reader_is_cut_off_and_its_requests_are_cancelled(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ws_route, "CLOSE_MAX_S", 0.1)
    with (
        FakeDaemon(endpoint, lambda _: []) as daemon,
        serve_http(endpoint) as server,
        without_reading(server) as client,
    ):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wire_id = daemon.next()["id"]

        def fill() -> bool:
            daemon.answer(wire_id, *[delta("x" * 200_000)] * 5)
            time.sleep(0.05)
            return not daemon.received.empty()

        wait_until(fill)
        assert daemon.next() == {"op": "cancel", "id": ANY, "target": wire_id}
        wait_until(lambda: not any(isinstance(one, BoundedWebSocket) for one in server.connections))


def test_pings_of_who_reads_nothing_fill_no_memory(endpoint: str) -> None:
    ping = bytes([0x89, 0x80 | 125]) + bytes(4) + b"x" * 125
    with FakeDaemon(endpoint), serve_http(endpoint) as server, without_reading(server) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(DEADLINE_S)
        for _ in range(20):  # 26 MB of pings, several times what all buffers on the way back take
            client.sendall(ping * 10_000)
        (connection,) = [one for one in server.connections if isinstance(one, BoundedWebSocket)]
        wait_until(lambda: not connection.writable.is_set())
        assert connection.transport.get_write_buffer_size() < 1024 * 1024


def test_client_that_answers_no_ping_is_cut_off(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(websocket_protocol.SETTINGS, "ws_ping_interval", 0.1)
    monkeypatch.setitem(websocket_protocol.SETTINGS, "ws_ping_timeout", 0.3)
    with FakeDaemon(endpoint, lambda _: []) as daemon, serve_http(endpoint) as server:
        with without_reading(server):
            asked = daemon.next()
            assert daemon.next() == {"op": "cancel", "id": ANY, "target": asked["id"]}
        with connect(address(server)) as client:  # this one answers pings by itself
            time.sleep(0.6)
            send(client, {**HELLO, "id": "2"})
            daemon.answer(daemon.next()["id"], done())
            assert receive(client)["event"] == "done"


def test_end_of_the_server_closes_with_service_restart(endpoint: str) -> None:
    with FakeDaemon(endpoint), ExitStack() as clients:
        with serve_http(endpoint) as server:
            client = clients.enter_context(connect(address(server)))
            send(client, {"op": "stats", "id": "1"})
            receive(client)
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(DEADLINE_S)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012
