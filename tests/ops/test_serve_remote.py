"""`serve` with `model.engine: openai`, as processes, against a real server that comes late, goes, and refuses."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.client import Client
from llm_agentd.errors import DeadlineExceeded, Overloaded, Unavailable
from tests.ops.test_serve import WAIT_S, Served
from tests.support.upstream import Fault, Upstream, refusal

pytestmark = pytest.mark.slow

KEY = "sk-only-for-this-test-4711"
THINK: dict[str, Any] = {
    "npc": {"id": "bram", "name": "Bram", "role": "smith"},
    "player": "Robin",
    "utterance": "Good evening!",
    "actions": [{"name": "wave", "description": "waves"}],
}


def start(folder: Path, upstream: Upstream, *sets: str) -> Served:
    one = {"base_url": upstream.base_url, "model": "qwen", "api_key_env": "QWEN_KEY", "name": "basement"}
    return Served(folder, "model.engine=openai", f"remote.upstreams={json.dumps([one])}", *sets)


@pytest.fixture(scope="module")
def shared_upstream() -> Iterator[Upstream]:
    with Upstream(model="qwen", key=KEY, context_tokens=4096) as running:
        yield running


@pytest.fixture(scope="module")
def served(shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One daemon for all tests that leave it as it was."""
    folder = tmp_path_factory.mktemp("served")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("STATE_DIRECTORY", str(folder / "state"))
        patched.setenv("QWEN_KEY", KEY)
        served = start(folder, shared_upstream)
    yield served
    served.stop()


@pytest.fixture
def upstream(shared_upstream: Upstream) -> Iterator[Upstream]:
    """Of `served`; as it was, after the test."""
    shared_upstream.calls.clear()
    shared_upstream.disconnects = 0
    yield shared_upstream
    shared_upstream.fault = Fault()


def test_all_that_npcs_say_comes_from_the_server(upstream: Upstream, served: Served) -> None:
    assert "model=qwen engine=openai" in served.ready
    done = served.request("think", **THINK)
    assert done["text"]
    assert done["model"] == "qwen"
    assert done["usage"]["completion_tokens"] > 3
    (asked,) = upstream.calls
    assert asked.headers["x-session-id"] == "bram"
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.body["response_format"]["type"] == "json_schema"
    assert "wave" in asked.body["messages"][0]["content"]
    raw = served.request("infer", prompt="Once upon a time", cache="off")
    assert raw["text"]

    info = served.request("info")["info"]
    assert (info["engine"], info["model"], info["context_tokens"]) == ("openai", "qwen", 4096)
    assert info["is_remote"]
    metrics = served.request("metrics")["text"]
    assert 'llm_agentd_upstream_requests_total{upstream="basement"} 2.0' in metrics
    assert f"llm_agentd_prompt_tokens_total {_prompt_tokens(metrics)}" in metrics
    with served.http() as http:
        shown = http.get("/info").text + http.get("/metrics").text + json.dumps(served.request("stats"))
    log = served.errors.read_text()
    assert KEY not in shown + log
    assert "context of 4096 tokens" in log
    assert "HTTP Request" not in log, "one line a call, with an address that may hold a password"


def _prompt_tokens(metrics: str) -> str:
    """As the server reported them, which the pool counted: the estimate is in no metric."""
    name = 'llm_agentd_upstream_tokens_total{kind="prompt",upstream="basement"}'
    line = next(line for line in metrics.splitlines() if line.startswith(name))
    return line.rpartition(" ")[2]


def test_server_that_is_down_at_start_stops_nothing_and_is_asked_once_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    monkeypatch.setenv("QWEN_KEY", KEY)
    down = Upstream(model="qwen", key=KEY).reserve()
    served = start(tmp_path, down, "http.enabled=false")
    assert served.ready.startswith("ready ")
    with pytest.raises(Unavailable) as caught:
        served.request("think", **THINK)
    assert "nobody answers" in caught.value.message
    assert caught.value.retry_after_ms
    down.start()
    ends_s = time.monotonic() + WAIT_S
    try:
        while True:  # its breaker is open for some seconds
            with suppress(Unavailable):
                assert served.request("think", **THINK)["text"]
                break
            assert time.monotonic() < ends_s
            time.sleep(0.2)
        # A key that is not taken any more is told with the cure, and without the key.
        down.key = "another"
        with pytest.raises(Unavailable) as caught:
            served.request("think", **THINK, cache="off")
        assert "QWEN_KEY" in caught.value.message
        assert KEY not in caught.value.message + served.errors.read_text()
    finally:
        down.kill()
        served.stop()


def test_cancel_of_a_client_closes_the_stream_of_the_server(upstream: Upstream, served: Served) -> None:
    upstream.fault = Fault(hang_after=3)
    with Client(served.endpoint) as client:
        with client.stream("Once upon a time"):
            upstream.wait_for(lambda: upstream.open == 1)
        upstream.wait_for(lambda: upstream.disconnects == 1)


def test_deadline_that_passes_closes_the_stream_of_the_server(upstream: Upstream, served: Served) -> None:
    upstream.fault = Fault(hang_after=0)
    with pytest.raises(DeadlineExceeded):
        served.request("think", **THINK, deadline_ms=300)
    upstream.wait_for(lambda: upstream.disconnects == 1)


def test_server_that_asks_to_wait_is_passed_on(upstream: Upstream, served: Served) -> None:
    upstream.fault = refusal(429, "slow down", retry_after_s=60)
    with pytest.raises(Overloaded, match="slow down") as caught:
        served.request("think", **THINK)
    assert caught.value.retry_after_ms == 60_000


def test_budget_is_warned_of_used_to_the_last_and_kept_over_a_restart(
    shared_upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    monkeypatch.setenv("QWEN_KEY", KEY)
    limits = ("http.enabled=false", "remote.daily_tokens=600", "remote.warn_share=0.01", "cache.enabled=false")
    served = start(tmp_path, shared_upstream, *limits)
    try:
        for _ in range(100):  # each takes 20 tokens or so
            try:
                served.request("infer", prompt="Once upon a time", max_tokens=40)
            except Overloaded as error:
                refused = error
                break
        assert "over the daily budget of 600 tokens" in refused.message
        assert refused.retry_after_ms
        (warned,) = [one for one in served.request("events", after=0)["events"] if one["kind"] == "budget"]
        assert (warned["period"], warned["limit"]) == ("day", 600)
        told = served.request("stats")["stats"]["remote"]["budget"]["day"]
        assert (told["warning"], 0 <= told["left"] < 150, told["used"] + told["left"]) == (True, True, 600)
    finally:
        served.stop()
    served = start(tmp_path, shared_upstream, *limits)
    try:
        with pytest.raises(Overloaded, match="over the daily budget of 600 tokens"):
            served.request("infer", prompt="Once upon a time", max_tokens=40)
        assert served.request("stats")["stats"]["remote"]["budget"]["day"]["used"] == told["used"]
    finally:
        served.stop()
    assert served.errors.read_text().count("of the daily budget of 600 are used") == 1
