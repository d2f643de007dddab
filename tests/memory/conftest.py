"""A memory in a temporary file, with a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_agentd.memory import SqliteMemory
from tests.memory.talk import MIB, Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memory(tmp_path: Path, clock: Clock) -> Iterator[SqliteMemory]:
    """Summarizes by rules."""
    memory = SqliteMemory(
        tmp_path / "memory.db", turns=5, max_bytes=64 * MIB, summarize_by="rules", now=clock, clock=clock
    )
    memory.start(lambda job: None)
    yield memory
    memory.close()
