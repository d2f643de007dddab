"""`llm-agentd memory`: on the file of a daemon that runs, or of none; what is deleted is gone from its bytes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from llm_agentd.cache.entry import CacheEntry
from llm_agentd.cache.lmdb_cache import LmdbCache
from llm_agentd.errors import StartError
from llm_agentd.memory import Outcome, SqliteMemory
from llm_agentd.memory.store import Store
from llm_agentd.ops.memory import export, forget
from llm_agentd.types import MemoryTurn
from tests.ops.test_cli import run

ANA = MemoryTurn("npc-1", "Mira", "Ana", "Oakford", "I hid the sapphire.")


def entry(prompt: str) -> CacheEntry:
    return CacheEntry("Well met.", "stop", "stub", None, 1, 1, "healer", prompt)


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[SqliteMemory]:
    """Of a daemon that runs."""
    memory = SqliteMemory(tmp_path / "memory.db", turns=5, max_bytes=2**24)
    memory.start(lambda job: None)
    memory.add_exchange(ANA, "Good.", 1)
    memory.add_exchange(MemoryTurn("npc-2", "Bram", "Bo", "Oakford", "Hello"), "Aye.", 1)
    memory.add_outcomes([Outcome("npc-1", "Mira", "Ana", "Oakford", "Ana bought bread")])
    memory.flush()
    yield memory
    memory.close()


def test_export_prints_matching_memories_the_oldest_first(memory: SqliteMemory, tmp_path: Path) -> None:
    out = io.StringIO()
    assert export(tmp_path / "memory.db", npc=None, player="Ana", out=out) == 0
    rows = [orjson.loads(line) for line in out.getvalue().splitlines()]
    assert [(row["kind"], row["said"], row["text"]) for row in rows] == [
        ("exchange", "I hid the sapphire.", "Good."),
        ("outcome", "", "Ana bought bread"),
    ]
    assert rows[0]["at"].endswith("+00:00")


def test_forget_beside_a_running_daemon_deletes_from_all_files(memory: SqliteMemory, tmp_path: Path) -> None:
    cache = LmdbCache(tmp_path / "cache", 300, 2**24)
    for number, prompt in enumerate(("Ana: Hello", "Bo: Hello")):
        cache.put(bytes([number]) * 16, entry(prompt), 1)
    cache.flush()
    files = {"agents.memory_path": "memory.db", "cache.path": "cache", "agents.audit_path": "audit.jsonl"}
    sets = [word for key, name in files.items() for word in ("--set", f"{key}={tmp_path / name}")]
    result = run(tmp_path, "memory", "forget", "--player", "Ana", *sets)
    counts = "1 exchanges, 1 outcomes, 0 facts; 1 cached replies, 0 lines of the moderation log"
    assert result == (0, f"forgotten of player 'Ana': {counts}\n", "")
    assert cache.get(b"\0" * 16, 1) is None
    assert cache.get(b"\1" * 16, 1) is not None
    assert [row["player"] for row in memory.list_newest(None, None, 10)] == ["Bo"]
    assert memory.retrieve(ANA).turns == ()
    bytes_left = b"".join(file.read_bytes() for file in tmp_path.glob("memory.db*"))
    assert b"sapphire" not in bytes_left
    memory.add_exchange(ANA, "Again.", 2)  # the daemon goes on
    memory.flush()
    assert memory.retrieve(ANA).turns == (("I hid the sapphire.", "Again."),)
    assert (
        forget(
            tmp_path / "memory.db", tmp_path / "none", tmp_path / "none.jsonl", npc=None, player=None, out=io.StringIO()
        )
        == 0
    )
    assert memory.list_newest(None, None, 10) == []
    cache.close()


def test_forget_names_the_copies_that_still_hold_what_was_said(memory: SqliteMemory, tmp_path: Path) -> None:
    copies = [tmp_path / f"memory.db.{name}-20261127T020000Z" for name in ("damaged", "replaced", "version-1")]
    for copy in copies:
        copy.write_bytes(b"I hid the sapphire.")
    out = io.StringIO()
    files = (tmp_path / "memory.db", tmp_path / "none", tmp_path / "none.jsonl")
    forget(*files, npc=None, player="Ana", out=out)
    assert out.getvalue().splitlines()[1] == (
        f"not touched, yours to delete: what was kept as {', '.join(map(str, copies))}"
    )


def test_cache_of_a_daemon_purges_by_name(tmp_path: Path) -> None:
    cache = LmdbCache(tmp_path / "cache", 300, 2**24)
    for number, prompt in enumerate(("ANA: Hello", "Bo: Hello", "x" * 20_000)):
        cache.put(bytes([number]) * 16, entry(prompt), 1)
    assert cache.purge("Ana") == 2  # a prompt whose end was not kept may name anybody
    assert cache.purge(None) == 1
    assert cache.stats()["entries"] == 0
    cache.close()


def test_export_without_a_memory_file_says_when_it_is_made(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="it is made when the daemon first runs"):
        export(tmp_path / "none.db", npc=None, player=None, out=io.StringIO())


def test_export_of_a_file_that_is_no_database_names_the_cures(tmp_path: Path) -> None:
    (tmp_path / "bad.db").write_bytes(b"no database" * 1000)
    with pytest.raises(StartError, match=r"restart the daemon.* run this as the daemon's user"):
        export(tmp_path / "bad.db", npc=None, player=None, out=io.StringIO())


def test_forget_with_an_unusable_cache_names_the_cure(tmp_path: Path) -> None:
    Store(tmp_path / "memory.db", create=True).close()
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "data.mdb").write_bytes(b"bad" * 1000)
    with pytest.raises(StartError, match="it holds copies only"):
        forget(tmp_path / "memory.db", cache, tmp_path / "none.jsonl", npc=None, player="Ana", out=io.StringIO())


@pytest.mark.parametrize("options", [[], ["--all", "--player", "Ana"]])
def test_forget_without_one_choice_is_refused(options: list[str], tmp_path: Path) -> None:
    code, _, stderr = run(tmp_path, "memory", "forget", *options)
    assert code == 2
    assert "--player NAME or --npc ID, or everything with --all" in stderr


@pytest.mark.slow
def test_command_reads_the_configured_files(tmp_path: Path) -> None:
    path = ("--set", f"agents.memory_path={tmp_path}/memory.db")
    code, _, stderr = run(tmp_path, "memory", "export", *path)
    assert code == 1
    assert f"no memory in {tmp_path}/memory.db" in stderr
    Store(tmp_path / "memory.db", create=True).close()
    assert run(tmp_path, "memory", "export", *path) == (0, "", "")
    audit = tmp_path / "audit.jsonl"
    audit.write_text('{"time":"2026-01-01T00:00:00Z","player":"Ana","text":"x"}\n{"player":"Bo","text":"y"}\n')
    paths = (*path, "--set", f"cache.path={tmp_path}/cache", "--set", f"agents.audit_path={audit}")
    nothing = "0 exchanges, 0 outcomes, 0 facts; 0 cached replies"
    code, stdout, _ = run(tmp_path, "memory", "forget", "--all", *paths)
    assert (code, stdout) == (0, f"forgotten of all: {nothing}, 0 lines of the moderation log\n")
    code, stdout, _ = run(tmp_path, "memory", "forget", "--player", "Ana", *paths)
    assert (code, stdout) == (0, f"forgotten of player 'Ana': {nothing}, 1 lines of the moderation log\n")
    assert audit.read_text(encoding="utf-8") == '{"player":"Bo","text":"y"}\n'
