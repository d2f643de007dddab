"""What an admin does with a memory: browses it, changes or deletes a row, asks what would be recalled."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from llm_agentd.memory import NullMemory, SqliteMemory, SummaryJob
from llm_agentd.memory.base import Edit, Memory
from llm_agentd.memory.schema import Row
from tests.memory.talk import ANA, MIB, WAIT_S, Clock, report_outcome, talk, texts


def edit(memory: Memory, row_id: int, text: str | None, said: str | None = None) -> Row | str | None:
    """Waits until it is done; returns the row as it was."""
    results: list[Row | str | None] = []
    is_done = threading.Event()

    def on_edited(before: Row | str | None) -> None:
        results.append(before)
        is_done.set()

    memory.edit(Edit(row_id, text, said), on_edited)
    assert is_done.wait(WAIT_S)
    return results[0]


def row_id(memory: SqliteMemory, text: str) -> int:
    return next(int(row["id"]) for row in memory.list_newest(None, None, 200) if text in (row["text"], row["said"]))


def test_edited_row_is_recalled_by_its_new_words_alone(memory: SqliteMemory, clock: Clock) -> None:
    talk(memory, clock, "My brother lives in Stonebridge.", "Far away.")
    for number in range(6):
        talk(memory, clock, f"It is day {number}.", f"So it is, day {number}.")
    number = row_id(memory, "My brother lives in Stonebridge.")
    before = edit(memory, number, "Near by.", "My brother lives in Oakford.")
    assert isinstance(before, Row)
    assert (before.said, before.text) == ("My brother lives in Stonebridge.", "Far away.")
    asked = replace(ANA, player_text="Where does my brother live?")
    facts = memory.retrieve(asked).facts
    assert any("Oakford" in fact for fact in facts)
    assert not any("Stonebridge" in fact for fact in facts)
    row = memory.list_newest(None, None, 200)[-1]
    assert (row["id"], row["text"], row["kind"]) == (number, "Near by.", "exchange")


def test_row_that_is_not_written_yet_can_be_edited(memory: SqliteMemory, clock: Clock) -> None:
    talk(memory, clock, "Hello.", "Aye.")
    edit(memory, row_id(memory, "Aye."), "Good day.")
    assert texts(memory) == ["Good day."]


def test_deleted_row_is_in_no_byte_of_the_file(tmp_path: Path, memory: SqliteMemory, clock: Clock) -> None:
    talk(memory, clock, "The xyzzyword is under the oak.", "I keep it.")
    talk(memory, clock, "Good night.", "Sleep well.")
    assert edit(memory, row_id(memory, "I keep it."), None) is not None
    assert texts(memory) == ["Sleep well."]
    found = [path.name for path in tmp_path.iterdir() if b"xyzzyword" in path.read_bytes()]
    assert found == []


def test_edit_takes_kept_replies_of_the_player_out_of_the_cache(tmp_path: Path, clock: Clock) -> None:
    purged: list[str | None] = []

    def purge(player: str | None) -> int:
        purged.append(player)
        return 0

    memory = SqliteMemory(tmp_path / "m.db", turns=5, max_bytes=MIB, purge_cache=purge, now=clock, clock=clock)
    memory.start(lambda job: None)
    report_outcome(memory, "Ana bought bread")
    report_outcome(memory, "A wolf came to the mill", player="")
    edit(memory, row_id(memory, "Ana bought bread"), "Ana bought a cake")
    edit(memory, row_id(memory, "A wolf came to the mill"), None)
    assert purged == ["Ana", None]
    assert edit(memory, 999, None) is None
    assert purged == ["Ana", None]
    memory.close()


def test_outcome_is_edited_as_it_would_be_added(memory: SqliteMemory) -> None:
    report_outcome(memory, "Ana bought bread")
    edit(memory, row_id(memory, "Ana bought bread"), "Ana bought\n two cakes.")
    assert texts(memory) == ["Ana bought two cakes"]


def test_summary_of_a_row_that_was_deleted_meanwhile_is_dropped(tmp_path: Path, clock: Clock) -> None:
    jobs: list[SummaryJob] = []
    has_job = threading.Event()

    def on_job(job: SummaryJob) -> None:
        jobs.append(job)
        has_job.set()

    memory = SqliteMemory(
        tmp_path / "m.db", turns=1, max_bytes=MIB, summarize_by="model", idle_s=0, now=clock, clock=clock
    )
    memory.start(on_job)
    for number in range(12):
        talk(memory, clock, f"My brother number {number} lives in Stonebridge.", f"Aye, {number}.")
    memory.flush()
    assert has_job.wait(WAIT_S)
    edit(memory, jobs[0].rows[0].id, None)
    memory.finish_job(jobs[0], "Ana's brother lives in Stonebridge.")
    memory.flush()
    assert texts(memory, "fact") == []
    memory.close()


def test_browsing_goes_from_page_to_page(memory: SqliteMemory, clock: Clock) -> None:
    for number in range(5):
        talk(memory, clock, f"Number {number}.", f"Reply {number}.")
    first = memory.list_newest(None, "Ana", 2)
    second = memory.list_newest(None, "Ana", 2, first[-1]["id"])
    assert [row["text"] for row in (*first, *second)] == ["Reply 4.", "Reply 3.", "Reply 2.", "Reply 1."]
    assert memory.list_newest("npc-2", None, 2, first[-1]["id"]) == []


def test_search_finds_in_both_sides_whatever_the_case(memory: SqliteMemory, clock: Clock) -> None:
    talk(memory, clock, "Wo ist der ÄPFELBAUM?", "Dort.")
    talk(memory, clock, "Hallo.", "Der Äpfelbaum ist tot.")
    talk(memory, clock, "Hello.", "Aye.", player="Bo")
    found = memory.search(None, None, "äpfelbaum", 10, None)
    assert [row["said"] for row in found] == ["Hallo.", "Wo ist der ÄPFELBAUM?"]
    assert memory.search(None, "Bo", "äpfelbaum", 10, None) == []
    assert [row["said"] for row in memory.search(None, None, "äpfelbaum", 1, found[0]["id"])] == [
        "Wo ist der ÄPFELBAUM?"
    ]


def test_pairs_tell_who_remembers_whom(memory: SqliteMemory, clock: Clock) -> None:
    talk(memory, clock, "Hello.", "Aye.")
    talk(memory, clock, "Well?", "Well.")
    talk(memory, clock, "Hello.", "Aye.", player="Bo")
    assert [(pair["npc"], pair["npc_name"], pair["player"], pair["count"]) for pair in memory.pairs(10)] == [
        ("npc-1", "Mira", "Bo", 1),
        ("npc-1", "Mira", "Ana", 2),
    ]
    assert len(memory.pairs(1)) == 1


def test_recall_shows_what_a_prompt_would_have_and_why(memory: SqliteMemory, clock: Clock) -> None:
    talk(memory, clock, "My brother lives in Stonebridge.", "Far away.")
    for number in range(6):
        talk(memory, clock, f"It is day {number}.", f"So it is, day {number}.")
    report_outcome(memory, "Ana bought bread")
    report_outcome(memory, "A wolf ate the brother of the miller", npc="npc-2", npc_name="Bram", player="Bo")
    asked = replace(ANA, player_text="Where does my brother live?")
    shown = memory.retrieve(asked)
    recall = memory.recall("npc-1", "Ana", "Where does my brother live?", None, 20)
    assert tuple((row.said, row.text) for row in recall.turns) == shown.turns
    assert tuple(fact.text for fact in recall.facts if fact.text in recall.used) == shown.facts
    by_text = {fact.text: fact for fact in recall.facts}
    brother = by_text["Ana said: My brother lives in Stonebridge"]
    assert (brother.kind, brother.score > 0) == ("exchange", True)
    assert (by_text["Ana bought bread"].kind, by_text["Ana bought bread"].score) == ("outcome", 0)
    assert memory.recall("npc-1", "Ana", "Where does my brother live?", None, 1).facts == recall.facts[:1]


def test_memory_that_is_off_has_nothing_to_browse() -> None:
    memory = NullMemory()
    assert memory.search(None, None, "x", 10, None) == memory.pairs(10) == []
    assert memory.recall("npc-1", "Ana", "Hello", None, 5).facts == ()
    assert edit(memory, 1, "x") is None


@pytest.mark.parametrize("turns", [1, 3])
def test_limits_change_while_it_runs(memory: SqliteMemory, clock: Clock, turns: int) -> None:
    for number in range(5):
        talk(memory, clock, f"Number {number}.", f"Reply {number}.")
    memory.set_limits(turns=turns, max_bytes=MIB)
    assert len(memory.retrieve(replace(ANA, player_text="And?")).turns) == turns
    assert memory.stats()["max_bytes"] == MIB
