"""A damaged memory.db never stops the start nor a request: it is kept aside, and what can be read is taken over."""

from __future__ import annotations

import os
import queue
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from llm_agentd.memory import Memory, Outcome, SqliteMemory, open_memory
from tests.memory.talk import ANA, MIB
from tests.support.damage import damages

WAIT_S = 30.0
DAMAGES = 200
EXCHANGES = 400  # some hundred pages of tables and index
SUFFIXES = ("", "-wal", "-shm")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a daemon that was killed: memory.db with a WAL that holds a part of it."""
    folder = tmp_path_factory.mktemp("original")
    memory = SqliteMemory(folder / "live.db", turns=5, max_bytes=64 * MIB, summarize_by="rules")
    memory.start(lambda job: None)
    for number in range(EXCHANGES):
        memory.add_exchange(
            replace(ANA, player_text=f"I hid my lantern {number} under the oak"), f"Aye {number}.", 1e12
        )
        if number == EXCHANGES // 2:
            memory.flush()
            checkpoint = sqlite3.connect(folder / "live.db")
            checkpoint.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            checkpoint.close()
    memory.flush()
    for suffix in SUFFIXES:
        shutil.copy(folder / f"live.db{suffix}", folder / f"memory.db{suffix}")
    memory.close()
    return folder / "memory.db"


@pytest.fixture
def copy(original: Path, tmp_path: Path) -> Path:
    return copy_to(tmp_path / "copy", original)


def copy_to(folder: Path, original: Path) -> Path:
    folder.mkdir()
    for suffix in SUFFIXES:
        shutil.copy(f"{original}{suffix}", folder / f"memory.db{suffix}")
    return folder / "memory.db"


def opened(path: Path) -> Memory:
    return open_memory(path, turns=5, max_bytes=64 * MIB, summarize_by="rules")


def serve(memory: Memory) -> None:
    """What requests do; none of it may raise."""
    memory.start(lambda job: None)
    turn = replace(ANA, player_text="where is my lantern?")
    memory.retrieve(turn)
    memory.add_exchange(turn, "Under the oak.", 1e12)
    memory.add_outcomes([Outcome("npc-1", "Mira", "Ana", "Oakford", "Ana lit the lantern")])
    memory.flush()
    memory.retrieve(turn)
    memory.list_newest(None, None, 50)
    memory.stats()
    forgotten: queue.SimpleQueue[object] = queue.SimpleQueue()
    memory.forget(None, "Ana", forgotten.put)
    assert forgotten.get(timeout=WAIT_S)
    memory.close()


@pytest.mark.slow
def test_memory_starts_and_serves_with_200_damages(original: Path, tmp_path: Path) -> None:
    kept = []
    for number, damage in enumerate(damages(DAMAGES, seed=1)):
        path = copy_to(tmp_path / str(number), original)
        damage.apply([Path(f"{path}{suffix}") for suffix in SUFFIXES])
        memory = opened(path)
        kept.append(len(memory.list_newest(None, None, EXCHANGES)))
        serve(memory)
        shutil.rmtree(path.parent)
    assert sum(count == EXCHANGES for count in kept) > DAMAGES / 4, kept  # most damages leave most of it


def test_damaged_page_is_kept_aside_and_the_rest_is_taken_over(copy: Path, caplog: pytest.LogCaptureFixture) -> None:
    connection = sqlite3.connect(copy)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    before = bytearray(copy.read_bytes())
    before[4096 * 12 : 4096 * 12 + 2048] = b"\xff" * 2048
    copy.write_bytes(before)
    memory = opened(copy)
    rows = memory.list_newest(None, None, EXCHANGES)
    serve(memory)
    assert isinstance(memory, SqliteMemory)
    assert 0 < len(rows) <= EXCHANGES
    (aside,) = (path for path in copy.parent.iterdir() if ".damaged-" in path.name and "-wal" not in path.name)
    assert aside.read_bytes() == before
    assert f"is kept as {aside}; {len(rows)} memories could be read" in caplog.text


def test_file_that_is_no_database_is_kept_aside(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    path.write_bytes(b"no database at all" * 100)
    serve(opened(path))
    (aside,) = tmp_path.glob("memory.db.damaged-*Z")
    assert aside.read_bytes().startswith(b"no database")


@pytest.fixture
def served(copy: Path) -> Iterator[SqliteMemory]:
    memory = opened(copy)
    assert isinstance(memory, SqliteMemory)
    memory.start(lambda job: None)
    yield memory
    memory.close()


def test_damage_while_serving_breaks_no_request_and_is_told(served: SqliteMemory, copy: Path) -> None:
    Path(f"{copy}-wal").write_bytes(b"")
    size = copy.stat().st_size
    with copy.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (size - 4096))
    turn = replace(ANA, player_text="where is my lantern?")
    served.retrieve(turn)
    served.list_newest(None, None, 50)
    served.add_exchange(turn, "Under the oak.", 1e12)
    served.flush()
    assert str(copy) in served.stats()["problem"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_pipe_in_the_place_of_the_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    os.mkfifo(path)
    memory = opened(path)
    assert "no regular file" in memory.stats()["problem"]
    memory.close()
    assert path.is_fifo()
