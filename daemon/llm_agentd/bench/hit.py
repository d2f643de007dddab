"""`bench hit`: what a cache hit costs, against a bare ROUTER echo and a bare FastAPI route of the same run.

Measured while the engine is idle and while it decodes a full batch (the game must not feel it), each side in turn.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import psutil
import zmq

from llm_agentd.bench.result import Options, Result, percentile
from llm_agentd.client import Client
from llm_agentd.config import Config
from llm_agentd.errors import Unavailable
from llm_agentd.ops.harness import HttpConnection, daemon, endpoint_in, free_port, model_sets, process
from llm_agentd.protocol import wire

ROUNDS, CALLS = 5, 400  # rounds of each side in turn: noise that comes in waves hits both
IDLE_S = 5.0
ECHO = """
import sys, zmq
s = zmq.Context().socket(zmq.ROUTER); s.bind(sys.argv[1]); print("ready", flush=True)
while True: s.send_multipart(s.recv_multipart())
"""
BARE = """
import sys, uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
class Body(BaseModel): prompt: str
app = FastAPI()
@app.post("/infer")
async def infer(body: Body): return {"text": "Good evening."}
config = uvicorn.Config(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=False, log_level="error")
server = uvicorn.Server(config)
start = server.startup
async def startup(sockets=None):
    await start(sockets); print("ready", flush=True)
