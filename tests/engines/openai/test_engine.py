"""The `openai` engine against the contract of all engines, with a real server behind it, and what only it has."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.config.remote import Upstream as UpstreamConfig
from llm_agentd.engines.base import Engine, Piece
from llm_agentd.engines.openai.api.form import WantedForm
from llm_agentd.engines.openai.budget import Limits
from llm_agentd.engines.openai.budget.file import FileBudget
from llm_agentd.engines.openai.engine import RemoteEngine
from llm_agentd.engines.openai.facts import CONTEXT_TOKENS, context_of
from llm_agentd.engines.openai.pool import Pool
from llm_agentd.engines.openai.target import Chunk
from llm_agentd.engines.openai.transport import Transport
from llm_agentd.engines.openai.upstream import upstreams_of
from llm_agentd.errors import BadRequest, EngineFailed, Overloaded, TooLarge, Unavailable
from llm_agentd.types import Message, Sampling, Usage
from tests.engines.contract import GREEDY, EngineContract, data, drain, run, talk
from tests.support.upstream import Fault, Upstream, refusal
from tests.support.wait import wait_until

Open = Callable[..., RemoteEngine]
NO_LIMITS = Limits()


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream(context_tokens=256) as running:
        yield running


@pytest.fixture
def open_remote(tmp_path: Path) -> Iterator[Open]:
    """An engine over these servers; it is closed after the test."""
    opened: list[RemoteEngine] = []

    def open_one(*upstreams: Upstream, limits: Limits = NO_LIMITS, max_parallel: int = 16, **more: Any) -> RemoteEngine:
        configured = [
            UpstreamConfig(base_url=one.base_url, model=one.model, max_parallel=max_parallel) for one in upstreams
        ]
        transport = Transport()
        pool = Pool(upstreams_of(configured, {}), transport, FileBudget(tmp_path / "budget.db", limits))
        opened.append(RemoteEngine(pool, transport, **more))
        return opened[-1]

    yield open_one
    for engine in opened:
        engine.close()


def failure(engine: Engine, text: str = "hello", sampling: Sampling = GREEDY) -> Piece:
    (piece,) = run(engine, text, sampling)
    assert piece.finish == "failed"
    return piece


class TestRemote(EngineContract):
    """One place at the server, so that it is an engine of one sequence: how many run at once is the server's business,
    and none of them waits for a step of another.
    """

    @pytest.fixture
    def engine(self, upstream: Upstream, open_remote: Open) -> RemoteEngine:
        self.upstream = upstream
        return open_remote(upstream, max_parallel=1, context_tokens=256)

    @pytest.fixture
    def varied(self, engine: RemoteEngine) -> RemoteEngine:
        return engine

    @pytest.fixture
    def failing_once(self, engine: RemoteEngine, upstream: Upstream) -> RemoteEngine:
        upstream.faults = [refusal(400, "no")]
        return engine

    def test_characters_cut_between_pieces_join(self, engine: Engine) -> None:
        """They come whole: JSON holds no halves."""
        pieces = run(engine, "hello")
        assert "".join(piece.data.decode() for piece in pieces)

    def test_max_tokens_finishes_with_length(self, engine: Engine) -> None:
        """Its last piece has no data, as the end comes in a message of its own."""
        whole = run(engine, "hello")
        pieces = run(engine, "hello", replace(GREEDY, max_tokens=3))
        assert pieces[-1].finish == "length"
        assert pieces[-1].usage is not None
        assert pieces[-1].usage.completion_tokens == 3
        assert data(pieces)
        assert data(whole).startswith(data(pieces))

    def test_full_context_finishes_with_length(self, varied: Engine) -> None:
        """No more is asked for than there is room for behind the prompt."""
        prompt = "b" * (4 * 250)
        sampling = replace(GREEDY, max_tokens=1000)
        varied.start(0, varied.encode(prompt, None, sampling), sampling)
        assert drain(varied, 0)[0][-1].finish == "length"
        assert self.upstream.calls[-1].body["max_tokens"] == 6

    def test_longest_prompt_that_fits_gives_one_token(self, engine: Engine) -> None:
        engine.start(0, engine.encode("b" * (4 * 255), None, GREEDY), GREEDY)
        assert drain(engine, 0)[0][-1].finish == "length"
        with pytest.raises(TooLarge):
            engine.encode("b" * (4 * 256), None, GREEDY)

    def test_last_step_counts_prompt_tokens_and_sequences(self, varied: Engine) -> None:
        """It does not: nothing is computed here, so no step of it may teach the latency estimate."""
        run(varied, "hello")
        assert varied.last_step.num_seqs == varied.last_step.prompt_tokens == 0
        assert varied.time_step(1) > 0

    @pytest.mark.parametrize("schema", [{"type": "nonsense"}, {"type": "object", "properties": 3}], ids=str)
    def test_bad_schema_is_refused(self, engine: Engine, schema: dict[str, Any]) -> None:
        super().test_bad_schema_is_refused(engine, schema)

    def test_schema_that_only_the_server_knows_to_be_bad_is_the_clients_fault(
        self, engine: Engine, upstream: Upstream
    ) -> None:
        piece = failure(engine, sampling=Sampling(json_schema={"$ref": "#/nowhere"}))
        assert isinstance(piece.answer, BadRequest)
        assert piece.answer.message.startswith("json_schema: ")


def test_last_piece_has_usage_and_the_answering_model(upstream: Upstream, open_remote: Open) -> None:
    upstream.model = "tiny-instruct-v2"
    upstream.cached_tokens = 4
    last = run(open_remote(upstream), "hello")[-1]
    assert last.model == "tiny-instruct-v2"
    assert last.usage is not None
    assert last.usage.reused_tokens == 4
    assert last.usage.completion_tokens > 5


def test_hundreds_of_sequences_run_at_once_and_none_waits_for_another(upstream: Upstream, open_remote: Open) -> None:
    upstream.fault = Fault(hang_after=1)
    engine = open_remote(upstream, max_parallel=200)
    assert engine.info.max_num_seqs == 200
    for seq in range(199):
        engine.start(seq, engine.encode(None, talk("wait"), GREEDY), GREEDY)
    upstream.wait_for(lambda: upstream.open == 199)
    upstream.fault = Fault()
    engine.start(199, engine.encode(None, talk("hello"), GREEDY), GREEDY)
    assert data(drain(engine, 199)[199])
    for seq in range(199):
        engine.stop(seq)
    upstream.wait_for(lambda: upstream.disconnects == 199)


def test_stop_closes_the_stream_of_the_server_and_drops_what_was_on_its_way(
    upstream: Upstream, open_remote: Open
) -> None:
    upstream.faults = [Fault(hang_after=5)]
    engine = open_remote(upstream)
    engine.start(0, engine.encode(None, talk("first"), GREEDY), GREEDY)
    wait_until(lambda: len(engine._arrived) > 2)
    engine.stop(0)
    upstream.wait_for(lambda: upstream.disconnects == 1)
    pieces = run(engine, "second")
    assert "second" in data(pieces).decode()
    assert "first" not in data(pieces).decode()


def test_close_ends_the_streams_of_the_server(upstream: Upstream, open_remote: Open) -> None:
    upstream.fault = Fault(hang_after=2)
    engine = open_remote(upstream)
    for seq in range(3):
        engine.start(seq, engine.encode(None, talk("hello"), GREEDY), GREEDY)
    upstream.wait_for(lambda: upstream.open == 3)
    engine.close()
    upstream.wait_for(lambda: upstream.open == 0)


def test_wake_ends_a_step_that_waits(upstream: Upstream, open_remote: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llm_agentd.engines.openai.engine.STEP_WAIT_MAX_S", 60.0)
    upstream.fault = Fault(hang_after=0)
    engine = open_remote(upstream)
    engine.start(0, engine.encode(None, talk("hello"), GREEDY), GREEDY)
    upstream.wait_for(lambda: upstream.open == 1)
    engine.wake()
    began_s = time.monotonic()
    assert engine.step() == []
    assert time.monotonic() - began_s < 10


def test_session_goes_to_the_server(upstream: Upstream, open_remote: Open) -> None:
    engine = open_remote(upstream)
    engine.start(0, engine.encode(None, talk("hello"), GREEDY), GREEDY, session_id="bram")
    drain(engine, 0)
    assert upstream.calls[0].headers["x-session-id"] == "bram"


# -- what fails --------------------------------------------------------------------------------------


def test_server_that_is_down_is_unavailable_until_it_is_there(open_remote: Open) -> None:
    down = Upstream().reserve()
    engine = open_remote(down, timeout_s=0.4)
    answer = failure(engine).answer
    assert isinstance(answer, Unavailable)
    assert answer.retry_after_ms
    down.start()
    try:
        wait_until(lambda: run(engine, "hello")[-1].finish == "stop")
    finally:
        down.kill()


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (refusal(429, "slow down", retry_after_s=90), Overloaded),
        (refusal(503, "loading"), Unavailable),
        (refusal(401, "Incorrect key"), Unavailable),
        (refusal(400, "no such thing"), EngineFailed),
        (refusal(400, "This model's maximum context length is 12 tokens"), TooLarge),
        (Fault(cut_after=4), EngineFailed),
        (Fault(raw=[b"<html>"], content_type="text/html"), EngineFailed),
    ],
    ids=["429", "503", "401", "400", "context", "cut", "garbage"],
)
def test_failure_is_answered_as_what_it_is(
    upstream: Upstream, open_remote: Open, fault: Fault, expected: type[Exception]
) -> None:
    upstream.fault = fault
    engine = open_remote(upstream, timeout_s=0.3)
    last = run(engine, "hello")[-1]
    assert type(last.answer) is expected, last.answer
    if expected is Overloaded:
        assert last.answer.retry_after_ms == 90_000


def test_over_budget_is_overloaded_and_names_the_budget(upstream: Upstream, open_remote: Open) -> None:
    engine = open_remote(upstream, limits=Limits(day=100))
    answer = failure(engine, "word " * 40).answer
    assert isinstance(answer, Overloaded)
    assert "daily budget of 100 tokens" in answer.message
    assert not upstream.calls


def test_bug_in_a_call_fails_it_alone_and_is_logged(
    upstream: Upstream, open_remote: Open, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_remote(upstream)
    with monkeypatch.context() as patched, caplog.at_level(logging.ERROR):
        patched.setattr("llm_agentd.engines.openai.pool.Pool.stream", lambda *_: 1 / 0)
        assert isinstance(failure(engine).answer, EngineFailed)
    assert "ZeroDivisionError" in caplog.text
    assert run(engine, "hello")[-1].finish == "stop"


# -- what is known of servers ------------------------------------------------------------------------


def test_context_is_asked_for_and_known_once_the_server_is_there(
    open_remote: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("llm_agentd.engines.openai.facts.ASK_AGAIN_FIRST_S", 0.02)
    caplog.set_level(logging.DEBUG, "llm_agentd.engines.openai.facts")
    down = Upstream(context_tokens=777).reserve()
    engine = open_remote(down)
    wait_until(lambda: "asked again" in caplog.text)
    assert engine.info.context_tokens == CONTEXT_TOKENS
    assert engine.info.is_remote
    assert engine.info.model == "tiny"
    down.start()
    try:
        wait_until(lambda: engine.info.context_tokens == 777)
        assert open_remote(down, context_tokens=300, model_id="mine").info.context_tokens == 300
    finally:
        down.kill()


def test_context_that_the_admin_names_is_believed(upstream: Upstream, tmp_path: Path) -> None:
    configured = [UpstreamConfig(base_url=upstream.base_url, model="tiny", context_tokens=128)]
    transport = Transport()
    pool = Pool(upstreams_of(configured, {}), transport, FileBudget(tmp_path / "budget.db", NO_LIMITS))
    engine = RemoteEngine(pool, transport)
    try:
        upstream.wait_for(lambda: upstream.looked_up)
        run(engine, "hello")
        assert engine.info.context_tokens == 128
    finally:
        engine.close()


@pytest.mark.parametrize(
    ("row", "tokens"),
    [
        ({"id": "x", "max_model_len": 4096}, 4096),
        ({"id": "x", "meta": {"n_ctx_train": 131072, "n_ctx": 2048}}, 2048),
        ({"id": "x", "meta": {"n_ctx_train": 131072}}, 131072),
        ({"id": "x", "parameters": {"max_seq_len": 8192}}, 8192),
        ({"id": "x", "context_length": None, "meta": None}, 0),
        ({"id": "x"}, 0),
    ],
)
def test_context_is_read_as_servers_write_it(row: dict[str, Any], tokens: int) -> None:
    assert context_of(row) == tokens


def test_model_that_the_server_has_not_is_named_in_the_log(
    upstream: Upstream, open_remote: Open, caplog: pytest.LogCaptureFixture
) -> None:
    asked = Upstream(model="tinny")
    asked._port = upstream._port
    with caplog.at_level(logging.WARNING):
        open_remote(asked)
        wait_until(lambda: "did you mean 'tiny'" in caplog.text)


def test_fingerprint_is_the_models_and_not_the_servers(open_remote: Open) -> None:
    one, other, another = Upstream().reserve(), Upstream().reserve(), Upstream(model="big").reserve()
    prints = [open_remote(*several).info.fingerprint for several in ([one], [other], [one, other], [another])]
    assert len({*prints[:2]}) == 1
    assert prints[2] == prints[0]
    assert prints[3] != prints[0]


def test_schema_of_a_client_is_refused_once_the_server_is_known_to_have_none(
    upstream: Upstream, open_remote: Open
) -> None:
    upstream.refuses = {"json_schema"}
    engine = open_remote(upstream)
    schema = {"type": "object"}
    assert "json_schema" in engine.info.features
    ours = replace(GREEDY, json_schema=schema, is_schema_optional=True)
    assert run(engine, "hello", ours)[-1].finish == "stop"
    wait_until(lambda: "json_schema" not in engine.info.features)
    with pytest.raises(BadRequest, match="json_schema"):
        engine.encode(None, [Message("user", "x")], replace(ours, is_schema_optional=False))
    assert engine.encode(None, [Message("user", "x")], ours)


def test_schema_that_the_server_passes_over_fails_a_client_and_not_a_think(
    upstream: Upstream, open_remote: Open
) -> None:
    upstream.obeys_schemas = False
    engine = open_remote(upstream)
    wanted = replace(GREEDY, json_schema={"type": "object", "required": ["say"]})
    last = run(engine, "hello", wanted)[-1]
    assert isinstance(last.answer, BadRequest)
    assert "passed over" in last.answer.message
    assert run(engine, "hello", replace(wanted, max_tokens=3))[-1].finish == "length"
    assert run(engine, "hello", replace(wanted, is_schema_optional=True))[-1].finish == "stop"


@pytest.mark.parametrize(
    ("schema", "text", "is_followed"),
    [
        ({"type": "object", "required": ["a"]}, '{"a": 1}', True),
        ({"type": "object", "required": ["a"]}, '{"b": 1}', False),
        ({"type": "object"}, "[1]", False),
        ({"type": "number"}, "1.5", True),
        ({"type": "integer"}, "1.5", False),
        ({"enum": ["x"]}, '"x"', True),
        ({}, "Well met.", False),
        ({}, "[" * 100_000, False),
    ],
)
def test_reply_is_held_against_the_schema(schema: dict[str, Any], text: str, is_followed: bool) -> None:
    form = WantedForm(schema)
    form.feed(Chunk(text))
    with nullcontext() if is_followed else pytest.raises(BadRequest, match="json_schema"):
        form.feed(Chunk("", "stop"))


def test_usage_is_of_the_last_piece_alone(upstream: Upstream, open_remote: Open) -> None:
    upstream.reports_usage_on_the_way = True
    pieces = run(open_remote(upstream), "hello")
    assert {piece.usage for piece in pieces[:-1]} == {None}
    assert isinstance(pieces[-1].usage, Usage)
