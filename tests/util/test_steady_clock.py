"""The clock of what is kept: a jump of the system's clock moves nothing."""

from __future__ import annotations

import pytest

from llm_agentd.cache.entry import EntryHeader
from llm_agentd.util.steady_clock import AHEAD_MAX_S, SteadyClock

YEAR_S = 365 * 24 * 3600.0


@pytest.mark.parametrize("jump_s", [YEAR_S, -YEAR_S, 3600.0])
def test_jump_of_the_system_clock_changes_only_what_comes_after_the_next_start(jump_s: float) -> None:
    wall, monotonic = [1_800_000_000.0], [500.0]
    clock = SteadyClock(lambda: wall[0], lambda: monotonic[0])
    wall[0] += jump_s
    monotonic[0] += 60
    assert clock() == 1_800_000_060.0
    assert SteadyClock(lambda: wall[0], lambda: monotonic[0])() == 1_800_000_000.0 + jump_s


def test_entry_from_the_future_is_not_kept_until_it_comes() -> None:
    now_us = 1_800_000_000_000_000
    ttl_us, ahead_us = 300_000_000, int(AHEAD_MAX_S * 1e6)

    def is_live(created_us: int) -> bool:
        return EntryHeader(created_us, created_us + ttl_us, 0, 0).is_live(now_us)

    assert is_live(now_us)
    assert is_live(now_us + ahead_us)  # two processes, whose clocks differ a little
    assert not is_live(now_us + ahead_us + 1)
    assert not is_live(now_us + int(YEAR_S * 1e6))
    assert not is_live(now_us - ttl_us)
