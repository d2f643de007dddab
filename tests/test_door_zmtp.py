"""Our half of ZeroMQ's own protocol: whatever pieces the bytes come in, and whoever sends them."""

from __future__ import annotations

import asyncio
import socket
import threading

import pytest
import zmq
from hypothesis import given, settings
from hypothesis import strategies as st

from door_rig import DEADLINE_S
from llm_agentd.door import dealer as dealers
from llm_agentd.door import zmtp
from llm_agentd.door.dealer import Dealer, parse_endpoint
from llm_agentd.errors import StartError

PEER_READY = b"\x04\x29\x05READY\x0bSocket-Type\x00\x00\x00\x06ROUTER\x08Identity\x00\x00\x00\x00"
MAX_BYTES = 1_000_000


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=600), max_size=8), st.lists(st.integers(1, 80), min_size=1, max_size=20))
def test_messages_are_the_same_in_whatever_pieces_they_come(parts: list[bytes], sizes: list[int]) -> None:
    stream = zmtp.GREETING + PEER_READY + b"".join(map(zmtp.message, parts))
    reader = zmtp.Reader(MAX_BYTES)
    events: list[zmtp.Event] = []
    start = turn = 0
    while start < len(stream):
        size = sizes[turn % len(sizes)]
        events += reader.feed(stream[start : start + size])
        start, turn = start + size, turn + 1
    assert events == [zmtp.Ready(), *parts]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.booleans())
def test_garbage_is_a_protocol_error_or_waits_for_more(garbage: bytes, greeted: bool) -> None:
    reader = zmtp.Reader(MAX_BYTES)
    try:
        events = reader.feed((zmtp.GREETING if greeted else b"") + garbage)
    except zmtp.ProtocolError:
        return
    assert all(isinstance(event, (bytes, zmtp.Ready, zmtp.Ping)) for event in events)


@pytest.mark.parametrize(
    ("stream", "says"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "not ZeroMQ's"),
        (zmtp.GREETING[:10] + b"\x02" + zmtp.GREETING[11:], "older than 4.0"),
        (zmtp.GREETING[:12] + b"CURVE" + zmtp.GREETING[17:], "another security mechanism"),
        (zmtp.GREETING + b"\x04\x0a\x05ERROR\x03400", "refused us: 400"),
        (zmtp.GREETING + b"\x02" + (MAX_BYTES + 1).to_bytes(8, "big"), str(MAX_BYTES + 1)),
        (zmtp.GREETING + b"\x02" + b"\xff" * 8, "the limit is"),
    ],
)
def test_a_peer_that_is_none_is_told_of(stream: bytes, says: str) -> None:
    with pytest.raises(zmtp.ProtocolError, match=says):
        zmtp.Reader(MAX_BYTES).feed(stream)


def test_a_ping_carries_its_context_back() -> None:
    reader = zmtp.Reader(MAX_BYTES)
    (ping,) = reader.feed(zmtp.GREETING + b"\x04\x0a\x04PING\x00\x0aabc")
    assert ping == zmtp.Ping(b"abc")
    assert zmtp.pong(b"abc") == b"\x04\x08\x04PONGabc"
    assert reader.feed(b"\x04\x05\x04PONG\x04\x06\x05LATER") == []


@pytest.mark.parametrize(
    "endpoint", ["", "tcp://", "tcp://host", "tcp://host:x", "tcp://host:0", "ipc://", "udp://h:1"]
)
def test_what_is_no_endpoint_is_named_with_the_cure(endpoint: str) -> None:
    with pytest.raises(StartError, match=r"zmq\.endpoint: cannot connect to .*want tcp://"):
        parse_endpoint(endpoint)


def test_endpoints() -> None:
    assert parse_endpoint("tcp://127.0.0.1:5570") == ("127.0.0.1", 5570)
    assert parse_endpoint("tcp://[::1]:5570") == ("::1", 5570)
    assert parse_endpoint("tcp://*:5570") == ("127.0.0.1", 5570)
    assert parse_endpoint("ipc:///run/z") == "/run/z"
    assert parse_endpoint("ipc://@z") == "\0z"


