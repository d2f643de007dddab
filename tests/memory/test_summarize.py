"""Summaries: the facts that rules make of talk, those that a model writes, and when they are made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.memory import SqliteMemory, SummaryJob
from llm_agentd.memory.schema import Row
from llm_agentd.memory.summarize import facts_by_rules, parse_facts
from tests.memory.talk import ANA, MIB, Clock, talk, texts


def row(said: str, **fields: Any) -> Row:
    values: dict[str, Any] = {"text": "Aye.", "language": "en", "at_s": 1.0} | fields
    return Row(1, "exchange", "npc-1", "Mira", "Ana", "Oakford", said, **values)


@pytest.mark.parametrize(
    ("said", "fact"),
    [
        ("I brought the herbs.", "Ana brought the herbs"),
        ("I'm looking for my brother Tom!", "Ana is looking for Ana's brother Tom"),
        ("I live near the old mill", "Ana lives near the old mill"),
        ("I don't trust your guard captain.", "Ana does not trust Mira's guard captain"),
        ("The bridge of Westford fell.", "Ana said: The bridge of Westford fell"),
    ],
)
def test_rules_put_a_statement_into_the_third_person(said: str, fact: str) -> None:
    assert facts_by_rules([row("Hello!"), row(said), row("And you? What is it?")]) == [fact]


def test_rules_quote_another_language() -> None:
    assert facts_by_rules([row("Ich habe den Schlüssel verloren.", language="de")]) == [
        "Ana said: Ich habe den Schlüssel verloren"
    ]


def test_rules_keep_the_three_statements_with_most_keywords_in_order() -> None:
    words = ["big", "red", "tall", "grey", "old"]
    rows = [row(f"I saw {' '.join(words[:count])} tower {count}.") for count in (3, 0, 5, 4)]
    assert [fact[-1] for fact in facts_by_rules(rows)] == ["3", "5", "4"]


@pytest.mark.parametrize(
    ("reply", "facts"),
    [
        (
            "1. Ana brought the herbs.\n- Ana fears [wolves]; much.\n\nok\n* Ana has a dog\nAna sings well",
            ["Ana brought the herbs", "Ana fears (wolves), much", "Ana has a dog"],
        ),
        (" \n-\n", []),
    ],
)
def test_reply_of_the_model_is_parsed_into_facts(reply: str, facts: list[str]) -> None:
    assert parse_facts(reply) == facts


def let_writer_look_for_jobs(memory: SqliteMemory) -> None:
    """The writer looks for a job after each round: when the third flush is done, it has looked twice."""
    for _ in range(3):
        memory.flush()


def test_old_exchanges_become_facts_while_idle(memory: SqliteMemory, clock: Clock) -> None:
    talk(memory, clock, "I brought the herbs from the north.", "Thanks.")
    for number in range(14):
        talk(memory, clock, f"Is it {number}?", "Aye.")
    let_writer_look_for_jobs(memory)
    assert texts(memory, "fact") == ["Ana brought the herbs from the north"]
    assert len(texts(memory)) == 16  # the exchanges stay, as long as there is room
    facts = memory.retrieve(replace(ANA, player_text="Who brought the herbs?")).facts
    assert facts[0] == "Ana brought the herbs from the north"
    let_writer_look_for_jobs(memory)
    assert len(texts(memory)) == 16


def test_nothing_is_summarized_until_idle(tmp_path: Path, clock: Clock) -> None:
    jobs: list[SummaryJob] = []
    memory = SqliteMemory(tmp_path / "memory.db", turns=5, max_bytes=MIB, now=clock, clock=clock)
    memory.start(jobs.append)
    for number in range(20):  # the clock stands still: a request came just now
        memory.add_exchange(replace(ANA, player_text=f"I saw tower {number}."), "Aye.", clock.now_s)
    memory.retrieve(ANA)
    let_writer_look_for_jobs(memory)
    assert jobs == []
    clock.now_s += 4
    let_writer_look_for_jobs(memory)
    assert [len(job.rows) for job in jobs] == [10]
    memory.finish_job(jobs[0], "- Ana saw ten towers.")
    memory.flush()
    assert texts(memory, "fact") == ["Ana saw ten towers"]
    memory.close()
