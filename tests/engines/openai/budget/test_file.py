"""Tokens of a day and a month: never passed, used to the last, exact over crashes and processes that share them."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_agentd.engines.openai.budget import Counts, Limits, OverBudget, Reservation, describe, end_of, grant, names_at
from llm_agentd.engines.openai.budget.database import FILE_NAME, BudgetDatabase, read_counts
from llm_agentd.engines.openai.budget.file import DISK_RETRY_S, FileBudget

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC).timestamp()  # the last day of a month
HOUR = 3600.0

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Clock:
    def __init__(self, now_s: float = NOON) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / FILE_NAME


@pytest.fixture
def clock() -> Clock:
    return Clock()


@asynccontextmanager
async def opened(file: Path, limits: Limits, clock: Clock | None = None) -> AsyncIterator[FileBudget]:
    budget = FileBudget(file, limits, now_s=clock or Clock())
    try:
        yield budget
    finally:
        await budget.close()


async def refusal(budget: FileBudget, want: int, least: int) -> OverBudget:
    with pytest.raises(OverBudget) as caught:
        await budget.reserve(want, least)
    return caught.value


def used(file: Path, now_s: float = NOON) -> tuple[int, int]:
    counts = read_counts(file, now_s)
    assert counts is not None
    return counts.day_tokens, counts.month_tokens


# -- the arithmetic ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "day_end", "month_end"),
    [
        ("2026-11-27T13:14:15", "2026-11-28T00:00:00", "2026-12-01T00:00:00"),
        ("2026-12-31T23:59:59", "2027-01-01T00:00:00", "2027-01-01T00:00:00"),
        ("2028-02-29T00:00:00", "2028-03-01T00:00:00", "2028-03-01T00:00:00"),
    ],
)
def test_days_and_months_end_at_midnight_utc(when: str, day_end: str, month_end: str) -> None:
    def seconds(text: str) -> float:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()

    assert names_at(seconds(when)) == (when[:10], when[:7])
    assert (end_of("day", seconds(when)), end_of("month", seconds(when))) == (seconds(day_end), seconds(month_end))


@given(
    limits=st.builds(Limits, day=st.integers(0, 300), month=st.integers(0, 300)),
    used_tokens=st.tuples(st.integers(0, 300), st.integers(0, 300)),
    want=st.integers(1, 300),
    data=st.data(),
)
def test_grant_is_between_least_and_want_and_passes_no_limit(
    limits: Limits, used_tokens: tuple[int, int], want: int, data: st.DataObject
) -> None:
    least = data.draw(st.integers(1, want))
    counts = Counts("d", "m", *used_tokens)
    room = min(
        (limit - used for limit, used in zip((limits.day, limits.month), used_tokens, strict=True) if limit),
        default=want,
    )
    try:
        granted = grant(limits, counts, want, least, NOON)
    except OverBudget:
        assert room < least
    else:
        assert granted == min(want, room) >= least


def test_refusal_names_the_budget_and_when_it_ends() -> None:
    with pytest.raises(OverBudget) as caught:
        grant(Limits(day=1000), Counts("d", "m", 950, 950), 200, 120, NOON)
    assert caught.value.message == (
        "over the daily budget of 1000 tokens (50 are left, and this may take 120) until 2026-12-01 00:00 UTC"
    )
    assert caught.value.retry_after_s == 12 * HOUR
    with pytest.raises(OverBudget, match=r"over the monthly budget of 900 tokens until 2026-12-01"):
        grant(Limits(day=1000, month=900), Counts("d", "m", 200, 900), 200, 120, NOON)
    with pytest.raises(OverBudget) as caught:  # what runs has reserved more than it will need, perhaps
        grant(Limits(day=1000), Counts("d", "m", 950, 950), 200, 120, NOON, running=400)
    assert caught.value.retry_after_s == 1.0


def test_counts_of_what_has_ended_begin_at_zero() -> None:
    counts = Counts("2026-11-30", "2026-11", 10, 90)
    told = describe(Limits(day=100, month=1000), counts, NOON + 24 * HOUR)
    assert {name: (one["used"], one["left"]) for name, one in told.items()} == {"day": (0, 100), "month": (0, 1000)}


# -- in a file ---------------------------------------------------------------------------------------


async def test_reservation_is_counted_and_settled_to_what_was_used(file: Path) -> None:
    async with opened(file, Limits(day=1000, month=5000)) as budget:
        reservation = await budget.reserve(300, 100)
        assert (reservation.tokens, used(file)) == (300, (300, 300))
        await budget.settle(reservation, 120)
        assert used(file) == (120, 120)
        more = await budget.reserve(100, 100)
        await budget.settle(more, 450)  # the server reported more than was reserved
        assert budget.left()["day"] | {"ends": ""} == {
            "limit": 1000, "used": 570, "left": 430, "warning": False, "ends": "",
        }  # fmt: skip
    assert oct(file.stat().st_mode & 0o777) == "0o600"


async def test_request_is_cut_to_what_is_left_down_to_its_least(file: Path) -> None:
    async with opened(file, Limits(day=1000)) as budget:
        await budget.reserve(850, 850)
        assert (await budget.reserve(400, 100)).tokens == 150
        assert "daily budget of 1000" in (await refusal(budget, 400, 100)).message
        assert used(file) == (1000, 1000)


async def test_over_is_told_from_the_first_refusal_until_there_is_enough_again(file: Path, clock: Clock) -> None:
    async with opened(file, Limits(day=1000), clock) as budget:
        running = await budget.reserve(900, 900)
        assert budget.over() == ""
        assert (await refusal(budget, 300, 200)).retry_after_s == 1.0
        assert "over the daily budget of 1000" in budget.over()
        await budget.settle(running, 100)
        assert budget.over() == ""
        await budget.reserve(900, 900)
        assert "over the daily budget" in budget.over()
        clock.now_s += 12 * HOUR
        assert budget.over() == ""


async def test_next_day_and_month_begin_anew_and_a_late_settlement_goes_to_its_own_day(
    file: Path, clock: Clock
) -> None:
    async with opened(file, Limits(day=100, month=150), clock) as budget:
        late = await budget.reserve(100, 100)
        clock.now_s += 12 * HOUR  # midnight, and another month
        await budget.reserve(90, 90)
        await budget.settle(late, 40)
        assert used(file, NOON) == (40, 40)
        assert used(file, clock.now_s) == (90, 90)


async def test_month_holds_where_the_day_has_room(file: Path, clock: Clock) -> None:
    clock.now_s = NOON - 24 * HOUR
    async with opened(file, Limits(day=100, month=150), clock) as budget:
        await budget.reserve(100, 1)
        clock.now_s = NOON
        assert (await budget.reserve(100, 1)).tokens == 50
        assert "monthly budget of 150" in (await refusal(budget, 10, 1)).message


async def test_warning_is_given_once_a_day_over_restarts(
    file: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    def warned() -> int:
        return sum("of the daily budget of 1000 are used" in record.message for record in caplog.records)

    caplog.set_level(logging.WARNING)
    for wanted in (0, 1, 1):
        async with opened(file, Limits(day=1000), clock) as budget:
            with suppress(OverBudget):
                await budget.reserve(400, 300)
        assert warned() == wanted
    clock.now_s += 12 * HOUR
    async with opened(file, Limits(day=1000), clock) as budget:
        await budget.reserve(900, 1)
        assert budget.left()["day"]["warning"] is True
    assert warned() == 2


async def test_settlement_takes_effect_though_its_caller_is_cancelled(file: Path) -> None:
    async with opened(file, Limits(day=1000)) as budget:
        reservation = await budget.reserve(500, 1)
        task = asyncio.ensure_future(budget.settle(reservation, 10))
        await asyncio.sleep(0)
        task.cancel()
        await budget.close()
        assert used(file) == (10, 10)


def test_budget_is_used_again_after_its_end_on_another_loop(file: Path) -> None:
    budget = FileBudget(file, Limits(day=1000), now_s=Clock())

    async def use() -> None:
        for _ in range(3):  # a close beside calls ends neither
            await asyncio.gather(*(budget.reserve(10, 10) for _ in range(5)), budget.close(), budget.reserve(10, 10))
        await budget.close()

    asyncio.run(use())
    asyncio.run(use())
    assert used(file)[0] == 2 * 3 * 6 * 10


async def test_hundred_calls_at_once_share_few_transactions(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    committed: list[int] = []
    transaction = BudgetDatabase.transaction

    def counted(self: BudgetDatabase) -> AbstractContextManager[None]:
        committed.append(1)
        return transaction(self)

    monkeypatch.setattr(BudgetDatabase, "transaction", counted)
    async with opened(file, Limits(day=10_000)) as budget:
        await asyncio.gather(*(budget.reserve(10, 10) for _ in range(100)))
        assert used(file) == (1000, 1000)
    assert len(committed) <= 5


# -- other processes ---------------------------------------------------------------------------------

SPEND = """
import asyncio, random, sys
from pathlib import Path
from llm_agentd.engines.openai.budget import Limits, OverBudget
from llm_agentd.engines.openai.budget.file import FileBudget

