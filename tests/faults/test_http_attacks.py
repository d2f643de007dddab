"""Connections to the HTTP adapter that never end, or never say anything: the game is served, memory is bounded.

Bare sockets, as no HTTP library sends such things.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.campaign import LONG, Tally, size
from tests.faults.host import MIB, TOKEN, Host, Process, Watch, think

pytestmark = [pytest.mark.faults, pytest.mark.slow]

ATTACK_S = size(short=1.5, long=12.0)
CONNECTIONS = size(short=100, long=300)
CALL_MAX_S = 3.0  # of the game, whatever others do on the same two cores
GROWN_MAX_MIB = 200.0  # of the adapter
PATHS = (
    "/infer",
    "/v1/exchange",
    "/v1/chat/completions",
    "/v1/audio/transcriptions",
    "/v1/embeddings",
    "/v1/roles",
)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with Host(tmp_path) as host:
        yield host


def connection(host: Host) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", host.port), timeout=5)
    made.settimeout(0.2)
    return made


def head(path: str, *lines: str, token: bool = True) -> bytes:
    auth = [f"Authorization: Bearer {TOKEN}"] if token else []
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: 127.0.0.1", *auth, *lines, "", ""]).encode()


class Game:
    """What a game does: one think a call over `/v1/exchange`, over one connection, until it is answered."""

    def __init__(self, host: Host) -> None:
        self._http = host.http()
        self._numbers = itertools.count(1)
        self._after = 0

    def __call__(self) -> None:
        request_id = f"g{next(self._numbers)}"
        requests = [think(request_id, "mira", "ana", f"What of {request_id}?", deadline_ms=20_000)]
        while True:
            body = {"session": "the-game", "after": self._after, "wait_ms": 5000, "requests": requests}
            answer = self._http.post("/v1/exchange", json=body)
            assert answer.status_code == 200, f"{answer.status_code} {answer.text[:200]}"
            events, requests = answer.json()["events"], []
            self._after = max([self._after, *(event["seq"] for event in events)])
            if ends := [event for event in events if event["id"] == request_id and event["event"] != "delta"]:
                assert ends[0]["event"] == "done", ends[0]
                return


def attack(tally: Tally, host: Host, run: Callable[[float], Any]) -> None:
    """`run(end_s)` attacks until then, while the game plays."""
    daemon, adapter = host.ready("daemon"), host.ready("http")
    game = Game(host)
    game()
    with Watch(game, pids=(adapter.pid,)) as watch:
        closed = run(time.monotonic() + ATTACK_S)
        time.sleep(0.5)
    tally.passed(watch.count)
    for failure in watch.failures:
        tally.check(False, f"the game: {failure}")
    tally.check(watch.worst_s < CALL_MAX_S, f"a call of the game took {watch.worst_s:.1f} s")
    tally.check(watch.grown_mib < GROWN_MAX_MIB, f"the adapter grew by {watch.grown_mib:.0f} MiB")
    check_alive(tally, daemon, adapter)
    tally.figure(
        worst_call_s=watch.worst_s, grown_mib=watch.grown_mib, **({} if closed is None else {"closed": closed})
    )


def check_alive(tally: Tally, *processes: Process) -> None:
    for process in processes:
        tally.check(process.is_running(), f"{process.log.name}: it has ended: {process.errors()[-500:]}")
        tally.check("Traceback" not in process.errors(), f"{process.log.name}: {process.errors()[-1500:]}")


def is_closed(connected: socket.socket) -> bool:
    try:
        while data := connected.recv(65536):
            del data
        return True
    except TimeoutError:
        return False
    except OSError:
        return True


def drip(sockets: list[socket.socket], piece: bytes, end_s: float) -> None:
    while time.monotonic() < end_s:
        for connected in sockets:
            with contextlib.suppress(OSError):
                connected.sendall(piece)
        time.sleep(0.3)


HEADER_MAX_S = 30.0  # the longest that a client may take for its headers: more than any slow network


def test_slowloris(tally: Tally, host: Host) -> None:
    """Headers that come letter by letter; in the long form it is awaited that the adapter loses its patience."""

    def run(end_s: float) -> int:
        sockets = [connection(host) for _ in range(CONNECTIONS)]
        for connected in sockets:
            connected.sendall(b"POST /infer HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ")
        drip(sockets, b"a", max(end_s, time.monotonic() + size(short=0.0, long=HEADER_MAX_S + 5)))
        looked_at = sockets[: size(short=5, long=50)]
        closed = sum(map(is_closed, looked_at))
        if LONG:
            still_open = len(looked_at) - closed
            tally.check(not still_open, f"{still_open} connections without a whole header are still open")
        return closed

    attack(tally, host, run)


def test_idle_connections(tally: Tally, host: Host) -> None:
    def run(end_s: float) -> None:
        sockets = [connection(host) for _ in range(CONNECTIONS)]
        time.sleep(max(0.0, end_s - time.monotonic()))
        for connected in sockets:
            connected.close()

    attack(tally, host, run)


def pour(host: Host, begin: bytes, piece: bytes, end_s: float, *, most_bytes: int) -> int:
    """As much as the adapter takes on one connection until it closes it; how much that was."""
    sent = 0
    with connection(host) as connected, contextlib.suppress(OSError):
        connected.settimeout(1.0)
        connected.sendall(begin)
        while sent < most_bytes and time.monotonic() < end_s:
            connected.sendall(piece)
            sent += len(piece)
    return sent


@pytest.mark.parametrize("token", size(short=[False], long=[True, False]))
def test_endless_headers(tally: Tally, host: Host, token: bool) -> None:
    begin = head("/infer", token=token)[:-2]
    one_line, many_lines = b"X-A: " + b"a" * MIB, b"X-A: b\r\n" * 20_000

    def run(end_s: float) -> None:
        for piece in (one_line, many_lines):
            for _ in range(size(short=2, long=8)):
                sent = pour(host, begin, piece, end_s, most_bytes=512 * MIB)
                tally.check(sent < 8 * MIB, f"{sent / MIB:.0f} MiB of headers were taken on one connection")

    attack(tally, host, run)


@pytest.mark.parametrize("token", size(short=[True], long=[True, False]))
def test_endless_bodies(tally: Tally, host: Host, token: bool) -> None:
    """Chunked, so that nobody knows how long they are; as JSON and as the multipart of an upload."""
    chunk = b"%x\r\n" % MIB + b" " * MIB + b"\r\n"
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    kinds = {"application/json": b"", "multipart/form-data; boundary=b": b"%x\r\n%s\r\n" % (len(part), part)}

    def run(end_s: float) -> None:
        for path, (kind, begin) in itertools.product(PATHS, kinds.items()):
            top = head(path, f"Content-Type: {kind}", "Transfer-Encoding: chunked", token=token) + begin
            sent = pour(host, top, chunk, end_s + 10, most_bytes=size(short=128, long=512) * MIB)
            tally.check(sent < 96 * MIB, f"{path}: {sent / MIB:.0f} MiB of one {kind} body were taken")

    attack(tally, host, run)


def test_unfinished_bodies(tally: Tally, host: Host) -> None:
    """200 of them, each one byte short of the largest that is taken."""
    content = b" " * (4 * MIB - 1)
    begin = head("/v1/exchange", "Content-Type: application/json", f"Content-Length: {len(content) + 1}")

    def send(connected: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connected.settimeout(ATTACK_S)
            connected.sendall(begin + content)

    def run(end_s: float) -> None:
        sockets = [connection(host) for _ in range(200)]
        threads = [threading.Thread(target=send, args=(connected,)) for connected in sockets]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        time.sleep(max(0.0, end_s - time.monotonic()))
        for connected in sockets:
            connected.close()

    attack(tally, host, run)


def test_pipelined_requests_that_nobody_reads(tally: Tally, host: Host) -> None:
    """Answers pile up where the client does not read them."""
    body = json.dumps({"prompt": "x"}).encode()
    request = head("/infer", "Content-Type: application/json", f"Content-Length: {len(body)}") + body

    def run(end_s: float) -> None:
        sockets = [connection(host) for _ in range(20)]
        while time.monotonic() < end_s:
            for connected in sockets:
                with contextlib.suppress(OSError):
                    connected.send(request * 50)
            time.sleep(0.05)
        for connected in sockets:
            connected.close()

    attack(tally, host, run)


# Sessions -------------------------------------------------------------------------------------------------------------

FOREIGN = size(short=200, long=1000)
EVENTS = size(short=50, long=200)


def test_foreign_sessions_take_nothing_from_the_game(tally: Tally, host: Host) -> None:
    """The game has asked and not yet fetched; then others open far more sessions than there is room for."""
    host.ready("daemon")
    adapter = host.ready("http")
    with host.http() as http:
        requests = [think(f"g{n}", "mira", f"p{n}", f"What of {n}?", deadline_ms=60_000) for n in range(EVENTS)]
        body: dict[str, Any] = {"session": "the-game-of-ana", "after": 0, "wait_ms": 0, "requests": requests}
        assert http.post("/v1/exchange", json=body).status_code == 200
        statuses: dict[int, int] = {}
        for number in range(FOREIGN):
            strange = {"op": "infer", "id": "1", "prompt": f"Hello {number}"}
            answer = http.post("/v1/exchange", json={"session": f"stranger-{number}", "requests": [strange]})
            statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
            tally.check(answer.status_code in (200, 429), f"a stranger: {answer.status_code} {answer.text[:200]}")
            if answer.status_code == 429:
                tally.check("retry-after" in answer.headers, "a 429 without Retry-After")
        ended: set[str] = set()
        for _ in range(60):
            body = {"session": "the-game-of-ana", "after": 0, "wait_ms": 500}
            ended |= {event["id"] for event in http.post("/v1/exchange", json=body).json()["events"]}
            if len(ended) == EVENTS:
                break
            time.sleep(0.1)
        tally.passed(EVENTS)
        for number in range(EVENTS):
            if f"g{number}" not in ended:
                tally.lost(f"the game's event g{number}")
    check_alive(tally, adapter)
    tally.figure(**{f"status_{status}": count for status, count in sorted(statuses.items())})
