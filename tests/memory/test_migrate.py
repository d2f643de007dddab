"""A memory of another version: an older one is brought up to date and a copy kept, a newer one stops the start."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from llm_agentd.errors import StartError
from llm_agentd.memory import Memory, NullMemory, SqliteMemory, open_memory, schema
from llm_agentd.memory import migrate as migration
from llm_agentd.memory.store import explain
from tests.memory.talk import ANA, MIB

FIXTURE = Path(__file__).parents[1] / "fixtures" / "memory-v1.db"
LATER = 2
NOT_MIGRATED = "DROP TABLE memories"  # what a step that went wrong might have done before it failed


def opened(path: Path) -> Memory:
    return open_memory(path, turns=5, max_bytes=64 * MIB, summarize_by="rules")


def version_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return schema.version_of(connection)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A memory that version 1 wrote."""
    return Path(shutil.copyfile(FIXTURE, tmp_path / "memory.db"))


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program whose format has one more version than that of the fixture; it writes names in capital letters."""

    def step(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE memories SET npc_name = upper(npc_name)")

    monkeypatch.setattr(schema, "VERSION", LATER)
    monkeypatch.setitem(migration.STEPS, 1, step)


def test_memory_of_version_1_is_read_and_found_by_its_words(path: Path) -> None:
    """The file in tests/fixtures: what the index holds of it must be found by the words of today's program."""
    memory = opened(path)
    assert isinstance(memory, SqliteMemory)
    rows = memory.list_newest(None, None, 10)
    assert [(row["kind"], row["npc_name"], row["player"]) for row in reversed(rows)] == [
        ("exchange", "Mira", "Ana"),
        ("outcome", "Mira", "Ana"),
        ("exchange", "Bram", "Bo"),
    ]
    retrieved = memory.retrieve(ANA)
    assert retrieved.turns == (("I hid the sapphire under the old oak.", "I shall tell nobody."),)
    memory.close()
    with closing(sqlite3.connect(path)) as connection:
        schema.register_functions(connection)
        # FTS5 takes a row out by the words that it is told: with other ones than those it holds, this would fail.
        connection.execute("DELETE FROM memories")
        connection.execute("INSERT INTO words (words) VALUES ('optimize')")
        connection.execute("INSERT INTO words (words) VALUES ('integrity-check')")


@pytest.mark.usefixtures("later")
def test_older_memory_is_migrated_with_a_copy_and_said_so(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    memory = opened(path)
    assert isinstance(memory, SqliteMemory)
    assert {row["npc_name"] for row in memory.list_newest(None, None, 10)} == {"MIRA", "BRAM"}
    memory.close()
    assert version_of(path) == LATER
    (copy,) = path.parent.glob("memory.db.version-1-*Z")
    assert f"was of version 1 and is now of version {LATER}; {copy} is a copy of it as it was" in caplog.text
    assert version_of(copy) == 1
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as connection:
        assert {name for (name,) in connection.execute("SELECT npc_name FROM memories")} == {"Mira", "Bram"}


@pytest.mark.usefixtures("later")
def test_migrated_memory_is_not_migrated_again(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    opened(path).close()
    caplog.clear()
    opened(path).close()
    assert caplog.text == ""
    assert len(list(path.parent.glob("memory.db.version-*"))) == 1


@pytest.mark.usefixtures("later")
def test_step_that_fails_leaves_the_file_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def step(connection: sqlite3.Connection) -> None:
        connection.execute(NOT_MIGRATED)
        raise OSError("the disk is full")

    monkeypatch.setitem(migration.STEPS, 1, step)
    memory = opened(path)
    assert isinstance(memory, NullMemory)
    assert "the disk is full; free space there" in memory.stats()["problem"]
    memory.close()
    monkeypatch.undo()
    assert len(opened(path).list_newest(None, None, 10)) == 3
    assert [file.name for file in path.parent.iterdir() if ".version-" in file.name] == []


def test_newer_memory_stops_the_start_and_stays_as_it_is(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "memory.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"CREATE TABLE later (what); PRAGMA user_version = {schema.VERSION + 1};")
    before = path.read_bytes()
    with pytest.raises(StartError) as caught:
        opened(path)
    assert str(caught.value) == (
        f"agents.memory_path: {path} was written by a newer llm-agentd (it is of version 2, this program reads 1) and"
        " is left as it is; run that version again, or name another file"
    )
    assert path.read_bytes() == before
    assert caplog.text == ""
    assert sorted(file.name for file in tmp_path.iterdir()) == ["memory.db", "memory.db.lock"]


def test_after_a_roll_back_the_word_names_the_copy_that_was_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as newer:
        newer.setattr(schema, "VERSION", LATER)
        newer.setitem(migration.STEPS, 1, lambda connection: None)
        opened(path).close()
    (copy,) = path.parent.glob("memory.db.version-1-*Z")
    with pytest.raises(StartError, match=f"or go back to the copy that was kept of it: llm-agentd restore {copy}$"):
        opened(path)


@pytest.mark.usefixtures("later")
def test_command_line_says_that_the_daemon_migrates(path: Path) -> None:
    from llm_agentd.memory.reader import StoreReader

    with pytest.raises(schema.OlderVersionError) as caught:
        StoreReader(path)
    assert "written by an older llm-agentd" in explain(path, caught.value)
    assert "start the daemon once, which brings it up to date" in explain(path, caught.value)