async def spend(file, limit, seed, hang):
    budget, rng = FileBudget(Path(file), Limits(day=limit)), random.Random(seed)
    async def call():
        want = rng.randint(50, 400)
        reservation = await budget.reserve(want, 20)
        assert 20 <= reservation.tokens <= want
        if hang:
            print(reservation.tokens, flush=True)
            await asyncio.Event().wait()
        used = rng.randint(10, reservation.tokens)
        await budget.settle(reservation, used)
        return used
    async def until_refused():
        total = 0
        while True:
            try:
                total += await call()
            except OverBudget as error:
                assert "over the daily budget" in error.message  # and not that the file is busy
                return total
    print("ready", flush=True)
    sys.stdin.readline()  # so that all begin at once
    totals = await asyncio.gather(*(until_refused() for _ in range(4)))
    await budget.close()
    print("used", sum(totals), flush=True)

asyncio.run(spend(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "hang"))
"""


def spender(file: Path, limit: int, seed: int, how: str = "run") -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SPEND, str(file), str(limit), str(seed), how]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def begin(*processes: subprocess.Popen[str]) -> None:
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()


def today(file: Path) -> int:
    """On the system's clock, which the processes have."""
    with sqlite3.connect(file) as database:
        rows = dict(database.execute("SELECT name, tokens FROM period WHERE length(name) = 10"))
    return sum(rows.values())