server.startup = startup
server.run()
"""
REQUEST: dict[str, Any] = {
    "op": "infer",
    "prompt": "Mira, the healer, looks up. Ana: Good evening!",
    "seed": 1,
    "max_tokens": 24,
    "deadline_ms": 60_000,
}


def measure(config: Config, _options: Options) -> Result:
    bare_port = free_port()
    with (
        tempfile.TemporaryDirectory() as folder,
        process(["-c", ECHO, echo_endpoint := endpoint_in(folder)], "ready"),
        process(["-c", BARE, str(bare_port)], "ready"),
        daemon(model_sets(config), http=True) as running,
        RawSocket(echo_endpoint) as echo,
        RawSocket(running.endpoint) as hit,
    ):
        with Client(running.endpoint) as client:
            idle_cpu, resident = _at_rest(running.process.pid, client.info())
            client.request(**REQUEST)  # from here on it is in the cache
        part = wire.encode({"id": "x", **REQUEST})
        body = orjson.dumps({key: value for key, value in REQUEST.items() if key != "op"})
        bare, adapter = HttpConnection(bare_port), HttpConnection(running.http_port, running.http_token)
        sides = {
            "zmq_echo": lambda: echo.round_trip(part),
            "zmq_hit": lambda: hit.round_trip(part),
            "http_bare": lambda: bare.post("/infer", body),
            "http_hit": lambda: adapter.post("/infer", body),
        }
        times: dict[str, list[float]] = {name: [] for name in sides}
        for _ in range(ROUNDS):
            for name, call in sides.items():
                times[name] += times_us(call, CALLS)
        with FullBatch(running.endpoint, config.batch.size):
            for name in [f"{side}_busy" for _ in range(ROUNDS) for side in sides]:
                times.setdefault(name, []).extend(times_us(sides[name.removesuffix("_busy")], CALLS))
    return _result(times, idle_cpu, resident)


class RawSocket:
    """A bare DEALER: bytes there and back, the same for the daemon and for the echo that it is compared with.

    `llm_agentd.client` would add its own cost, a hop between two threads, to both sides, and so hide the daemon's.
    """

    def __init__(self, endpoint: str) -> None:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.connect(endpoint)

    def __enter__(self) -> RawSocket:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close(0)
        self._context.term()

    def round_trip(self, part: bytes) -> bytes:
        self._socket.send(part)
        return self._socket.recv()


class FullBatch:
    """Keeps every sequence of the engine busy with background requests while the `with` block runs.

    Threads, not a process: they wait nearly all the time, which costs the measured clients nothing.
    """

    def __init__(self, endpoint: str, max_num_seqs: int) -> None:
        self._in_flight = 2 * max_num_seqs  # so that another request waits whenever one ends
        self._client = Client(endpoint)
        self._pool = ThreadPoolExecutor(self._in_flight)
        self._ended = threading.Event()

    def __enter__(self) -> None:
        self._calls = [self._pool.submit(self._generate, number) for number in range(self._in_flight)]
        time.sleep(0.5)  # until the batch is gathered and all sequences run

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._client.close()
        for call in self._calls:
            call.result()  # raises where the engine was not busy because requests failed
        self._pool.shutdown()

    def _generate(self, number: int) -> None:
        try:
            while True:
                self._client.infer(
                    f"Tale {number}: Once upon a time the village",
                    max_tokens=256,
                    cache="off",
                    seed=number,
                    deadline_ms=60_000,
                    priority="background",
                )
                number += self._in_flight
        except Unavailable:
            if not self._ended.is_set():
                raise


def _at_rest(pid: int, info: dict[str, Any]) -> tuple[float, int]:
    """`(share of one core, resident bytes without the model's file)` of the daemon process alone."""
    process = psutil.Process(info["pid"])
    assert pid in (process.pid, process.ppid())
    process.cpu_percent()
    time.sleep(IDLE_S)
    return process.cpu_percent() / 100, process.memory_info().rss - info["model_bytes"]


def times_us(call: Callable[[], object], count: int) -> list[float]:
    """Wall time of each of `count` calls, in microseconds, after a tenth as many to warm up."""
    for _ in range(count // 10):
        call()
    taken: list[float] = []
    for _ in range(count):
        begun_ns = time.perf_counter_ns()
        call()
        taken.append((time.perf_counter_ns() - begun_ns) / 1000)
    return taken


def _result(times: dict[str, list[float]], idle_cpu: float, resident: int) -> Result:
    p50 = {name: percentile(values, 0.5) for name, values in times.items()}
    p99 = {name: percentile(values, 0.99) for name, values in times.items()}
    ratios = {
        "zmq_vs_echo_p50": p50["zmq_hit"] / p50["zmq_echo"],
        "http_vs_bare_p50": p50["http_hit"] / p50["http_bare"],
        "http_busy_vs_bare_busy_p50": p50["http_hit_busy"] / p50["http_bare_busy"],
        "zmq_busy_p99_vs_idle_p50": p99["zmq_hit_busy"] / p50["zmq_hit"],
    }
    labels = {
        "zmq_echo": ("bare ROUTER echo", ""),
        "zmq_hit": ("cache hit, ZeroMQ", f"{ratios['zmq_vs_echo_p50']:.2f} x echo (goal <= 2.5)"),
        "http_bare": ("bare FastAPI route", ""),
        "http_hit": ("cache hit, HTTP", f"{ratios['http_vs_bare_p50']:.2f} x bare (goal <= 1.7)"),
        "zmq_echo_busy": ("bare echo, engine with a full batch", ""),
        "zmq_hit_busy": (
            "cache hit, engine with a full batch",
            f"p99 {ratios['zmq_busy_p99_vs_idle_p50']:.2f} x idle p50 (goal <= 5)",
        ),
        "http_bare_busy": ("bare FastAPI route, engine with a full batch", ""),
        "http_hit_busy": (
            "cache hit over HTTP, engine with a full batch",
            f"{ratios['http_busy_vs_bare_busy_p50']:.2f} x bare (goal <= 1.7)",
        ),
    }
    rows = tuple((label, f"{p50[name]:.0f}", f"{p99[name]:.0f}", note) for name, (label, note) in labels.items())
    figures = {f"{name}_p50_us": value for name, value in p50.items()}
    figures |= {f"{name}_p99_us": value for name, value in p99.items()}
    figures |= {"idle_cpu_share": idle_cpu, "resident_beside_model_bytes": resident}
    return Result(
        title="Cache hit, round trip in microseconds",
        columns=("", "p50", "p99", "ratio"),
        rows=rows,
        ratios=ratios,
        figures=figures,
        notes=(
            f"Idle daemon: {idle_cpu:.2%} of a core (goal < 1 %), "
            f"{resident / 2**20:.0f} MiB resident beside the model (goal < 120 MB)",
        ),
    )
