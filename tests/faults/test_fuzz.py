"""Bytes that nobody would send: to the ROUTER, to the HTTP port, and to every route that the OpenAPI names.

All of it is made of a seed (FAULTS_SEED), so that what was found is found again. What may come back is an answer or an
error that says whose fault it was; what may not come back is `internal`, a 500, silence, or a dead process.
"""

from __future__ import annotations

import contextlib
import json
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq

from llm_agentd.protocol import wire
from tests.faults.campaign import Tally, size
from tests.faults.host import TOKEN, Host, pinging, think

pytestmark = [pytest.mark.faults, pytest.mark.slow]

FRAMES = size(short=3_000, long=100_000)
FRAMES_A_ROUND = 500  # then the same peer pings: its answers have all come
HTTP_REQUESTS = size(short=200, long=5_000)
PING_MAX_S = 3.0
GROWN_MAX_MIB = 256.0
LOG_MAX_BYTES = 200_000  # a line a second at most, not one for each bad record


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with Host(tmp_path, "inference.timeout_ms=500") as host:
        yield host


# Records -------------------------------------------------------------------------------------------------------------

STRANGE: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 2**31, 2**63, 2**64, -(2**64), 1e308, [], {}, [[]], [None], [0] * 300, {"": None},
    {"a": {"b": {"c": []}}}, "", " ", "\ud800", "\x00", "a" * 3000, "🌙" * 100, "think", "../../etc/passwd", "{{7*7}}",
    "%s%n", "<|im_start|>", "\u202e",
)  # fmt: skip


def valid_records() -> list[dict[str, Any]]:
    return [
        think("1", "mira", "ana", "Good evening!", context={"time": "night"}, actions=[{"name": "wave"}], lang="en"),
        think("2", "mira", "ana", "Well?", history=[{"speaker": "ana", "text": "Hello"}], avoid=["Hello"], stream=True),
        {"op": "infer", "id": "3", "prompt": "Once upon a time", "max_tokens": 4, "temperature": 0.5, "seed": 1},
        {"op": "infer", "id": "4", "messages": [{"role": "user", "content": "Hello"}], "stop": ["."], "cache": "off"},
        {"op": "infer", "id": "5", "prompt": "Hello", "json_schema": {"type": "object", "properties": {}}},
        {"op": "cancel", "id": "6", "target": "1"},
        {"op": "remember", "id": "7", "lines": [{"npc": "mira", "player": "ana", "text": "Ana came by"}]},
        {"op": "memories", "id": "8", "npc": "mira", "limit": 5},
        {"op": "forget", "id": "9", "player": "nobody"},
        {"op": "set_role", "id": "10", "name": "monk", "role": {"title": "the monk", "persona": "Prays."}},
        *({"op": op, "id": op} for op in ("ping", "info", "stats", "metrics", "roles")),
    ]


def mutate(record: Any, rng: random.Random) -> Any:
    """One place of it is another than it was."""
    if isinstance(record, dict) and record and rng.random() < 0.8:
        key = rng.choice(list(record))
        changed = dict(record)
        kind = rng.random()
        if kind < 0.2:
            del changed[key]
        elif kind < 0.3:
            changed[rng.choice(["", "op", "id", "npc", "x" * 200, key.upper()])] = rng.choice(STRANGE)
        elif kind < 0.6:
            changed[key] = mutate(record[key], rng)
        else:
            changed[key] = rng.choice(STRANGE)
        return changed
    if isinstance(record, list) and record and rng.random() < 0.8:
        return [mutate(item, rng) if rng.random() < 0.5 else item for item in record] * rng.choice([1, 1, 2, 70])
    return rng.choice(STRANGE)


def frame(rng: random.Random, records: list[dict[str, Any]]) -> list[bytes]:
    """One message: mutated records, with bytes flipped, cut or put in, in one part or several."""
    parts: list[bytes] = []
    for _ in range(rng.choice([1, 1, 1, 2, 5])):
        record = rng.choice(records)
        for _ in range(rng.randrange(3)):
            record = mutate(record, rng)
        with contextlib.suppress(Exception):  # some cannot be encoded at all
            body = json.dumps(record).encode("utf-8", "surrogatepass")
            parts.append(len(body).to_bytes(4, "big") + body)
    data = bytearray(b"".join(parts))
    kind = rng.random()
    if kind < 0.25 and data:
        for _ in range(rng.choice([1, 3, 20])):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif kind < 0.35:
        del data[rng.randrange(len(data) + 1) :]
    elif kind < 0.45:
        at = rng.randrange(len(data) + 1)
        data[at:at] = rng.randbytes(rng.choice([1, 4, 100]))
    elif kind < 0.5:
        data = bytearray(rng.randbytes(rng.choice([0, 1, 3, 4, 5, 1000])))
    elif kind < 0.53:
        data[:0] = rng.choice([b"\xff\xff\xff\xff", b"\0\0\0\0", b"[" * 5000, b'{"a":' * 3000])
    if rng.random() < 0.05:
        return [rng.randbytes(rng.choice([0, 5, 255, 300])) for _ in range(rng.choice([1, 2, 3, 30]))] + [bytes(data)]
    return [bytes(data)]