@pytest.mark.slow
def test_two_processes_use_a_days_budget_to_the_last_and_never_pass_it(file: Path) -> None:
    """And five restarts, of which three are kill -9 in the midst of a call: what was reserved stays counted."""
    limit, lost = 10_000, 0
    for seed in range(3):
        process = spender(file, limit, seed, "hang")
        begin(process)
        assert process.stdout is not None
        reserved = [int(process.stdout.readline()) for _ in range(4)]
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        lost += sum(reserved)
        assert today(file) == lost
    spent = 0
    for seed in (10, 20):
        both = [spender(file, limit, seed), spender(file, limit, seed + 1)]
        begin(*both)
        for process in both:
            told = process.communicate(timeout=60)[0]
            spent += int(told.removeprefix("used "))
    assert limit - 20 < today(file) <= limit
    assert today(file) == lost + spent


async def test_what_another_daemon_used_is_seen_by_the_next_call(file: Path) -> None:
    async with opened(file, Limits(day=1000)) as one, opened(file, Limits(day=1000)) as other:
        await one.reserve(600, 600)
        assert (await other.reserve(600, 1)).tokens == 400
        await refusal(one, 600, 1)


# -- a disk that fails -------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["folder", "garbage", "gone"])
async def test_without_its_file_nothing_is_spent_and_a_mended_one_is_used(
    file: Path, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def harm() -> None:
        if damage == "garbage":
            file.write_bytes(b"this is no database" * 100)
        elif damage == "folder":
            file.mkdir()
        else:
            file.parent.rmdir()
            file.parent.write_text("")

    def mend() -> None:
        if damage == "garbage":
            file.unlink()
        elif damage == "folder":
            file.rmdir()
        else:
            file.parent.unlink()

    file.parent.mkdir()
    harm()
    async with opened(file, Limits(day=1000)) as budget:
        error = await refusal(budget, 10, 1)
        assert f"the budget's file {file} cannot be used" in error.message
        assert "delete it to count anew" in error.message
        assert error.retry_after_s == DISK_RETRY_S
        assert "cannot be used" in budget.over()
        mend()
        assert (await budget.reserve(10, 1)).tokens == 10
        assert budget.over() == ""


async def test_over_is_forgotten_after_a_while_so_that_the_disk_is_tried_again(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.mkdir(parents=True)
    async with opened(file, Limits(day=1000)) as budget:
        await refusal(budget, 10, 1)
        monkeypatch.setattr("llm_agentd.engines.openai.budget.file.DISK_RETRY_S", 0.0)
        assert budget.over() == ""


async def test_without_limits_a_broken_disk_is_no_reason_not_to_ask(file: Path) -> None:
    file.mkdir(parents=True)
    async with opened(file, Limits()) as budget:
        reservation = await budget.reserve(10, 1)
        await budget.settle(reservation, 5)
        assert (reservation.tokens, budget.over()) == (10, "")


async def test_file_that_was_deleted_is_made_anew(file: Path) -> None:
    async with opened(file, Limits(day=100)) as budget:
        await budget.reserve(100, 100)
        for path in file.parent.iterdir():
            path.unlink()
        assert (await budget.reserve(60, 60)).tokens == 60
        assert used(file) == (60, 60)


async def test_years_that_are_over_are_swept(file: Path) -> None:
    async with opened(file, Limits()) as budget:
        await budget.reserve(1, 1)
    database = sqlite3.connect(file)
    database.execute("INSERT INTO period(name, tokens) VALUES ('2023-12-31', 1), ('2023-12', 1), ('2024-01-01', 1)")
    database.commit()
    database.close()
    async with opened(file, Limits()) as budget:
        await budget.reserve(1, 1)
    with sqlite3.connect(file) as database:
        names = [name for (name,) in database.execute("SELECT name FROM period ORDER BY name")]
    assert names == ["2024-01-01", "2026-11", "2026-11-30"]


@settings(max_examples=30, deadline=None)
@given(calls=st.lists(st.tuples(st.integers(1, 400), st.integers(0, 100), st.integers(0, 3)), max_size=40))
def test_whatever_is_reserved_and_settled_the_count_is_exact(
    tmp_path_factory: pytest.TempPathFactory, calls: list[tuple[int, int, int]]
) -> None:
    """Some are settled at once, some later, some never (a crash)."""
    file = tmp_path_factory.mktemp("budget") / FILE_NAME

    async def run() -> None:
        budget = FileBudget(file, Limits(day=2000), now_s=Clock())
        open_calls: list[tuple[Reservation, int]] = []
        wanted = 0
        for want, share, fate in calls:
            try:
                reservation = await budget.reserve(want, 1)
            except OverBudget:
                assert wanted == 2000
                break
            wanted += reservation.tokens
            used_tokens = reservation.tokens * share // 100
            if fate == 0:
                await budget.settle(reservation, used_tokens)
                wanted += used_tokens - reservation.tokens
            elif fate == 1:
                open_calls.append((reservation, used_tokens))
            assert wanted <= 2000
        for reservation, used_tokens in open_calls:
            await budget.settle(reservation, used_tokens)
            wanted += used_tokens - reservation.tokens
        await budget.close()
        if calls:
            assert used(file) == (wanted, wanted)

    asyncio.run(run())
