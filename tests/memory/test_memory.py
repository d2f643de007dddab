"""The memory as the router thread uses it: what is kept, for how long, and what happens where the disk fails."""

from __future__ import annotations

import os
import sqlite3
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.errors import StartError
from llm_agentd.memory import NullMemory, Outcome, SqliteMemory, open_memory
from llm_agentd.memory.reader import StoreReader
from llm_agentd.memory.store import Store
from tests.memory.talk import ANA, MIB, Clock, answer_to_forget, report_outcome, talk, texts


def test_retry_replaces_the_reply_that_was_not_shown(memory: SqliteMemory, clock: Clock) -> None:
    talk(memory, clock, "Any news?", "None.")
    again = replace(ANA, player_text="Any news?", is_retry=True)
    assert memory.retrieve(again).turns == ()  # the reply that is being replaced is no turn
    memory.add_exchange(again, "The mill burned.", clock.now_s)
    memory.flush()
    assert texts(memory) == ["The mill burned."]


def test_outcome_delivered_twice_is_kept_once(memory: SqliteMemory, clock: Clock) -> None:
    for _ in range(2):  # the game sends a batch again where the answer was lost
        report_outcome(memory, "Ana bought 3 apples")
        report_outcome(memory, "Ana sold 2 eggs")
    memory.flush()
    assert len(texts(memory)) == 2
    clock.now_s += 3600
    report_outcome(memory, "Ana bought 3 apples")
    memory.flush()
    assert len(texts(memory)) == 3


def test_only_the_last_greeting_is_kept(memory: SqliteMemory, clock: Clock) -> None:
    for greeting in ("Welcome.", "You again!"):
        talk(memory, clock, "", greeting)
    talk(memory, clock, "Hello!", "What is it?")
    memory.flush()
    assert memory.retrieve(ANA).turns == (("", "You again!"), ("Hello!", "What is it?"))


def test_restart_keeps_rows_and_continues_ids(tmp_path: Path) -> None:
    path = tmp_path / "m" / "memory.db"
    for number in range(2):
        memory = SqliteMemory(path, turns=5, max_bytes=MIB)
        memory.start(lambda job: None)
        memory.add_exchange(replace(ANA, player_text=f"Word {number}"), "Aye.", 0)
        memory.close()
    reader = StoreReader(path)
    assert [(row.id, row.said) for row in reader.iterate(None, None)] == [(1, "Word 0"), (2, "Word 1")]
    assert reader.integrity_problems() == []
    reader.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_size_bound_evicts_talk_before_outcomes(tmp_path: Path, clock: Clock) -> None:
    memory = SqliteMemory(tmp_path / "memory.db", turns=5, max_bytes=MIB, now=clock, clock=clock)
    memory.start(lambda job: None)
    report_outcome(memory, "Ana brought herbs")
    for number in range(4000):
        talk(memory, clock, f"{number} " + "words that are long enough to fill a page " * 3, "Aye." * 10)
        if number % 500 == 0:
            memory.flush()
    memory.flush()
    stats, rows = memory.stats(), memory.list_newest(None, None, 200)
    assert stats["bytes"] <= MIB
    assert rows[0]["said"].startswith("3999 ")
    memory.close()
    reader = StoreReader(tmp_path / "memory.db")
    assert next(reader.iterate(None, None)).text == "Ana brought herbs"
    assert reader.integrity_problems() == []
    reader.close()


def test_open_with_no_turns_keeps_nothing_and_makes_no_file(tmp_path: Path) -> None:
    assert isinstance(open_memory(tmp_path / "off.db", turns=0, max_bytes=MIB), NullMemory)
    assert not (tmp_path / "off.db").exists()


