"""What an admin sees of the cache, and takes out of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_agentd.cache import LmdbCache, NullCache
from llm_agentd.cache.rows import Wanted, entry_line
from tests.cache.conftest import MAX_BYTES, problems
from tests.cache.contract import START_S, TTL_S, FakeClock, entry, key


def show(text: str) -> str:
    return text.replace("⟨name⟩", "Ana")


def fill(cache: LmdbCache, clock: FakeClock) -> LmdbCache:
    cache.put(key(1), entry("Good evening, ⟨name⟩.", role="smith", prompt="Ana: Hello"), 2)
    cache.put(key(1), entry("Well met.", role="smith", prompt="Ana: Hello"), 2)
    clock.now_s += TTL_S / 2
    cache.put(key(2), entry("It is raining.", role="", prompt="The weather"), 1)
    return cache


@pytest.fixture
def filled(cache: LmdbCache, clock: FakeClock) -> LmdbCache:
    return fill(cache, clock)


def texts(cache: LmdbCache, wanted: Wanted) -> list[str]:
    return sorted(show(row.entry.text) for row in cache.rows(wanted, show))


def test_rows_include_what_was_put_a_moment_ago(filled: LmdbCache) -> None:
    assert texts(filled, Wanted()) == ["Good evening, Ana.", "It is raining.", "Well met."]
    row = next(filled.rows(Wanted(grep="RAINING"), show))
    assert (
        entry_line(row, show).items() >= {"kind": "completion", "text": "It is raining.", "role": "", "hits": 0}.items()
    )
    assert texts(filled, Wanted(key=row.key)) == ["It is raining."]


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        (Wanted(grep="ana."), ["It is raining.", "Well met."]),
        (Wanted(role="smith"), ["It is raining."]),
        (Wanted(role="smith", grep="well"), ["Good evening, Ana.", "It is raining."]),
        (Wanted(expired_by_s=START_S + TTL_S), ["It is raining."]),
        (Wanted(expired_by_s=START_S), ["Good evening, Ana.", "It is raining.", "Well met."]),
        (Wanted(key="00:7"), ["Good evening, Ana.", "It is raining.", "Well met."]),
        (Wanted(), []),
    ],
)
def test_purge_deletes_what_is_wanted_and_nothing_else(
    folder: Path, clock: FakeClock, wanted: Wanted, left: list[str]
) -> None:
    cache = fill(LmdbCache(folder, TTL_S, MAX_BYTES, clock), clock)
    assert cache.purge_rows(wanted, show) == 3 - len(left)
    assert texts(cache, Wanted()) == left
    cache.close()
    assert problems(folder) == []


def test_one_variant_is_purged_by_its_key(filled: LmdbCache) -> None:
    row = next(filled.rows(Wanted(grep="well"), show))
    assert filled.purge_rows(Wanted(key=row.key), show) == 1
    assert filled.get(key(1), 2) is None


def test_other_ttl_holds_for_replies_from_now_on(cache: LmdbCache, clock: FakeClock) -> None:
    cache.put(key(1), entry("old"), 1)
    cache.set_ttl(10)
    cache.put(key(2), entry("new"), 1)
    clock.now_s += 11
    assert cache.get(key(1), 1) is not None
    assert cache.get(key(2), 1) is None


def test_no_cache_has_no_rows() -> None:
    assert list(NullCache().rows(Wanted(), show)) == []
    assert NullCache().purge_rows(Wanted(), show) == 0
