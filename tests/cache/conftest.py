"""A cache on a fresh folder, with a fake clock."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import llm_agentd
from llm_agentd.cache import LmdbCache
from llm_agentd.cache.lmdb_store import LmdbStore
from tests.cache.contract import TTL_S, FakeClock

MAX_BYTES = 2**20


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def cache(folder: Path, clock: FakeClock) -> Iterator[LmdbCache]:
    cache = LmdbCache(folder, TTL_S, MAX_BYTES, clock)
    yield cache
    cache.close()


def problems(folder: Path) -> list[str]:
    """What is wrong with the file of a closed cache."""
    store = LmdbStore.open(folder, MAX_BYTES)
    try:
        return store.check()
    finally:
        store.close()


def environment() -> dict[str, str]:
    """For a Python of its own that imports the daemon."""
    return {**os.environ, "PYTHONPATH": str(Path(llm_agentd.__file__).parent.parent)}


def run_python(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """The script in a process of its own, with the folder as its argument."""
    return subprocess.run([sys.executable, "-c", script, folder], capture_output=True, text=True, env=environment())
