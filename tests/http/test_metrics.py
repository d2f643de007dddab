"""`/metrics` of the HTTP process: the daemon's text, with its own behind it; also while no daemon answers."""

from __future__ import annotations

import asyncio
import timeit
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from llm_agentd.http.metrics import CountRequests, HttpMetrics
from tests.support.exposition import Exposition
from tests.support.http_harness import FakeDaemon, HttpServer, Record, done, serve_http, silent

ONE_MAX_S = 50e-6
TOKEN = "-._~+/of-the-test=="


def tells(record: Record) -> list[Record]:
    if record["op"] == "metrics":
        return [
            {
                "event": "done",
                "text": "# TYPE llm_agentd_num_requests_running gauge\nllm_agentd_num_requests_running 3\n",
            }
        ]
    return [done()]


def shown(server: HttpServer, **headers: str) -> Exposition:
    answer = server.http.get("/metrics", headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return Exposition(answer.text)


def requests_of(found: Exposition, route: str, code: int) -> float:
    return found.value("llm_agentd_http_requests_total", route=route, code=str(code))


def test_the_daemons_metrics_come_with_those_of_the_http_process(endpoint: str) -> None:
    with FakeDaemon(endpoint, tells), serve_http(endpoint) as server:
        assert server.http.post("/infer", json={"prompt": "Well?"}).status_code == 200
        server.exchange(requests=[])
        found = shown(server)
    assert found.value("llm_agentd_num_requests_running") == 3
    assert found.value("llm_agentd_up") == 1
    assert found.value("llm_agentd_http_sessions") == 1
    assert found.value("llm_agentd_http_open_requests") == 0
    assert requests_of(found, "/infer", 200) == requests_of(found, "/v1/exchange", 200) == 1
    assert found.value("llm_agentd_http_request_duration_seconds_count", route="/infer") == 1
    assert 0 < found.value("llm_agentd_http_request_duration_seconds_sum", route="/infer") < 10
    assert found.value("llm_agentd_http_process_resident_memory_bytes") > 10e6


def test_what_waits_for_the_daemon_is_open(endpoint: str) -> None:
    def mute(record: Record) -> list[Record]:
        return tells(record) if record["op"] == "metrics" else silent(record)

    with FakeDaemon(endpoint, mute) as daemon, serve_http(endpoint) as server:
        server.exchange(requests=[{"op": "infer", "id": "a", "prompt": "Well?"}])
        daemon.next()
        assert shown(server).value("llm_agentd_http_open_requests") == 1


def test_without_a_daemon_the_http_process_still_tells_of_itself(endpoint: str) -> None:
    with serve_http(endpoint, retry_s=0.05) as server:
        assert server.http.get("/readyz").status_code == 503
        found = shown(server)
    assert found.value("llm_agentd_up") == 0
    assert requests_of(found, "/readyz", 503) == 1
    assert "llm_agentd_num_requests_running" not in found


def test_what_is_refused_before_a_route_is_counted(endpoint: str) -> None:
    with FakeDaemon(endpoint, tells), serve_http(endpoint, token=TOKEN) as server:
        assert server.http.get("/metrics").status_code == 401
        assert server.http.get("/info", headers={"Origin": "http://evil.example"}).status_code == 403
        found = shown(server, Authorization=f"Bearer {TOKEN}")
    assert requests_of(found, "other", 401) == requests_of(found, "other", 403) == 1


def test_a_path_that_a_client_makes_up_is_no_label(endpoint: str) -> None:
    """Routes are known by their template; all other paths are one."""

    def ask_all(server: HttpServer, number: int) -> None:
        server.http.get(f"/nowhere{number}")
        server.http.get(f"/v1/roles/role{number}")
        server.http.request(f"X{number}", "/infer")
        server.exchange(session=f"s{number}", requests=[])

    with FakeDaemon(endpoint, tells), serve_http(endpoint) as server:
        shown(server)
        ask_all(server, 0)
        before = shown(server).series
        for number in range(1, 30):
            ask_all(server, number)
        assert shown(server).series == before
    routes = {dict(labels)["route"] for name, labels in before if name == "llm_agentd_http_requests_total"}
    assert routes >= {"other", "/v1/roles/{name}", "/v1/exchange", "/metrics"}


async def answer_at_once(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200})


async def fail(scope: Scope, receive: Receive, send: Send) -> None:
    raise ZeroDivisionError


async def vanish(scope: Scope, receive: Receive, send: Send) -> None:
    """As where the client is gone before there is an answer."""


async def call(app: Any, metrics: HttpMetrics) -> None:
    async def send(_: Message) -> None: ...

    async def receive() -> Message:
        raise AssertionError

    await CountRequests(app, metrics)({"type": "http"}, receive, send)


def test_a_bug_counts_as_500_and_a_client_that_left_as_499() -> None:
    metrics = HttpMetrics()
    with pytest.raises(ZeroDivisionError):
        asyncio.run(call(fail, metrics))
    asyncio.run(call(vanish, metrics))
    found = Exposition(metrics.text(None, sessions=0, open_requests=0))
    assert requests_of(found, "other", 500) == requests_of(found, "other", 499) == 1


@pytest.mark.alone
def test_counting_an_http_request_takes_less_than_50_us() -> None:
    metrics = HttpMetrics()

    async def many(times: int) -> None:
        for _ in range(times):
            await call(answer_at_once, metrics)

    spent_s = min(timeit.repeat(lambda: asyncio.run(many(500)), number=1, repeat=10)) / 500
    print(f"\ncounting an HTTP request takes {spent_s * 1e6:.1f} us")
    assert spent_s < ONE_MAX_S
