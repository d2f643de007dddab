"""A real daemon that dies of a request, under the supervisor, with the real HTTP process before it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from llm_agentd.ops.harness import process
from tests.support.http_harness import DEADLINE_S, Record
from tests.support.mortal_daemon import KILLS

DEADLINE_MS = 60_000
SUPERVISE = """
import sys
from llm_agentd.ops.supervisor import Supervisor
deaths, *options = sys.argv[1:]
base = [sys.executable, "-m"]
daemon = [*base, "tests.support.mortal_daemon", deaths, *options, "--set", "http.enabled=false"]
sys.exit(Supervisor(daemon=daemon, http=[*base, "llm_agentd", "http", *options]).run())
"""


@contextmanager
def supervised(folder: Path, free_port: int) -> Iterator[tuple[httpx2.Client, Path]]:
    """A client of the HTTP process, and the file that counts the daemon's deaths."""
    deaths = folder / "deaths"
    deaths.touch()
    sets = {
        "zmq.endpoint": f"ipc://{folder}/z",
        "http.port": free_port,
        "http.token": "off",
        "model.engine": "stub",
        "cache.enabled": "false",
        "agents.memory_path": folder / "memory.db",
    }
    options = [word for key, value in sets.items() for word in ("--set", f"{key}={value}")]
    with (
        process(["-c", SUPERVISE, str(deaths), *options], "ready "),
        httpx2.Client(base_url=f"http://127.0.0.1:{free_port}", timeout=4 * DEADLINE_S) as http,
    ):
        yield http, deaths


def exchange(http: httpx2.Client, requests: list[Record]) -> dict[str, Record]:
    """The last event of each, by id."""
    ends: dict[str, Record] = {}
    after = 0
    body: Record = {"session": "s", "requests": requests}
    while len(ends) < len(requests):
        answer = http.post("/v1/exchange", json={**body, "after": after, "wait_ms": 20_000})
        assert answer.status_code == 200, answer.text
        assert answer.json()["rejected"] == []
        for event in answer.json()["events"]:
            ends[event["id"]] = event
            after = event["seq"]
        body = {"session": "s"}
    return ends


def infer(request_id: str, prompt: str) -> Record:
    return {"op": "infer", "id": request_id, "prompt": prompt, "deadline_ms": DEADLINE_MS}


@pytest.mark.slow
@pytest.mark.parametrize(("others", "deaths_max"), [(5, 2), (30, 3)])
def test_request_that_kills_the_daemon_fails_alone(
    tmp_path: Path, free_port: int, others: int, deaths_max: int
) -> None:
    with supervised(tmp_path, free_port) as (http, deaths):
        ids = [f"innocent {number}" for number in range(others)]
        requests = [infer(name, name) for name in ids]
        requests.insert(len(requests) // 2, infer("killer", KILLS))
        ends = exchange(http, requests)
        assert [ends[name]["event"] for name in ids] == ["done"] * others
        assert ends["killer"]["code"] == "engine_failed"
        assert deaths.stat().st_size <= deaths_max
        assert http.post("/infer", json={"prompt": "Hello"}).status_code == 200, "the daemon lives on"
