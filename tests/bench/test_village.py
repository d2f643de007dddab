"""The village's trace, the clients of both sides against real servers, and the benches at their smallest."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from itertools import count, islice, repeat
from pathlib import Path

import orjson
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from llm_agentd.bench import runner
from llm_agentd.bench.load import clients
from llm_agentd.bench.load.trace import TraceRequest, requests, system_text, timed, untimed
from llm_agentd.bench.result import Options
from llm_agentd.bench.village import Side, _memory_ratio
from llm_agentd.config import Config
from llm_agentd.engines import open_engine
from llm_agentd.errors import StartError
from llm_agentd.types import Message, Sampling

ONE = TraceRequest(1, 0, "You are Bram.", "Hello!", seed=3, priority="spoken")


def test_trace_is_the_same_each_time_and_has_its_shares() -> None:
    trace = untimed(300)
    assert trace == untimed(300)
    distinct = {request.content for request in trace}
    assert 195 <= len(distinct) <= 233, "about 214"
    assert len({request.system for request in trace}) > 40, "50 NPCs"
    spoken = sum(request.priority == "spoken" for request in trace) / len(trace)
    assert 0.13 < spoken < 0.27


def test_timed_trace_has_bursts_at_its_rate() -> None:
    trace = timed(20, 60)
    assert 900 < len(trace) < 1500
    assert trace == sorted(trace, key=lambda request: request.at_s)
    assert len({request.at_s for request in trace}) < len(trace) / 3, "several in one tick"


@pytest.mark.slow
def test_prompts_have_about_310_tokens() -> None:
    engine = open_engine("llama", threads=1, max_num_seqs=1)
    sizes = []
    for request in islice(requests(repeat_share=0), 20):
        messages = [Message(turn["role"], turn["content"]) for turn in request.messages]
        sizes.append(len(engine.encode(None, messages, Sampling())))
    engine.close()
    assert 290 <= sum(sizes) / len(sizes) <= 330, sizes
    assert system_text(3) != system_text(4)


CHUNKS = [
    {"choices": [{"delta": {"role": "assistant", "content": None}}]},
    {"choices": [{"delta": {"content": "Good "}}]},
    {"choices": [{"delta": {"content": "day."}}]},
    {"choices": [{"delta": {}, "finish_reason": "length"}]},
    {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2}, "timings": {"cache_n": 5}},
]


def sse(*events: bytes) -> Response:
    return Response(iter([b"data: " + event + b"\n\n" for event in events]), content_type="text/event-stream")


def complete(_: Request) -> Response:
    """As OpenAI streams, with llama-server's timings."""
    return sse(*map(orjson.dumps, CHUNKS), b"[DONE]")


@pytest.fixture
def upstream(httpserver: HTTPServer) -> HTTPServer:
    """A server of OpenAI's shape; tests say how it answers completions."""
    httpserver.expect_request("/v1/models").respond_with_json({"data": [{"id": "hearthling"}]})
    return httpserver


def answers_with(upstream: HTTPServer, answer: Callable[[Request], Response]) -> str:
    """The server's URL."""
    upstream.expect_request("/v1/chat/completions", method="POST").respond_with_handler(answer)
    return upstream.url_for("/")


def refuse(_: Request) -> Response:
    return Response("busy", 503)


def test_openai_client_sends_the_request_and_times_the_answer(upstream: HTTPServer) -> None:
    with closing(clients.OpenAiClient(answers_with(upstream, complete) + "v1")) as client:
        answers, wall_s = clients.closed_loop(client, [ONE] * 5, 2)
    assert len(answers) == 5
    assert all(answer.ok and 0 < answer.first_s <= answer.done_s <= wall_s for answer in answers)
    assert answers[0].tokens == {"prompt": 9, "generated": 2, "reused": 5}
    sent = next(request.json for request, _ in upstream.log if request.method == "POST")
    assert sent["messages"] == ONE.messages
    assert sent["model"] == "hearthling"
    assert (sent["seed"], sent["max_tokens"]) == (3, 32)


def test_openai_client_refused_gives_a_failed_answer(upstream: HTTPServer) -> None:
    with closing(clients.OpenAiClient(answers_with(upstream, refuse))) as client:
        answers, _ = clients.closed_loop(client, [ONE], 1)
    assert not answers[0].ok
    assert "503" in answers[0].error


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        ([b'{"error": {"code": 500, "message": "no room"}}'], "no room"),
        ([b"{nonsense"], "JSON"),
        ([], "broke off"),
    ],
    ids=["error", "no-json", "no-end"],
)
def test_openai_client_gives_a_failed_answer_for_a_broken_stream(
    upstream: HTTPServer, last: list[bytes], reason: str
) -> None:
    url = answers_with(upstream, lambda _: sse(orjson.dumps(CHUNKS[1]), *last))
    with closing(clients.OpenAiClient(url)) as client:
        client.send(ONE)
        (answer,) = client.receive(10)
    assert not answer.ok
    assert reason in answer.error


def test_saturate_counts_failed_background_requests_once(upstream: HTTPServer) -> None:
    busy = (replace(ONE, number=number, priority="background") for number in count())
    with closing(clients.OpenAiClient(answers_with(upstream, refuse))) as client:
        heard = clients.saturate(client, busy, 2, repeat(ONE), every_s=10, seconds=0.2)
    assert [answer.ok for answer in heard] == [False, False]


@pytest.mark.slow
def test_village_names_a_server_that_answers_nothing(upstream: HTTPServer) -> None:
    options = Options(requests=2, clients=1, saturate_s=0, upstream=answers_with(upstream, refuse))
    with pytest.raises(StartError, match=r"answered nothing: .*503"):
        runner.run("village", Config(), options)


@pytest.mark.slow
def test_village_compares_two_servers(upstream: HTTPServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = tmp_path / "village.json"
    options = Options(requests=6, clients=3, saturate_s=2.5, upstream=answers_with(upstream, complete))
    assert runner.run("village", Config(), options, json_file=written, plot_dir=tmp_path) == 0
    report = orjson.loads(written.read_bytes())
    assert {"requests_per_s", "first_text_p95", "spoken_first_text_p95", "vs_bare"} <= set(report["ratios"])
    assert all(ratio > 0 for ratio in report["ratios"].values())
    assert (tmp_path / "village.png").read_bytes().startswith(b"\x89PNG")
    assert "spoken while saturated" in " ".join(capsys.readouterr().out.split())


@pytest.mark.slow
def test_village_at_a_rate_reports_the_bare_loop(tmp_path: Path) -> None:
    written = tmp_path / "village.json"
    options = Options(rate=20, seconds=0.5, saturate_s=0.1)
    assert runner.run("village", Config(), options, json_file=written) == 0
    assert orjson.loads(written.read_bytes())["figures"]["bare_requests_per_s"] > 0


def test_memory_is_compared_at_equal_width() -> None:
    ours = Side("ours", (), 1.0, (), 300, width=8)
    others = [Side("4", (), 1.0, (), 150, width=4), Side("8", (), 1.0, (), 250, width=8)]
    assert _memory_ratio(ours, others) == {"memory": 1.2}
    assert _memory_ratio(ours, others[:1]) == {}
