"""The village's trace, the clients of both sides against real servers, and the benches at their smallest."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count, islice, repeat
from pathlib import Path

import orjson
import pytest

from llm_agentd.bench import runner
from llm_agentd.bench.load import clients
from llm_agentd.bench.load.trace import TraceRequest, requests, system_text, timed, untimed
from llm_agentd.bench.result import Options
from llm_agentd.config import Config
from llm_agentd.engines import open_engine
from llm_agentd.errors import StartError
from llm_agentd.types import Message, Sampling

ONE = TraceRequest(1, 0, "You are Bram.", "Hello!", seed=3, priority="spoken")


def test_the_trace_is_the_same_each_time_and_has_its_shares() -> None:
    trace = untimed(300)
    assert trace == untimed(300)
    distinct = {request.content for request in trace}
    assert 195 <= len(distinct) <= 233, "about 214"
    assert len({request.system for request in trace}) > 40, "50 NPCs"
    spoken = sum(request.priority == "spoken" for request in trace) / len(trace)
    assert 0.13 < spoken < 0.27


def test_bursts_come_at_their_rate() -> None:
    trace = timed(20, 60)
    assert 900 < len(trace) < 1500
    assert trace == sorted(trace, key=lambda request: request.at_s)
    assert len({request.at_s for request in trace}) < len(trace) / 3, "several in one tick"


@pytest.mark.slow
def test_prompts_have_the_size_the_issue_names() -> None:
    engine = open_engine("llama", threads=1, max_num_seqs=1)
    sizes = []
    for request in islice(requests(repeat_share=0), 20):
        messages = [Message(turn["role"], turn["content"]) for turn in request.messages]
        sizes.append(len(engine.encode(None, messages, Sampling())))
    engine.close()
    assert 290 <= sum(sizes) / len(sizes) <= 330, sizes
    assert system_text(3) != system_text(4)


class Sse(BaseHTTPRequestHandler):
    """Speaks as OpenAI does, with llama-server's timings."""

    asked: list[dict[str, object]] = []  # noqa: RUF012
    refuse = False
    last: bytes = b""  # instead of a proper end

    def do_POST(self) -> None:
        self.asked.append(orjson.loads(self.rfile.read(int(self.headers["content-length"]))))
        if self.refuse:
            self.send_error(503)
            return
        self.send_response(200)
        self.end_headers()
        chunks = [
            {"choices": [{"delta": {"role": "assistant", "content": None}}]},
            {"choices": [{"delta": {"content": "Good "}}]},
            {"choices": [{"delta": {"content": "day."}}]},
            {"choices": [{"delta": {}, "finish_reason": "length"}]},
            {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2}, "timings": {"cache_n": 5}},
        ]
        if self.last:
            self.wfile.write(b"data: " + orjson.dumps(chunks[1]) + b"\n\n" + self.last)
            return
        for chunk in chunks:
            self.wfile.write(b"data: " + orjson.dumps(chunk) + b"\n\n")
        self.wfile.write(b"data: [DONE]\n\n")

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"data": [{"id": "hearthling"}]}')

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def upstream() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sse)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Sse.asked, Sse.refuse, Sse.last = [], False, b""
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_an_openai_server_is_asked_and_timed(upstream: str) -> None:
    client = clients.OpenAiClient(upstream + "/v1")
    answers, wall_s = clients.closed_loop(client, [ONE] * 5, 2)
    client.close()
    assert len(answers) == 5
    assert all(answer.ok and 0 < answer.first_s <= answer.done_s <= wall_s for answer in answers)
    assert answers[0].tokens == {"prompt": 9, "generated": 2, "reused": 5}
    assert Sse.asked[0]["messages"] == ONE.messages
    assert Sse.asked[0]["model"] == "hearthling"
    assert (Sse.asked[0]["seed"], Sse.asked[0]["max_tokens"]) == (3, 32)


def test_a_server_that_refuses_is_counted(upstream: str) -> None:
    Sse.refuse = True
    client = clients.OpenAiClient(upstream)
    answers, _ = clients.closed_loop(client, [ONE], 1)
    client.close()
    assert not answers[0].ok
    assert "503" in answers[0].error


@pytest.mark.parametrize(
    ("last", "why"),
    [
        (b'data: {"error": {"code": 500, "message": "no room"}}\n\n', "no room"),
        (b"data: {nonsense\n\n", "JSON"),
        (b"\n", "broke off"),
    ],
)
def test_a_stream_that_goes_wrong_is_a_failure(upstream: str, last: bytes, why: str) -> None:
    Sse.last = last
    client = clients.OpenAiClient(upstream)
    client.send(ONE)
    (answer,) = client.receive(10)
    client.close()
    assert not answer.ok
    assert why in answer.error


def test_background_that_fails_is_told_and_not_asked_again(upstream: str) -> None:
    Sse.refuse = True
    client = clients.OpenAiClient(upstream)
    busy = (replace(ONE, number=number, priority="background") for number in count())
    heard = clients.saturate(client, busy, 2, repeat(ONE), every_s=10, seconds=0.2)
    client.close()
    assert [answer.ok for answer in heard] == [False, False]


@pytest.mark.slow
def test_a_side_that_answers_nothing_is_named(upstream: str) -> None:
    Sse.refuse = True
    with pytest.raises(StartError, match=r"answered nothing: .*503"):
        runner.run("village", Config(), Options(requests=2, clients=1, saturate_s=0, upstream=upstream))


@pytest.mark.slow
def test_village(upstream: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = tmp_path / "village.json"
    options = Options(requests=6, clients=3, saturate_s=2.5, upstream=upstream)
    assert runner.run("village", Config(), options, json_file=written, plot_dir=tmp_path) == 0
    report = orjson.loads(written.read_bytes())
    assert {"requests_per_s", "first_text_p95", "spoken_first_text_p95", "vs_bare"} <= set(report["ratios"])
    assert all(ratio > 0 for ratio in report["ratios"].values())
    assert (tmp_path / "village.png").read_bytes().startswith(b"\x89PNG")
    assert "spoken while saturated" in " ".join(capsys.readouterr().out.split())


@pytest.mark.slow
def test_village_at_a_rate(tmp_path: Path) -> None:
    written = tmp_path / "village.json"
    options = Options(rate=20, seconds=0.5, saturate_s=0.1)
    assert runner.run("village", Config(), options, json_file=written) == 0
    assert orjson.loads(written.read_bytes())["figures"]["bare_requests_per_s"] > 0
