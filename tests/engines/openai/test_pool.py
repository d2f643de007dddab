"""Several servers as one: the choice, the retry loop, and what each end of a call means for breaker and budget.

The servers are scripts here, on a fake clock; `test_pool_servers.py` has real ones.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from llm_agentd.config.remote import Upstream as Configured
from llm_agentd.engines.openai import pool as pool_module
from llm_agentd.engines.openai.attempt import LEAST_TOKENS, UNSEEN_TOKENS
from llm_agentd.engines.openai.breaker import FAILURES_MAX, OPEN_FIRST_S, REFUSED_FIRST_S
from llm_agentd.engines.openai.budget import Limits, OverBudget
from llm_agentd.engines.openai.budget.database import read_counts
from llm_agentd.engines.openai.budget.file import FileBudget
from llm_agentd.engines.openai.pool import PAUSE_FIRST_S, TRIES_MAX, Pool
from llm_agentd.engines.openai.target import Call, Chunk, ReportedUsage, Target, UpstreamError
from llm_agentd.engines.openai.token_bound import PER_MESSAGE, PER_PROMPT, PromptBounds
from llm_agentd.engines.openai.upstream import RESTED_S, upstreams_of
from llm_agentd.types import Message, Sampling

pytestmark = pytest.mark.anyio

CALL = Call((Message("user", "Hello"),), None, Sampling(max_tokens=100), timeout_s=30.0)
BOUND = PromptBounds().of(CALL)
USAGE = ReportedUsage(20, 30, 5)
NOW_S = 1_800_000_000.0
Step: TypeAlias = "Chunk | Exception | asyncio.Event"
WHOLE: list[Step] = [Chunk("Good day."), Chunk(finish="stop", usage=USAGE, model="big")]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def failure(status: int | None = None, kind: Any = "status", **more: Any) -> UpstreamError:
    is_retryable = more.pop("is_retryable", status is None or status in (408, 429) or status >= 500)
    return UpstreamError(kind, f"failed with {status}", status=status, is_retryable=is_retryable, **more)


class Servers:
    """A transport: each server plays its scripts one after the other, and its last one for ever."""

    def __init__(self, **scripts: list[list[Step]]) -> None:
        self.scripts = scripts
        self.asked: list[str] = []
        self.calls: list[Call] = []
        self.targets: list[Target] = []
        self.closed = 0  # streams that were closed in the midst

    async def stream(self, target: Target, call: Call) -> AsyncGenerator[Chunk]:
        name = target.model
        self.asked.append(name)
        self.calls.append(call)
        self.targets.append(target)
        scripts = self.scripts.get(name) or [WHOLE]
        script = scripts.pop(0) if len(scripts) > 1 else scripts[0]
        is_whole = False
        try:
            for step in script:
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, asyncio.Event):
                    await step.wait()
                    continue
                yield step
            is_whole = True
        finally:
            self.closed += not is_whole

    async def close(self) -> None:
        pass


class Bench:
    """A pool of servers `a`, `b` … on a clock that stands, but for the pauses."""

    def __init__(self, file: Path, servers: Servers, count: int = 1, limits: Limits | None = None, **more: Any) -> None:
        self.now_s = 1000.0
        self.pauses: list[float] = []
        self.asked = 0
        self.file = file
        self.servers = servers
        names = "abcdefgh"[:count]
        self.upstreams = upstreams_of(
            [
                Configured(base_url=f"http://127.0.0.1:1{at}", model=name, name=name, **more)
                for at, name in enumerate(names)
            ],
            {},
        )
        self.budget = FileBudget(file, limits or Limits(), now_s=lambda: NOW_S)
        self.pool = Pool(
            self.upstreams,
            servers,
            self.budget,
            clock=lambda: self.now_s,
            sleep=self.sleep,
            rng=random.Random(7),
        )

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now_s += seconds

    async def ask(self, session: str = "", **more: Any) -> list[Chunk]:
        self.asked += 1
        words = Message("user", f"He{self.asked:03}")  # as long as those of CALL, and new each time
        call = replace(CALL, messages=(words,), session_id=session, **more)
        async with asyncio.timeout(20), aclosing(self.pool.stream(call)) as chunks:
            return [chunk async for chunk in chunks]

    async def fail(self, **more: Any) -> UpstreamError:
        with pytest.raises(UpstreamError) as caught:
            await self.ask(**more)
        return caught.value

    def state(self, name: str = "a") -> str:
        return next(one.breaker.state() for one in self.upstreams if one.name == name)

    def used(self) -> int:
        counts = read_counts(self.file, NOW_S)
        assert counts is not None
        return counts.day_tokens


Make: TypeAlias = Callable[..., Bench]


@pytest.fixture
async def make(tmp_path: Path, anyio_backend: str) -> AsyncIterator[Make]:
    made: list[Bench] = []

    def bench(servers: Servers | None = None, count: int = 1, **more: Any) -> Bench:
        made.append(Bench(tmp_path / "budget.db", servers or Servers(), count, **more))
        return made[-1]

    yield bench
    for one in made:
        await one.pool.close()
        assert [upstream.running for upstream in one.upstreams] == [0] * len(one.upstreams)


# -- which server ------------------------------------------------------------------------------------


async def test_equal_servers_take_turns(make: Make) -> None:
    bench = make(count=3)
    for _ in range(9):
        await bench.ask()
    assert bench.servers.asked == ["a", "b", "c"] * 3


async def test_share_of_places_decides_not_their_number(make: Make) -> None:
    gate = asyncio.Event()
    waiting: list[Step] = [Chunk("…"), gate, *WHOLE]
    bench = make(Servers(a=[waiting], b=[waiting]), count=2)
    bench.upstreams[0].max_parallel, bench.upstreams[1].max_parallel = 4, 12
    tasks = []
    for _ in range(8):
        tasks.append(asyncio.ensure_future(bench.ask()))
        await until(lambda: len(bench.servers.asked) == len(tasks))
    assert Counter(bench.servers.asked) == {"a": 2, "b": 6}
    gate.set()
    await asyncio.gather(*tasks)


async def until(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not is_so():
            await asyncio.sleep(0.001)


async def test_session_comes_back_to_its_server_unless_that_is_clearly_busier(make: Make) -> None:
    gate = asyncio.Event()
    bench = make(Servers(a=[WHOLE, [Chunk("…"), gate, *WHOLE]]), count=2, max_parallel=8)
    await bench.ask("orm")
    tasks = []
    for _ in range(4):
        tasks.append(asyncio.ensure_future(bench.ask("orm")))
        await until(lambda: len(bench.servers.asked) == 1 + len(tasks))
    assert bench.servers.asked == ["a", "a", "a", "a", "b"]  # 3 of 8 places are more than a quarter
    await bench.ask("orm")
    assert bench.servers.asked[-1] == "b"  # where it was last
    gate.set()
    await asyncio.gather(*tasks)


async def test_session_whose_server_is_down_goes_to_another_and_stays_there(make: Make) -> None:
    bench = make(Servers(a=[WHOLE, [failure(503)], WHOLE]), count=2)
    for _ in range(4):
        await bench.ask("orm")
    assert bench.servers.asked == ["a", "a", "b", "b", "b"]


async def test_sessions_that_are_remembered_are_bounded(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "SESSIONS_MAX", 10)
    bench = make(count=2)
    for number in range(50):
        await bench.ask(f"npc {number}")
    assert len(bench.pool._sessions) == 10


async def test_full_servers_are_waited_for_in_turn_and_no_longer_than_the_call_has(make: Make) -> None:
    gate = asyncio.Event()
    bench = make(Servers(a=[[gate, *WHOLE]]), max_parallel=2)
    assert bench.pool.max_parallel == 2
    tasks = [asyncio.ensure_future(bench.ask()) for _ in range(5)]
    await until(lambda: len(bench.servers.asked) == 2)
    error = await bench.fail(timeout_s=0.01)
    assert (error.kind, error.message) == ("timeout", "all upstreams have as many requests as they may be sent")
    gate.set()
    await asyncio.gather(*tasks)
    assert len(bench.servers.asked) == 5


# -- another try -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [failure(kind="connect"), failure(408), failure(429), failure(500), failure(503), failure(kind="garbage")],
    ids=lambda error: f"{error.kind} {error.status}",
)
async def test_failure_before_the_first_text_is_tried_at_another_server_at_once(
    make: Make, error: UpstreamError
) -> None:
    bench = make(Servers(a=[[error]]), count=2)
    assert [chunk.text for chunk in await bench.ask()] == ["Good day.", ""]
    assert (bench.servers.asked, bench.pauses) == (["a", "b"], [])


async def test_pauses_have_full_jitter_and_grow_with_each_round(make: Make) -> None:
    ends: list[list[float]] = []
    for seed in range(40):
        bench = make(Servers(a=[[failure(500)]], b=[[failure(500)]]), count=2)
        bench.pool._rng.seed(seed)
        await bench.fail()
        assert len(bench.servers.asked) == TRIES_MAX
        ends.append(bench.pauses)
    assert {len(pauses) for pauses in ends} == {2}  # after each round over both
    for round_, most in enumerate((PAUSE_FIRST_S * 2, PAUSE_FIRST_S * 4)):
        drawn = [pauses[round_] for pauses in ends]
        assert 0 <= min(drawn) < most / 10
        assert most * 9 / 10 < max(drawn) <= most


async def test_retry_after_is_waited_for_and_other_calls_leave_the_server_alone(make: Make) -> None:
    bench = make(Servers(a=[[failure(429, retry_after_s=7)], WHOLE]))
    await bench.ask()
    assert bench.pauses == [7]
    bench = make(Servers(a=[[failure(429, retry_after_s=7)], WHOLE]), count=2)
    for _ in range(4):
        await bench.ask()
    assert bench.servers.asked == ["a", "b", "b", "b", "b"]
    bench.now_s += 7
    await bench.ask()
    assert bench.servers.asked[-1] == "a"


async def test_429_without_retry_after_rests_for_a_moment(make: Make) -> None:
    bench = make(Servers(a=[[failure(429)], WHOLE]))
    await bench.ask()
    assert bench.pauses == [RESTED_S]


@pytest.mark.parametrize("limit", [{"timeout_s": 5.0}, {"patience_s": 5.0}])
async def test_pause_that_would_outlast_the_call_is_not_begun(make: Make, limit: dict[str, float]) -> None:
    bench = make(Servers(a=[[failure(429, retry_after_s=7)]]))
    assert (await bench.fail(**limit)).status == 429
    assert (bench.pauses, len(bench.servers.asked)) == ([], 1)


async def test_try_that_the_call_had_no_time_for_does_not_hide_what_was_wrong(make: Make) -> None:
    gate = asyncio.Event()
    bench = make(Servers(a=[[failure(kind="garbage")], [gate, failure(kind="timeout")]]))
    failing = asyncio.ensure_future(bench.fail())
    await until(lambda: len(bench.servers.asked) == 2)
    bench.now_s += CALL.timeout_s
    gate.set()
    assert (await failing).kind == "garbage"


async def test_nothing_is_tried_again_after_the_first_text(make: Make) -> None:
    bench = make(Servers(a=[[Chunk("Good "), failure(kind="cut")]]), count=2)
    async with aclosing(bench.pool.stream(CALL)) as chunks:
        assert (await anext(chunks)).text == "Good "
        with pytest.raises(UpstreamError):
            await anext(chunks)
    assert bench.servers.asked == ["a"]


@pytest.mark.parametrize("status", [400, 422])
async def test_what_is_wrong_with_the_call_itself_is_not_tried_again(make: Make, status: int) -> None:
    bench = make(Servers(a=[[failure(status)]]), count=2)
    for _ in range(2 * FAILURES_MAX):
        bench.servers.scripts["b"] = [[failure(status)]]
        await bench.fail()
    assert len(bench.servers.asked) == 2 * FAILURES_MAX
    assert (bench.state("a"), bench.state("b")) == ("closed", "closed")


async def test_server_that_is_silent_is_given_up_for_another_in_half_of_the_time(make: Make) -> None:
    never = asyncio.Event()
    bench = make(Servers(a=[[never]]), count=2)
    chunks = await bench.ask(patience_s=0.1)
    assert (bench.servers.asked, chunks[-1].finish, bench.servers.closed) == (["a", "b"], "stop", 1)
    bench = make(Servers(a=[[never]], b=[[never]]), count=2)
    bench.servers.scripts["b"] = [[failure(503)]]
    tasks = [asyncio.ensure_future(bench.ask(patience_s=0.1))]
    await until(lambda: bench.servers.asked[:2] == ["a", "b"])
    tasks[0].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


# -- the breaker -------------------------------------------------------------------------------------


async def test_server_that_fails_is_left_alone_and_tried_by_one_call_later(make: Make) -> None:
    gate = asyncio.Event()
    bench = make(Servers(a=[[failure(kind="connect")]]))
    await bench.fail()
    assert bench.state() == "open"
    assert bench.pool.ready() == "all upstreams are down: a: failed with None (tried again in 5 s)"
    asked = len(bench.servers.asked)
    assert "all upstreams are down" in (await bench.fail()).message
    assert len(bench.servers.asked) == asked
    bench.now_s += OPEN_FIRST_S
    assert bench.pool.ready() == ""
    bench.servers.scripts["a"] = [[gate, *WHOLE], WHOLE]
    tasks = [asyncio.ensure_future(bench.ask()) for _ in range(4)]
    await until(lambda: len(bench.servers.asked) == asked + 1)
    await asyncio.sleep(0.01)
    assert (bench.state(), len(bench.servers.asked)) == ("half_open", asked + 1)
    gate.set()
    await asyncio.gather(*tasks)
    assert (bench.state(), len(bench.servers.asked)) == ("closed", asked + 4)


async def test_calls_that_wait_for_a_try_fail_with_it(make: Make) -> None:
    gate = asyncio.Event()
    bench = make(Servers(a=[[failure(kind="connect")]]))
    await bench.fail()
    bench.now_s += OPEN_FIRST_S
    bench.servers.scripts["a"] = [[gate, failure(503)]]
    tasks = [asyncio.ensure_future(bench.ask(timeout_s=3)) for _ in range(3)]
    await until(lambda: bench.state() == "half_open")
    gate.set()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        assert isinstance(outcome, UpstreamError)


async def test_cancelled_try_leaves_the_next_call_the_try(make: Make) -> None:
    bench = make(Servers(a=[[failure(kind="connect")]]))
    await bench.fail()
    bench.now_s += OPEN_FIRST_S
    asked = len(bench.servers.asked)
    bench.servers.scripts["a"] = [[asyncio.Event()], WHOLE]
    task = asyncio.ensure_future(bench.ask())
    await until(lambda: len(bench.servers.asked) > asked)
    assert bench.state() == "half_open"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert bench.state() == "open"
    await bench.ask()
    assert bench.state() == "closed"


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (failure(401), "a does not accept the key (401): write a valid key into the file"),
        (failure(403), "a refuses the model a (403): give the key in the file"),
        (failure(402), "a wants to be paid (402)"),
        (failure(404), "correct model (a) or base_url of the upstream a"),
        (failure(429, is_retryable=False), "failed with 429"),
        (failure(kind="tls", is_retryable=False), "failed with None"),
    ],
)
async def test_refusal_opens_the_breaker_with_the_cure_and_another_server_answers(
    make: Make, tmp_path: Path, error: UpstreamError, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    file = tmp_path / "key"
    file.write_text("sk-planted-1\n")
    file.chmod(0o600)
    bench = make(Servers(a=[[error], WHOLE]), count=2, api_key_file=file)
    await bench.ask()
    await bench.ask()
    assert bench.servers.asked == ["a", "b", "b"]
    row = bench.pool.stats()["upstreams"][0]
    assert (row["breaker"], row["again_s"]) == ("open", REFUSED_FIRST_S)
    assert says in row["reason"]
    assert says in caplog.text
    assert "sk-planted" not in caplog.text + str(bench.pool.stats())


async def test_refusal_of_the_only_server_is_answered_at_once(make: Make) -> None:
    bench = make(Servers(a=[[failure(401)]]))
    error = await bench.fail()
    assert (
        error.message
        == str(error)
        == ("a does not accept the key (401): it wants one: set api_key_env or api_key_file for it")
    )
    assert len(bench.servers.asked) == 1


async def test_key_that_is_mended_is_tried_at_once(make: Make, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("wrong")
    file.chmod(0o600)
    bench = make(Servers(a=[[failure(401)], WHOLE]), api_key_file=file)
    await bench.fail()
    assert "does not accept the key" in bench.pool.ready()
    file.write_text("right one"[:5])
    assert bench.pool.ready() == ""
    await bench.ask()
    assert [target.api_key for target in bench.servers.targets] == ["wrong", "right"]


async def test_key_file_that_is_gone_opens_the_breaker_and_asks_nobody(make: Make, tmp_path: Path) -> None:
    bench = make(api_key_file=tmp_path / "gone")
    assert "cannot be read: No such file" in (await bench.fail()).message
    assert (bench.servers.asked, bench.state()) == ([], "open")
    assert bench.budget.left()["day"]["used"] == 0


async def test_timeout_of_a_call_that_had_no_time_does_not_blame_the_server(make: Make) -> None:
    bench = make(Servers(a=[[failure(kind="timeout")]]))
    for _ in range(2 * FAILURES_MAX):
        await bench.fail(timeout_s=0.5, patience_s=0.1)
    assert bench.state() == "closed"


# -- the budget --------------------------------------------------------------------------------------


async def test_reserved_is_the_bound_and_settled_is_what_was_reported(make: Make) -> None:
    gate = asyncio.Event()
    bench = make(Servers(a=[[Chunk("Good "), gate, *WHOLE]]), limits=Limits(day=10_000))
    task = asyncio.ensure_future(bench.ask())
    await until(lambda: bench.servers.asked)
    assert PER_PROMPT + PER_MESSAGE + len("Hello") == BOUND
    assert bench.used() == BOUND + 100
    gate.set()
    await task
    assert bench.used() == 50
    tally = bench.pool.metrics.of["a"]
    assert (tally.tokens, tally.unreported_tokens) == ({"prompt": 20, "cached": 5, "completion": 30}, 0)


async def test_reply_is_cut_to_what_is_left_and_refused_below_its_least(make: Make) -> None:
    bench = make(limits=Limits(day=BOUND + 100 + LEAST_TOKENS))
    for _ in range(3):
        await bench.ask()  # uses 50
    assert [call.sampling.max_tokens for call in bench.servers.calls] == [100, 50 + LEAST_TOKENS, LEAST_TOKENS]
    with pytest.raises(OverBudget, match="over the daily budget of"):
        await bench.ask()
    assert bench.pool.over_budget
    assert "over the daily budget" in bench.pool.ready()
    assert (len(bench.servers.asked), bench.state()) == (3, "closed")


@pytest.mark.parametrize(
    ("steps", "used"),
    [
        ([failure(kind="connect")], 0),
        ([failure(kind="tls", is_retryable=False)], 0),
        ([failure(500)], 0),
        ([failure(kind="timeout")], BOUND + 100),  # it may have computed all of it
        ([failure(kind="garbage")], BOUND + 100),
        ([Chunk("Good "), failure(kind="cut")], BOUND + 100),
        ([Chunk("Good ", usage=ReportedUsage(20, 2)), failure(kind="cut")], 22 + UNSEEN_TOKENS),
        ([Chunk("Good "), failure(500)], BOUND + 100),
        ([Chunk("Good day."), Chunk(finish="stop")], BOUND + 100),  # a server that reports nothing
    ],
)
async def test_what_a_call_counts_that_did_not_end_well(make: Make, steps: list[Step], used: int) -> None:
    bench = make(Servers(a=[steps]), limits=Limits(day=10_000))
    try:
        await bench.ask(patience_s=0.01)  # one try
    except UpstreamError:
        assert isinstance(steps[-1], UpstreamError)
    assert len(bench.servers.asked) == 1
    assert bench.used() == used


async def test_cancelled_call_counts_what_was_told_on_the_way_else_all_that_was_reserved(make: Make) -> None:
    for usage, used in ((ReportedUsage(20, 2), 22 + UNSEEN_TOKENS), (None, BOUND + 100)):
        bench = make(Servers(a=[[Chunk("Good ", usage=usage), asyncio.Event()]]), limits=Limits(day=10_000))
        before = 0 if usage else bench.used()
        chunks = bench.pool.stream(CALL)
        await anext(chunks)
        await chunks.aclose()
        assert bench.used() - before == used
        assert bench.servers.closed == 1


async def test_each_try_is_counted_by_itself(make: Make) -> None:
    bench = make(Servers(a=[[failure(kind="timeout")]]), count=2, limits=Limits(day=10_000))
    await bench.ask()
    assert bench.used() == BOUND + 100 + 50


async def test_more_than_was_reserved_is_counted_told_once_and_reckoned_with(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    own_prompt = [Chunk("x"), Chunk(finish="length", usage=ReportedUsage(BOUND + 400, 100))]
    bench = make(Servers(a=[list(own_prompt)]), limits=Limits(day=100_000))
    for _ in range(3):
        await bench.ask()
    assert bench.used() == 3 * (BOUND + 500)
    assert caplog.text.count("reported") == 1
    assert f"upstream a reported {BOUND + 500} tokens where at most {BOUND + 100} were expected" in caplog.text
    chunks = bench.pool.stream(CALL)
    bench.servers.scripts["a"] = [[Chunk("x"), asyncio.Event()]]
    await anext(chunks)
    assert bench.used() == 3 * (BOUND + 500) + BOUND + 400 + 100  # the reservation has it
    await chunks.aclose()


# -- what is shown -----------------------------------------------------------------------------------


async def test_stats_and_metrics_tell_of_each_server(make: Make) -> None:
    bench = make(Servers(a=[[failure(kind="connect")]]), count=2, limits=Limits(day=1000))
    await bench.ask()
    stats = bench.pool.stats()
    assert stats["ready"] == ""
    assert (stats["budget"]["day"]["limit"], stats["budget"]["day"]["used"]) == (1000, 50)
    assert [(row["name"], row["requests"], row["errors"], row["tokens"]) for row in stats["upstreams"]] == [
        ("a", 1, 1, 0),
        ("b", 1, 0, 50),
    ]
    samples = {
        (sample.name.removeprefix("llm_agentd_upstream_"), *sample.labels.values()): sample.value
        for family in bench.pool.metrics.collect()
        for sample in family.samples
    }
    assert samples["requests_total", "a"] == samples["errors_total", "a", "connect"] == 1
    assert samples["errors_total", "b", "connect"] == 0
    assert samples["retries_total", "b"] == 1
    assert samples["tokens_total", "b", "completion"] == 30
    assert (samples["breaker_state", "a"], samples["requests_running", "a"]) == (0, 0)
    assert (samples["budget_used_tokens", "day"], samples["budget_left_tokens", "day"]) == (50, 950)
    assert ("budget_left_tokens", "month") not in samples  # there is no limit


def test_servers_without_a_name_are_called_by_their_place() -> None:
    configured = [Configured(base_url="http://127.0.0.1:8080", model=model) for model in ("x", "y")]
    configured.append(Configured(base_url="https://gpu.example/v1", model="z", name="cloud"))
    assert [one.name for one in upstreams_of(configured, {})] == ["127.0.0.1:8080", "127.0.0.1:8080#2", "cloud"]
