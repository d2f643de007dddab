"""Servers of OpenAI's protocol that the daemons of a scene ask, as processes, and how one of them becomes slow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import orjson

from llm_agentd.bench.load.openai_server import MODEL, MODULE
from llm_agentd.ops.harness import HttpConnection, free_port, processes

SLOW_MS = 3000  # later than half of what a question of the mod may take
PARALLEL_MAX = 256  # of one daemon at one server: the queue shall be the daemon's, not the pool's


@dataclass(frozen=True, slots=True)
class UpstreamServer:
    port: int

    def be_slow(self, delay_ms: int) -> None:
        """Each answer begins so much later from now on."""
        HttpConnection(self.port).post("/slow", orjson.dumps({"delay_ms": delay_ms}))


@contextmanager
def upstream_servers(count: int, step_ms: float) -> Iterator[list[UpstreamServer]]:
    ports = [free_port() for _ in range(count)]
    with processes([(["-m", MODULE, str(port), str(step_ms)], {}) for port in ports], "ready"):
        yield [UpstreamServer(port) for port in ports]


def settings(servers: list[UpstreamServer]) -> dict[str, str]:
    """Of a daemon that asks them."""
    upstreams = [
        {"base_url": f"http://127.0.0.1:{one.port}/v1", "model": MODEL, "max_parallel": PARALLEL_MAX} for one in servers
    ]
    return {"model.engine": "openai", "remote.upstreams": orjson.dumps(upstreams).decode()}