def test_open_unwritable_path_warns(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("a file where the folder should be")
    assert isinstance(open_memory(tmp_path / "file" / "memory.db", turns=5, max_bytes=MIB), NullMemory)
    (record,) = caplog.records
    assert "choose a file that the daemon may write" in record.message


def test_open_file_of_another_daemon_stops_the_start(tmp_path: Path) -> None:
    memory = SqliteMemory(tmp_path / "memory.db", turns=5, max_bytes=MIB)
    with pytest.raises(StartError, match="another llm-agentd runs"):
        open_memory(tmp_path / "memory.db", turns=5, max_bytes=MIB)
    memory.close()


def test_full_disk_is_logged_once_and_tried_again_later(
    memory: SqliteMemory, clock: Clock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(Store, "add", full)
        for number in range(3):
            talk(memory, clock, f"Lost {number}", "Aye.")
            memory.flush()
    assert [record.message.count("free space there") for record in caplog.records] == [1]
    clock.now_s += 1000
    talk(memory, clock, "Kept.", "Aye.")
    memory.flush()
    assert [row["said"] for row in memory.list_newest(None, None, 10)] == ["Kept."]


def test_question_that_is_sent_again_is_remembered_once(tmp_path: Path, clock: Clock) -> None:
    """A client that loses the daemon asks again all that was open; the first replies were kept and never seen."""

    def opened() -> SqliteMemory:
        memory = SqliteMemory(tmp_path / "memory.db", turns=5, max_bytes=MIB, now=clock, clock=clock)
        memory.start(lambda job: None)
        return memory

    questions = [f"Where is road {number}?" for number in range(4)]
    memory = opened()
    for question in questions:
        talk(memory, clock, question, "It lies to the north.")
    memory.close()
    memory = opened()
    for question in questions:
        talk(memory, clock, question, "Follow the river.")
    memory.flush()
    assert [(row["said"], row["text"]) for row in reversed(memory.list_newest(None, None, 10))] == [
        (question, "Follow the river.") for question in questions
    ]
    memory.close()


def test_question_that_is_asked_again_later_is_remembered_again(memory: SqliteMemory, clock: Clock) -> None:
    talk(memory, clock, "What is new?", "Nothing.")
    clock.now_s += 300
    talk(memory, clock, "What is new?", "A fire in the mill.")
    memory.flush()
    assert len(memory.list_newest(None, None, 10)) == 2


def test_clock_that_was_set_back_hides_no_second_delivery(memory: SqliteMemory, clock: Clock) -> None:
    talk(memory, clock, "What is new?", "Nothing.")
    clock.now_s -= 900_000
    talk(memory, clock, "What is new?", "A fire.")
    memory.flush()
    assert len(memory.list_newest(None, None, 10)) == 2


def written(memory: SqliteMemory, text: str) -> bool:
    """Of one outcome, when the disk is done with it."""
    results: list[bool] = []
    memory.add_outcomes([Outcome("npc-1", "Mira", "Ana", "Oakford", text)], results.append)
    memory.flush()
    (is_kept,) = results
    return is_kept


def test_whoever_waits_for_the_disk_hears_when_it_is_done(memory: SqliteMemory, tmp_path: Path) -> None:
    assert written(memory, "Ana brought herbs")
    reader = StoreReader(tmp_path / "memory.db")
    assert [row.text for row in reader.iterate(None, None)] == ["Ana brought herbs"]
    reader.close()


def test_whoever_waits_for_a_full_disk_hears_that_it_failed(
    memory: SqliteMemory, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(Store, "add", full)
        assert not written(memory, "Lost")
        assert not written(memory, "Not even tried")
    clock.now_s += 1000
    assert written(memory, "Kept")


def test_memory_that_is_off_loses_nothing_and_one_that_failed_says_so() -> None:
    for memory, is_kept in ((NullMemory(), True), (NullMemory("the disk is gone"), False)):
        results: list[bool] = []
        memory.add_outcomes([], results.append)
        assert results == [is_kept]


@pytest.mark.skipif(os.name != "posix", reason="Windows deletes no open file")
def test_durable_answers_fail_where_the_file_was_deleted_meanwhile(
    memory: SqliteMemory, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert written(memory, "Kept")
    (tmp_path / "memory.db").rename(tmp_path / "moved.db")
    assert not written(memory, "Lost with the process")
    assert "was deleted or moved while the daemon runs; restart the daemon" in caplog.text
    assert isinstance(answer_to_forget(memory, player="Ana"), str)