def test_fuzzed_frames(tally: Tally, host: Host) -> None:
    daemon = host.ready("daemon")
    records = valid_records()
    with pinging(host, daemon.pid) as watch, host.peer() as peer:
        for begin in range(0, FRAMES, FRAMES_A_ROUND):
            for _ in range(FRAMES_A_ROUND):
                peer.socket.send_multipart(frame(tally.random, records))
            tally.passed(FRAMES_A_ROUND)
            if not tally.check(
                answers_end(tally, peer.socket, f"end{begin}"), f"no answer to a ping after frame {begin}"
            ):
                break
    for failure in watch.failures:
        tally.check(False, f"ping: {failure}")
    tally.check(watch.worst_s < PING_MAX_S, f"a ping took {watch.worst_s:.1f} s")
    tally.check(watch.grown_mib < GROWN_MAX_MIB, f"the daemon grew by {watch.grown_mib:.0f} MiB")
    tally.check(daemon.is_running(), f"the daemon has ended: {daemon.errors()[-700:]}")
    tally.check("Traceback" not in daemon.errors(), daemon.errors()[-2000:])
    tally.check(len(daemon.errors()) < LOG_MAX_BYTES, f"{len(daemon.errors())} bytes of log")
    tally.check(daemon.stop() == 0, f"exit code {daemon.popen.returncode}")
    tally.figure(worst_ping_s=watch.worst_s, grown_mib=watch.grown_mib, log_bytes=len(daemon.errors()))


def answers_end(tally: Tally, peer: zmq.Socket[bytes], end: str) -> bool:
    """Reads all that has come, until the answer to a ping of the same peer; none may be `internal`."""
    peer.send(wire.encode({"op": "ping", "id": end}))
    while peer.poll(30_000):
        for part in peer.recv_multipart():  # an envelope that was taken for one comes back
            for record in wire.decode(part):
                if not isinstance(record, dict):
                    continue
                if record.get("code") == "internal":
                    tally.check(False, f"internal: {record}")
                if record.get("id") == end:
                    return True
    return False


# HTTP ----------------------------------------------------------------------------------------------------------------


def http_bytes(rng: random.Random, records: list[dict[str, Any]]) -> bytes:
    """A request that is nearly one."""
    method = rng.choice(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "X" * 50, "", "get"])
    paths = [
        "/infer",
        "/v1/exchange",
        "/v1/roles/monk",
        "/v1/memory",
        "/v1/chat/completions",
        "/",
        "/%00",
        "//",
        "/..",
        "*",
    ]
    path = rng.choice(paths) + rng.choice(
        ["", "", "?limit=" + "9" * 30, "?%ff=%fe", "?npc=mira&limit=-1", "#", "?" + "a=b&" * 500]
    )
    exchange = {
        "session": "f",
        "after": rng.choice(STRANGE),
        "wait_ms": 0,
        "requests": [rng.choice(records)],
        "cancel": [],
    }
    content = mutate(rng.choice([exchange, rng.choice(records), {"prompt": "Hello"}]), rng)
    body = json.dumps(content).encode("utf-8", "surrogatepass")
    if rng.random() < 0.3:
        body = rng.randbytes(rng.choice([0, 1, 50])) + body[: rng.randrange(len(body) + 1)]
    headers = {
        "Host": rng.choice(["127.0.0.1", "127.0.0.1", "localhost", "evil.test", "", "a" * 300]),
        "Authorization": rng.choice([f"Bearer {TOKEN}"] * 4 + ["Bearer x", "Basic eDp5", "\xff"]),
        "Content-Type": rng.choice(
            ["application/json"] * 3 + ["text/plain", "multipart/form-data", "application/json; charset=utf-16", ""]
        ),
        "Content-Length": rng.choice([len(body)] * 6 + [0, -1, len(body) + 10, "x", 2**70]),
        "Connection": rng.choice(["close", "close", "keep-alive", "upgrade"]),
    }
    if rng.random() < 0.1:
        headers["Transfer-Encoding"] = rng.choice(["chunked", "gzip", "chunked, chunked"])
    if rng.random() < 0.2:
        headers[rng.choice(["X-\x00", "Expect", "Upgrade", "Range", "Origin"])] = rng.choice(
            ["100-continue", "h2c", "null", "\x7f"]
        )
    if rng.random() < 0.5:  # only the body is odd, so that it is read
        headers |= {"Host": "127.0.0.1", "Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        headers["Content-Length"] = len(body)
        method, path = "POST", rng.choice(["/infer", "/v1/exchange", "/v1/chat/completions", "/v1/memory"])
    lines = [f"{method} {path} HTTP/{rng.choice(['1.1', '1.1', '1.1', '1.0', '2.0', '9'])}"]
    lines += [f"{name}: {value}" for name, value in headers.items() if rng.random() < 0.95]
    data = bytearray("\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body)
    if rng.random() < 0.1:
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


def test_fuzzed_http(tally: Tally, host: Host) -> None:
    host.ready("daemon")
    adapter = host.ready("http")
    records = valid_records()
    statuses: dict[str, int] = {}
    for _ in range(HTTP_REQUESTS):
        data = http_bytes(tally.random, records)
        with socket.create_connection(("127.0.0.1", host.port), timeout=5) as connected, contextlib.suppress(OSError):
            connected.sendall(data)
            connected.shutdown(socket.SHUT_WR)
            answer = b""
            with contextlib.suppress(TimeoutError):
                while more := connected.recv(65536):
                    answer += more
            status = answer[9:12].decode("latin-1")
            statuses[status or "closed"] = statuses.get(status or "closed", 0) + 1
            tally.check(not status.startswith("500"), f"{data[:300]!r} gave {answer[:300]!r}")
    with host.http() as http:
        tally.check(http.post("/infer", json={"prompt": "Hello"}).status_code == 200, "not served afterwards")
    tally.check("Traceback" not in adapter.errors(), adapter.errors()[-2000:])
    tally.check(len(adapter.errors()) < LOG_MAX_BYTES, f"{len(adapter.errors())} bytes of log")
    tally.check(adapter.stop() == 0, f"exit code {adapter.popen.returncode}")
    tally.figure(statuses=" ".join(f"{status}:{count}" for status, count in sorted(statuses.items())))
