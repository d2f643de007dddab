"""The budget that daemons share through a real Redis: never passed, used to the last, over crashes and outages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.engines.openai.budget import Limits, OverBudget
from llm_agentd.engines.openai.budget.file import FileBudget
from llm_agentd.engines.openai.budget.redis import RedisBudget, open_budget
from llm_agentd.engines.openai.budget.scripts import PREFIX, RESERVE, SETTLE, STEP_KEPT_MS, keys_of
from llm_agentd.redis.address import parse_address
from tests.support.redis_servers import RedisServer, cluster, valkey, wait_for

pytestmark = pytest.mark.slow

LIMITS = Limits(day=10_000, month=100_000)
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC).timestamp()


class Clock:
    now_s = NOON

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def redis_of_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def server(redis_of_file: RedisServer) -> RedisServer:
    with redis_of_file.client() as client:
        client.flushall()
    return redis_of_file


Make = Callable[[str], RedisBudget]


@pytest.fixture
def make(server: RedisServer, tmp_path: Path, clock: Clock) -> Make:
    return lambda name: budget_of(server.url, tmp_path / name, clock)


def budget_of(url: str, folder: Path, clock: Clock, limits: Limits = LIMITS) -> RedisBudget:
    own = FileBudget(folder / "budget.db", limits, now_s=clock)
    return RedisBudget(parse_address(url), limits, own, now_s=clock)


def counted(server: RedisServer, name: str = "2026-11-27") -> int:
    with server.client() as client:
        return int(client.hget(PREFIX + name, "tokens") or 0)


async def spend(budget: RedisBudget, want: int, used: int) -> int:
    """Calls, one after the other, until the budget is used up. Returns what they used."""
    spent = 0
    while True:
        try:
            reservation = await budget.reserve(want, 1)
        except OverBudget as error:
            if error.retry_after_s is None or error.retry_after_s > 2:
                return spent
            await asyncio.sleep(0.01)  # others of ours are still to be settled
            continue
        taken = min(used, reservation.tokens)
        await budget.settle(reservation, taken)
        spent += taken


def test_two_daemons_use_a_day_to_the_last_token_and_never_pass_it(make: Make, server: RedisServer) -> None:
    async def run() -> int:
        one, two = make("one"), make("two")
        spent = await asyncio.gather(*(spend(budget, 700, 130) for budget in (one, two) for _ in range(4)))
        # One may have given up while another had reserved more than it then used.
        spent += [await spend(one, 700, 130)]
        assert one.left()["day"]["left"] == 0
        assert "over the daily budget of 10000 tokens until 2026-11-28 00:00 UTC" in one.over()
        await one.close()
        await two.close()
        return sum(spent)

    assert asyncio.run(run()) == 10_000
    assert counted(server) == counted(server, "2026-11") == 10_000


def test_reservation_of_a_process_that_died_stays_counted_over_restarts(make: Make, server: RedisServer) -> None:
    async def run() -> int:
        spent = 0
        for start in range(5):
            budget = make(f"start {start}")  # another machine each time: nothing is known but what Redis has
            settled, _ = await budget.reserve(400, 1), await budget.reserve(300, 1)
            await budget.settle(settled, 100)
            spent += 400
            budget._worker.loop.call_soon_threadsafe(budget._worker.loop.stop)  # type: ignore[union-attr]
        last = make("last")
        spent += await spend(last, 700, 130)
        await last.close()
        return spent

    assert asyncio.run(run()) == 10_000
    assert counted(server) == 10_000


def test_no_call_while_redis_is_away_and_what_ends_meanwhile_is_settled_when_it_is_back(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llm_agentd.engines.openai.budget.redis.RETRY_S", 0.0)

    async def run(server: RedisServer) -> None:
        budget = budget_of(server.url.replace("://", "://:secret@"), tmp_path / "one", clock)
        running = await budget.reserve(500, 1)
        server.pause()
        monkeypatch.setattr("llm_agentd.engines.openai.budget.redis.ANSWER_MAX_S", 0.2)
        await budget.settle(running, 120)
        monkeypatch.setattr("llm_agentd.engines.openai.budget.redis.RETRY_S", 60.0)
        with pytest.raises(OverBudget, match="which cannot be used") as caught:
            await budget.reserve(10, 1)
        assert "no server is asked without it" in budget.over()
        assert "secret" not in caught.value.message
        server.resume()
        monkeypatch.setattr("llm_agentd.engines.openai.budget.redis.ANSWER_MAX_S", 5.0)
        await budget.settle(await budget.reserve(10, 1), 10)
        assert budget.over() == ""
        await budget.close()

    with RedisServer(tmp_path, "--requirepass", "secret") as locked:
        asyncio.run(run(locked))
        with locked.client(password="secret") as client:
            assert int(client.hget(PREFIX + "2026-11-27", "tokens") or 0) == 130


def test_step_that_is_sent_again_as_its_answer_was_lost_counts_once(server: RedisServer) -> None:
    with server.client() as client:
        keys = keys_of("2026-11-27", "2026-11", "one")
        answers = [client.eval(RESERVE, 3, *keys, 500, 1, 1000, 0, STEP_KEPT_MS) for _ in range(2)]
        assert answers == [[500, 500, 500]] * 2
        keys = keys_of("2026-11-27", "2026-11", "two")
        for _ in range(2):
            client.eval(SETTLE, 3, *keys, -400, STEP_KEPT_MS)
    assert counted(server) == 100


def test_call_that_is_cancelled_while_it_reserves_gives_back_what_it_got(make: Make, server: RedisServer) -> None:
    async def run() -> None:
        budget = make("one")
        await budget.settle(await budget.reserve(1, 1), 1)
        server.pause()
        asking = asyncio.create_task(budget.reserve(500, 1))
        await asyncio.sleep(0)
        await asyncio.sleep(0.05)  # it is at Redis
        asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking
        server.resume()
        await asyncio.to_thread(wait_for, lambda: counted(server) == 1, "what was reserved is given back")
        await budget.close()

    asyncio.run(run())


def test_redis_that_forgot_its_counts_lets_no_daemon_pass_the_limit_by_itself(make: Make, server: RedisServer) -> None:
    async def run() -> None:
        budget = make("one")
        await budget.settle(await budget.reserve(9_900, 1), 9_900)
        with server.client() as client:
            client.flushall()
        assert (await budget.reserve(500, 1)).tokens == 100
        with pytest.raises(OverBudget):
            await budget.reserve(500, 1)
        await budget.close()

    asyncio.run(run())
    assert counted(server) == 100


def test_call_that_ends_after_midnight_is_settled_in_the_day_that_it_was_reserved_in(
    make: Make, server: RedisServer, clock: Clock
) -> None:
    async def run() -> None:
        budget = make("one")
        clock.now_s = NOON + 11.99 * 3600
        reservation = await budget.reserve(500, 1)
        clock.now_s = NOON + 12.01 * 3600
        await budget.settle(reservation, 100)
        assert (await budget.reserve(50, 1)).day == "2026-11-28"
        await budget.close()

    asyncio.run(run())
    assert [counted(server, name) for name in ("2026-11-27", "2026-11-28", "2026-11")] == [100, 50, 150]


@pytest.mark.parametrize("serve", [cluster, valkey])  # of a cluster all counts are on one node
def test_counts_are_kept_by_other_servers_too(serve: Any, tmp_path: Path, clock: Clock) -> None:
    async def run(url: str) -> int:
        budget = budget_of(url, tmp_path / "one", clock)
        spent = await spend(budget, 2000, 1500)
        await budget.close()
        return spent

    with serve(tmp_path) as server:
        assert asyncio.run(run(server.url)) == 10_000


def test_warning_is_given_once_over_all_daemons(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        for name in ("one", "two"):
            budget = make(name)
            await budget.settle(await budget.reserve(4_500, 1), 4_500)
            await budget.close()

    asyncio.run(run())
    asyncio.run(run_once_more(make))
    assert caplog.text.count("tokens of the daily budget of 10000 are used") == 1


async def run_once_more(make: Make) -> None:
    budget = make("three")
    await budget.settle(await budget.reserve(100, 1), 100)
    assert budget.left()["day"]["warning"]
    await budget.close()


def test_file_alone_counts_where_there_is_no_redis_or_no_limit(tmp_path: Path) -> None:
    address = parse_address("redis://127.0.0.1:1")
    assert isinstance(open_budget(tmp_path / "b", LIMITS, None), FileBudget)
    assert isinstance(open_budget(tmp_path / "b", Limits(), address), FileBudget)
    assert isinstance(open_budget(tmp_path / "b", LIMITS, address), RedisBudget)