class Station:
    """A dealer, and what it reports."""

    def __init__(self, endpoint: str) -> None:
        self.ups = self.downs = 0
        self.parts: list[bytes] = []
        self._change = asyncio.Event()
        self.dealer = Dealer(
            endpoint,
            routing_id=b"me",
            part_max_bytes=4 * 1024 * 1024,
            on_up=lambda: self._count("ups"),
            on_down=lambda: self._count("downs"),
            on_part=self._take,
        )
        self.dealer.start()

    def _count(self, name: str) -> None:
        setattr(self, name, getattr(self, name) + 1)
        self._change.set()

    def _take(self, part: bytes) -> None:
        self.parts.append(part)
        self._change.set()

    async def until(self, *, ups: int = 0, downs: int = 0, parts: int = 0) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while self.ups < ups or self.downs < downs or len(self.parts) < parts:
                self._change.clear()
                await self._change.wait()


@pytest.mark.parametrize("kind", ["tcp", "tcp6", "ipc", "abstract"])
def test_a_real_router_takes_and_gives_parts_of_any_size(kind: str, free_port: int, endpoint: str) -> None:
    address = {
        "tcp": f"tcp://127.0.0.1:{free_port}", "tcp6": f"tcp://[::1]:{free_port}",
        "ipc": endpoint, "abstract": f"ipc://@llm-agentd-test-{free_port}",
    }[kind]  # fmt: skip
    parts = [b"", b"x", b"y" * 255, b"z" * 256, b"big" * 1_000_000]

    def echo(router: zmq.Socket[bytes]) -> None:
        for _ in parts:
            peer, part = router.recv_multipart()
            assert peer == b"me"
            router.send_multipart([peer, part])

    async def test() -> None:
        station = Station(address)
        await station.until(ups=1)
        for part in parts:
            station.dealer.send(part)
        await station.until(parts=len(parts))
        assert station.parts == parts
        station.dealer.stop()

    with zmq.Context() as context, context.socket(zmq.ROUTER) as router:
        router.setsockopt(zmq.IPV6, 1)
        router.setsockopt(zmq.RCVTIMEO, int(DEADLINE_S * 1000))
        router.setsockopt(zmq.HEARTBEAT_IVL, 20)  # its PINGs want PONGs in between
        router.setsockopt(zmq.HEARTBEAT_TIMEOUT, 2000)
        router.bind(address)
        thread = threading.Thread(target=echo, args=(router,))
        thread.start()
        asyncio.run(test())
        thread.join(DEADLINE_S)


def test_a_router_that_listens_for_pongs_keeps_the_connection(endpoint: str) -> None:
    async def test() -> None:
        station = Station(endpoint)
        await station.until(ups=1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.4):
                await station.until(downs=1)
        station.dealer.stop()

    with zmq.Context() as context, context.socket(zmq.ROUTER) as router:
        router.setsockopt(zmq.HEARTBEAT_IVL, 10)
        router.setsockopt(zmq.HEARTBEAT_TIMEOUT, 200)
        router.bind(endpoint)
        asyncio.run(test())


def test_hanging_up_brings_a_new_connection(endpoint: str) -> None:
    async def test() -> None:
        station = Station(endpoint)
        await station.until(ups=1)
        station.dealer.hang_up()
        await station.until(ups=2, downs=1)
        station.dealer.stop()

    with zmq.Context() as context, context.socket(zmq.ROUTER) as router:
        router.setsockopt(zmq.ROUTER_HANDOVER, 1)
        router.bind(endpoint)
        asyncio.run(test())


def test_another_server_on_that_port_is_named_once(free_port: int, caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        third = asyncio.Event()
        met = 0

        async def not_zeromq(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal met
            met += 1
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            if met == 3:
                third.set()

        async with await asyncio.start_server(not_zeromq, "127.0.0.1", free_port):
            station = Station(f"tcp://127.0.0.1:{free_port}")
            async with asyncio.timeout(DEADLINE_S):
                await third.wait()
            station.dealer.stop()
            assert station.ups == station.downs == 0

    asyncio.run(test())
    assert caplog.text.count("what listens there is no llm-agentd") == 1


def test_a_process_that_only_accepts_is_given_up(free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dealers, "HANDSHAKE_S", 0.05)

    def until_it_hangs_up(taken: socket.socket) -> None:
        with taken:
            taken.settimeout(DEADLINE_S)
            while taken.recv(4096):
                pass

    async def test() -> None:
        station = Station(f"tcp://127.0.0.1:{free_port}")
        for _ in range(2):
            taken, _ = await asyncio.to_thread(listener.accept)
            await asyncio.to_thread(until_it_hangs_up, taken)
        station.dealer.stop()
        assert station.ups == 0

    with socket.create_server(("127.0.0.1", free_port)) as listener:
        listener.settimeout(DEADLINE_S)
        asyncio.run(test())
