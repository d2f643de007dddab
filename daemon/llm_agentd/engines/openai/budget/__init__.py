"""What remote models may cost: tokens of a day and of a month (UTC), counted before they are spent.

A call reserves the most that it can take and is counted with that at once, durably; when it ends, the count is set
right to what the server reported. A call whose end nobody tells (a crash, a cut, a cancel) stays counted as reserved.
So a count is never too low, and a limit is never passed, over crashes and over daemons that share the count.

This file is the protocol and the arithmetic, without disk or network: `file.py` keeps the counts in a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal, Protocol, TypeAlias

from llm_agentd.util.timestamps import rfc3339

PeriodName: TypeAlias = Literal["day", "month"]
PERIODS: tuple[PeriodName, ...] = ("day", "month")
ADJECTIVE: Mapping[PeriodName, str] = {"day": "daily", "month": "monthly"}
DAY_S = 86_400  # of UTC, which has no summer time; seconds since 1970 know no leap seconds
SETTLING_RETRY_S = 1.0  # what calls that still run have reserved too much is free again in about so long


class OverBudget(Exception):
    """Not enough is left for this call. `message` names the budget; `retry_after_s`: when there may be more."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Reservation:
    """`tokens`: at most so many may be used; perhaps fewer than wanted. The count of `day` and `month` has them."""

    tokens: int
    day: str  # 2026-11-27
    month: str  # 2026-11


class Budget(Protocol):
    """`reserve` and `settle` on the event loop, which they do not block; all else on any thread."""

    async def reserve(self, want_tokens: int, least_tokens: int) -> Reservation:
        """Counts up to `want_tokens`, at least `least_tokens`, durably, before it returns. Raises OverBudget."""

    async def settle(self, reservation: Reservation, used_tokens: int) -> None:
        """Once for each reservation whose end is known. Also more than was reserved is counted.

        It takes effect even where the caller is cancelled while it waits.
        """

    def left(self) -> dict[str, Any]:
        """`day` and `month`, each with `limit` (0: none), `used`, `left` (None: no limit), `warning`, `ends`."""

    def over(self) -> str:
        """Why there is nothing left, as last known; "" where there is."""

    async def close(self) -> None:
        """What was settled is kept. It may be used again after it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Tokens; 0: no limit. `warn_share`: of a limit, from which on it is told."""

    day: int = 0
    month: int = 0
    warn_share: float = 0.8

    def of(self, period: PeriodName) -> int:
        return self.day if period == "day" else self.month

    @property
    def is_set(self) -> bool:
        return bool(self.day or self.month)


@dataclass(frozen=True, slots=True)
class Counts:
    """Tokens that are reserved or used in one day and its month."""

    day: str
    month: str
    day_tokens: int = 0
    month_tokens: int = 0

    def of(self, period: PeriodName) -> int:
        return self.day_tokens if period == "day" else self.month_tokens

    def plus(self, tokens: int) -> Counts:
        return Counts(self.day, self.month, max(0, self.day_tokens + tokens), max(0, self.month_tokens + tokens))

    def on(self, day: str, month: str) -> Counts:
        """The same at another time: what has ended begins at 0."""
        return Counts(
            day, month, self.day_tokens if day == self.day else 0, self.month_tokens if month == self.month else 0
        )


def names_at(now_s: float) -> tuple[str, str]:
    """Day and month (UTC) of seconds since 1970."""
    return _names_of_day(int(now_s // DAY_S))


@lru_cache(maxsize=4)
def _names_of_day(number: int) -> tuple[str, str]:
    """Kept, as each request asks whether there is something left."""
    day = datetime.fromtimestamp(number * DAY_S, UTC)
    return day.strftime("%Y-%m-%d"), day.strftime("%Y-%m")


def end_of(period: PeriodName, now_s: float) -> float:
    """When the period that holds `now_s` ends; seconds since 1970."""
    midnight = datetime.fromtimestamp(now_s, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "day":
        return (midnight + timedelta(days=1)).timestamp()
    return (midnight.replace(day=1) + timedelta(days=32)).replace(day=1).timestamp()


def grant(limits: Limits, counts: Counts, want_tokens: int, least_tokens: int, now_s: float, running: int = 0) -> int:
    """How many of `want_tokens` may be reserved. `running`: tokens reserved by calls whose end is still to come.

    Raises OverBudget where that is less than `least_tokens`.
    """
    granted = want_tokens
    for period in PERIODS:
        limit = limits.of(period)
        if not limit:
            continue
        left = limit - counts.of(period)
        if left < least_tokens:
            raise _over(period, limit, left, least_tokens, now_s, running)
        granted = min(granted, left)
    return granted


class Refusals:
    """What must be left before anybody asks again: the least that was refused in the periods that run.

    One thread notes; any thread may ask.
    """

    def __init__(self) -> None:
        self._least: dict[str, int] = {}  # by the period's name

    def note(self, counts: Counts, least_tokens: int) -> bool:
        """Whether it is the first in these periods."""
        names = (counts.day, counts.month)
        is_first = not any(name in self._least for name in names)
        self._least = {name: min(least_tokens, self._least.get(name, least_tokens)) for name in names}
        return is_first

    def why_over(self, limits: Limits, counts: Counts, now_s: float) -> str:
        """As `Budget.over` tells it."""
        counts, least = counts.on(*names_at(now_s)), self._least
        needed = min((least[name] for name in (counts.day, counts.month) if name in least), default=1)
        try:
            grant(limits, counts, 1, needed, now_s)
        except OverBudget as error:
            return error.message
        return ""


def _over(period: PeriodName, limit: int, left: int, least: int, now_s: float, running: int) -> OverBudget:
    ends_s = end_of(period, now_s)
    what = f"over the {ADJECTIVE[period]} budget of {limit} tokens"
    if left > 0:
        what += f" ({left} are left, and this may take {least})"
    is_settling = left + running >= least
    until = datetime.fromtimestamp(ends_s, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return OverBudget(f"{what} until {until}", retry_after_s=SETTLING_RETRY_S if is_settling else ends_s - now_s)


def describe(limits: Limits, counts: Counts, now_s: float) -> dict[str, Any]:
    """As `Budget.left` tells it."""
    counts = counts.on(*names_at(now_s))
    told: dict[str, Any] = {}
    for period in PERIODS:
        limit, used = limits.of(period), counts.of(period)
        told[period] = {
            "limit": limit,
            "used": used,
            "left": max(0, limit - used) if limit else None,
            "warning": period in warnings(limits, counts),
            "ends": rfc3339(end_of(period, now_s)),
        }
    return told


def warnings(limits: Limits, counts: Counts) -> Iterator[PeriodName]:
    """The periods whose share for a warning is used."""
    for period in PERIODS:
        limit = limits.of(period)
        if limit and counts.of(period) >= limits.warn_share * limit:
            yield period
