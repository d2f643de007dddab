"""What NPCs remember: what is kept once and what never, what a prompt gets of it, and what is left after a forget."""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_agentd.errors import StartError
from llm_agentd.memory import keywords as recall_words
from llm_agentd.memory import summarize as condense
from llm_agentd.memory.memory import Job, NullMemory, Outcome, StoredMemory, open_memory
from llm_agentd.memory.retrieval import FACTS_MAX_CHARS
from llm_agentd.memory.store import Row, Store, pair_scope
from llm_agentd.prompt import token_budget
from llm_agentd.prompt.builder import PromptBuilder
from llm_agentd.roles.registry import Roles
from llm_agentd.types import MemoryTurn, Message, Npc, Think, Turn

MIB = 2**20
ANA = MemoryTurn("npc-1", "Mira", "Ana", "Oakford", "Good evening!")
MIRA = Think(Npc("npc-1", "Mira", "healer"), player="Ana", utterance="Good evening!", context={"place": "Oakford"})


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memory(tmp_path: Path, clock: Clock) -> Iterator[StoredMemory]:
    with_rules = StoredMemory(
        tmp_path / "memory.db", turns=5, max_bytes=64 * MIB, condense_by="rules", now=clock, clock=clock
    )
    with_rules.start(lambda job: None)
    yield with_rules
    with_rules.close()


def talk(memory: StoredMemory, clock: Clock, said: str, reply: str, **other: Any) -> None:
    clock.now_s += 10
    memory.note(replace(ANA, said=said, **other), reply, clock.now_s)


def happened(memory: StoredMemory, text: str, **other: str) -> None:
    fields = {"npc": "npc-1", "npc_name": "Mira", "player": "Ana", "place": "Oakford"} | other
    assert memory.remember([Outcome(text=text, **fields)]) == 1


def forget(memory: StoredMemory, npc: str | None = None, player: str | None = None) -> dict[str, int]:
    counts: list[dict[str, int] | None] = []
    over = threading.Event()

    def done(found: dict[str, int] | None) -> None:
        counts.append(found)
        over.set()

    memory.forget(npc, player, done)
    assert over.wait(10)
    assert counts[0] is not None
    return counts[0]


# -- what a prompt gets ---------------------------------------------------------------------------


@pytest.mark.parametrize("written", [True, False])
def test_the_last_exchanges_stand_between_who_it_is_and_this_moment(
    memory: StoredMemory, clock: Clock, written: bool
) -> None:
    for number in range(7):
        talk(memory, clock, f"Word {number}.", f"Answer {number}.")
    talk(memory, clock, "I am Bo.", "Aye.", player="Bo")
    talk(memory, clock, "To another.", "Aye.", npc="npc-2")
    if written:
        memory.flush()
    asked = PromptBuilder(Roles.load(), memory=memory).build(MIRA)
    assert asked.messages[1:-1] == tuple(
        Message(role, text)
        for number in range(2, 7)
        for role, text in (("user", f"Ana: Word {number}."), ("assistant", f"Answer {number}."))
    )
    assert asked.messages[0] == PromptBuilder(Roles.load()).build(MIRA).messages[0]
    assert asked.short_messages == PromptBuilder(Roles.load()).build(MIRA).messages


def test_nothing_is_told_where_it_would_not_be_wanted(memory: StoredMemory, clock: Clock) -> None:
    talk(memory, clock, "I hid the lantern.", "Good.")
    memory.flush()
    builder, plain = PromptBuilder(Roles.load(), memory=memory), PromptBuilder(Roles.load())
    draft = {"title": "the witch", "persona": "A witch lives alone."}
    for think in (
        replace(MIRA, draft=draft),  # a role that is tried
        replace(MIRA, remember=False),  # small talk
        replace(MIRA, player=None),
        replace(MIRA, utterance=None),  # a greeting: it may come from the cache
        replace(MIRA, player="Bo"),
    ):
        assert builder.build(think).messages == plain.build(think).messages
    own = replace(MIRA, history=(Turn("Ana", "Hello."), Turn("Mira", "Aye.")))
    assert builder.build(own).messages == plain.build(own).messages  # the game keeps that talk


def test_what_came_of_things_shows_in_later_prompts_also_in_a_greeting(memory: StoredMemory) -> None:
    happened(memory, "Ana refused my price.")
    builder = PromptBuilder(Roles.load(), memory=memory)
    assert builder.build(MIRA).messages[-1].content == (
        "[place Oakford; memory Ana refused my price]\nAna: Good evening!"
    )
    greeting = builder.build(replace(MIRA, utterance=None))
    assert greeting.messages[-1].content == "[place Oakford; memory Ana refused my price]\n(Ana comes near.)"
    told = replace(MIRA, context={"memory": "Ana mended the bridge"})
    assert "[memory Ana mended the bridge, Ana refused my price]" in builder.build(told).messages[-1].content


def test_a_settlement_shares_what_happened_and_never_what_was_said(memory: StoredMemory, clock: Clock) -> None:
    happened(memory, "Ana killed the wolf at the mill")
    talk(memory, clock, "I fear the wolf.", "So do I.")
    memory.flush()
    other = replace(ANA, npc="npc-2", npc_name="Bram", player="Bo", said="Is there a wolf about?")
    assert memory.recall(other).facts == ("Mira said: Ana killed the wolf at the mill",)
    assert memory.recall(replace(other, said="Any news?")).facts == ("Mira said: Ana killed the wolf at the mill",)
    assert memory.recall(replace(other, place="Westford")).facts == ()
    assert memory.recall(replace(other, said="Have you bread?")).facts == ()


def test_a_statement_answers_and_the_newest_wins(memory: StoredMemory, clock: Clock) -> None:
    talk(memory, clock, "Hello there. My dog is called Rex! Nice weather.", "A good name.")
    for number in range(10):
        talk(memory, clock, f"What is my dog called, {number}?", "I forget.")
    memory.flush()
    asked = memory.recall(replace(ANA, said="Do you know what my dog is called?"))
    assert asked.facts == ("Ana said: My dog is called Rex",)
    talk(memory, clock, "My dog is called Bella.", "Oh.")
    for number in range(10):
        talk(memory, clock, f"Number {number}", "Aye.")
    memory.flush()
    asked = memory.recall(replace(ANA, said="Do you know what my dog is called?"))
    assert asked.facts[0] == "Ana said: My dog is called Bella"


def test_memory_is_cut_to_the_room_the_oldest_first(memory: StoredMemory, clock: Clock) -> None:
    happened(memory, "Ana brought herbs")
    for number in range(5):
        talk(memory, clock, f"{number} " + "long talk " * 12, "word " * 20)
    builder = PromptBuilder(Roles.load(), memory=memory)
    wide, narrow = builder.build(MIRA), builder.build(MIRA, (), 600)
    assert len(wide.messages) == 12
    assert 2 < len(narrow.messages) < 12
    assert narrow.messages[-3:] == wide.messages[-3:]
    assert builder.build(MIRA, (), 60).short_messages is None
    assert sum(map(len, memory.recall(ANA).facts)) <= FACTS_MAX_CHARS


# -- what is kept ---------------------------------------------------------------------------------


def test_a_second_try_takes_the_place_of_the_first(memory: StoredMemory, clock: Clock) -> None:
    talk(memory, clock, "Any news?", "None.")
    again = replace(ANA, said="Any news?", is_retry=True)
    assert memory.recall(again).turns == ()  # what it must not say again is no history
    memory.note(again, "The mill burned.", clock.now_s)
    memory.flush()
    assert [row["text"] for row in memory.listing(None, "Ana", 10)] == ["The mill burned."]


def test_the_same_told_twice_is_kept_once(memory: StoredMemory, clock: Clock) -> None:
    for _ in range(2):  # a delivery whose answer was lost comes again
        happened(memory, "Ana bought 3 apples")
        happened(memory, "Ana sold 2 eggs")
    memory.flush()
    assert len(memory.listing(None, None, 10)) == 2
    clock.now_s += 3600
    happened(memory, "Ana bought 3 apples")
    memory.flush()
    assert len(memory.listing(None, None, 10)) == 3


def test_of_greetings_the_last_is_kept(memory: StoredMemory, clock: Clock) -> None:
    for words in ("Welcome.", "You again!"):
        talk(memory, clock, "", words)
    talk(memory, clock, "Hello!", "What is it?")
    memory.flush()
    assert memory.recall(ANA).turns == (("", "You again!"), ("Hello!", "What is it?"))


def test_it_is_there_after_a_restart_and_ids_go_on(tmp_path: Path) -> None:
    for number in range(2):
        memory = StoredMemory(tmp_path / "m" / "memory.db", turns=5, max_bytes=MIB)
        memory.start(lambda job: None)
        memory.note(replace(ANA, said=f"Word {number}"), "Aye.", 0)
        memory.close()
    store = Store(tmp_path / "m" / "memory.db", create=False)
    assert [(row.id, row.said) for row in store.each(None, None)] == [(1, "Word 0"), (2, "Word 1")]
    assert store.problems() == []
    store.close()
    assert stat.S_IMODE((tmp_path / "m" / "memory.db").stat().st_mode) == 0o600


def test_the_size_bound_holds_and_facts_outlive_talk(tmp_path: Path, clock: Clock) -> None:
    memory = StoredMemory(tmp_path / "memory.db", turns=5, max_bytes=MIB, now=clock, clock=clock)
    memory.start(lambda job: None)
    happened(memory, "Ana brought herbs")
    for number in range(4000):
        talk(memory, clock, f"{number} " + "words that are long enough to fill a page " * 3, "Aye." * 10)
        if number % 500 == 0:
            memory.flush()
    memory.flush()
    stats, kept = memory.stats(), memory.listing(None, None, 200)
    assert stats["bytes"] <= MIB
    assert kept[0]["said"].startswith("3999 ")
    memory.close()
    store = Store(tmp_path / "memory.db", create=False)
    assert next(store.each(None, None)).text == "Ana brought herbs"
    assert store.problems() == []
    store.close()


def test_off_and_bad_files_serve_without(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert isinstance(open_memory(tmp_path / "off.db", turns=0, max_bytes=MIB), NullMemory)
    assert not (tmp_path / "off.db").exists()
    bad = tmp_path / "bad.db"
    bad.write_bytes(b"no database at all" * 100)
    assert isinstance(open_memory(bad, turns=5, max_bytes=MIB), NullMemory)
    assert isinstance(open_memory(bad / "below.db", turns=5, max_bytes=MIB), NullMemory)
    assert len(caplog.records) == 2
    assert "stop the daemon and move the file away" in caplog.records[0].message
    assert "choose a file that the daemon may write" in caplog.records[1].message
    assert bad.read_bytes().startswith(b"no database")  # it is not the daemon's to delete


def test_two_daemons_never_share_a_file(tmp_path: Path) -> None:
    memory = StoredMemory(tmp_path / "memory.db", turns=5, max_bytes=MIB)
    with pytest.raises(StartError, match="another llm-agentd runs"):
        open_memory(tmp_path / "memory.db", turns=5, max_bytes=MIB)
    memory.close()


def test_a_full_disk_is_said_once_and_tried_again(
    memory: StoredMemory, clock: Clock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
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
    assert [row["said"] for row in memory.listing(None, None, 10)] == ["Kept."]


# -- forgetting -----------------------------------------------------------------------------------


def test_forgetting_a_player_takes_all_of_them_and_only_them(memory: StoredMemory, clock: Clock) -> None:
    talk(memory, clock, "I am here.", "Aye.")
    talk(memory, clock, "Bo here.", "Aye.", player="Bo")
    happened(memory, "Ana bought bread")
    happened(memory, "Bo saw Ana at the mill", player="Bo")
    happened(memory, "Bo bought bananas", player="Bo")
    purged: list[str | None] = []
    memory._purge = lambda name: purged.append(name) or 3  # type: ignore[func-returns-value]
    assert forget(memory, player="Ana") == {"exchanges": 1, "outcomes": 2, "facts": 0, "cached": 3}
    assert purged == ["Ana"]
    assert [row["text"] for row in memory.listing(None, None, 10)] == ["Bo bought bananas", "Aye."]
    assert forget(memory, npc="npc-1") == {"exchanges": 1, "outcomes": 1, "facts": 0, "cached": 0}
    assert forget(memory) == {"exchanges": 0, "outcomes": 0, "facts": 0, "cached": 3}


def test_a_reply_to_a_question_from_before_is_not_kept(memory: StoredMemory, clock: Clock) -> None:
    asked_s = clock.now_s
    clock.now_s += 1
    forget(memory, player="Ana")
    memory.note(ANA, "Good evening, Ana.", asked_s)
    memory.note(replace(ANA, player="Bo"), "Good evening, Bo.", asked_s)
    memory.note(replace(ANA, said="A new one."), "Aye.", clock.now_s + 1)
    memory.flush()
    assert [row["said"] for row in memory.listing(None, None, 10)] == ["A new one.", "Good evening!"]


WORD = st.text("abcdefghijklmnopqrstuvwxyzäéя", min_size=6, max_size=12)


@settings(max_examples=25, deadline=None)
@given(
    secrets=st.lists(WORD, min_size=1, max_size=40, unique=True),
    others=st.lists(WORD, max_size=20, unique=True),
    evicted=st.booleans(),
)
def test_nothing_of_a_forgotten_players_text_is_left_in_the_file(
    tmp_path_factory: pytest.TempPathFactory, secrets: list[str], others: list[str], evicted: bool
) -> None:
    path = tmp_path_factory.mktemp("forget") / "memory.db"
    memory = StoredMemory(path, turns=5, max_bytes=64 * MIB)
    memory.start(lambda job: None)
    marked = [f"qz{word}zq" for word in secrets]  # stands in nothing else
    for secret in marked:
        memory.note(replace(ANA, player="Anagram", said=f"My word is {secret}."), f"So {secret}.", 1)
        happened(memory, f"Anagram told of {secret}", player="Anagram")
    for word in others:
        memory.note(replace(ANA, player="Bo", said=f"I say {word}."), "Aye.", 1)
    memory.flush()
    before = path.read_bytes() + path.with_name("memory.db-wal").read_bytes()
    assert all(secret.encode() in before for secret in marked)
    counts = forget(memory, player="Anagram")
    assert counts["exchanges"] == counts["outcomes"] == len(marked)
    after = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert [secret for secret in (*marked, "Anagram", "anagram") if secret.encode() in after] == []
    stems = [recall_words.stem(word) for secret in marked for word in recall_words.words_of(secret)]
    assert [stem for stem in stems if stem.encode() in after] == []
    assert len(memory.listing(None, "Bo", 100)) == len(others)
    memory.close()


# -- search ---------------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(said=st.text(max_size=300) | st.text('"*():^-+{}NEARANDORT \x00\ud800ſİ中文', max_size=60))
def test_no_text_of_a_player_breaks_the_search(shared: StoredMemory, said: str) -> None:
    found = shared.recall(replace(ANA, said=said))
    assert all(len(line) <= recall_words.SENTENCE_MAX_CHARS + 20 for line in found.facts)
    for word in recall_words.asked_words(said):
        shared._reading.hits(pair_scope("npc-1", "Ana"), word)
    shared.note(replace(ANA, said=said), said, 1)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoredMemory]:
    memory = StoredMemory(tmp_path_factory.mktemp("shared") / "memory.db", turns=5, max_bytes=64 * MIB)
    memory.start(lambda job: None)
    yield memory
    memory.close()
    assert not memory._read_failed
    assert memory._dropped == 0


@given(text=st.text(max_size=200))
def test_what_is_indexed_is_found_by_its_own_words(text: str) -> None:
    assert set(recall_words.asked_words(text)) & set(recall_words.index_words(text)) or not recall_words.index_words(
        text
    )


def test_words_are_found_in_other_forms() -> None:
    for said, asked in (("berries", "berry"), ("running", "runs"), ("Müller", "muller"), ("hides", "hiding")):
        assert recall_words.index_words(said) == recall_words.index_words(asked)


# -- condensing -----------------------------------------------------------------------------------


def row(said: str, **other: Any) -> Row:
    fields: dict[str, Any] = {"text": "Aye.", "language": "en", "at_s": 1.0} | other
    return Row(1, "exchange", "npc-1", "Mira", "Ana", "Oakford", said, **fields)


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
def test_rules_write_down_what_a_player_told(said: str, fact: str) -> None:
    assert condense.rules([row("Hello!"), row(said), row("And you? What is it?")]) == [fact]


def test_rules_keep_another_language_as_it_was_said() -> None:
    assert condense.rules([row("Ich habe den Schlüssel verloren.", language="de")]) == [
        "Ana said: Ich habe den Schlüssel verloren"
    ]


def test_rules_keep_the_three_that_tell_most_in_their_order() -> None:
    told = ["big", "red", "tall", "grey", "old"]
    rows = [row(f"I saw {' '.join(told[:count])} tower {count}.") for count in (3, 0, 5, 4)]
    assert [fact[-1] for fact in condense.rules(rows)] == ["3", "5", "4"]


def test_the_models_facts_are_taken_apart() -> None:
    assert condense.parse(
        "1. Ana brought the herbs.\n- Ana fears [wolves]; much.\n\nok\n* Ana has a dog\nAna sings well"
    ) == [
        "Ana brought the herbs",
        "Ana fears (wolves), much",
        "Ana has a dog",
    ]
    assert condense.parse(" \n-\n") == []


def look_for_work(memory: StoredMemory) -> None:
    """The writer looks after each thing that it was handed: when the third is done, it has looked after two."""
    for _ in range(3):
        memory.flush()


def test_old_exchanges_become_facts_while_nobody_asks(memory: StoredMemory, clock: Clock) -> None:
    talk(memory, clock, "I brought the herbs from the north.", "Thanks.")
    for number in range(14):
        talk(memory, clock, f"Is it {number}?", "Aye.")
    look_for_work(memory)
    (fact,) = [one for one in memory.listing(None, None, 100) if one["kind"] == "fact"]
    assert fact["text"] == "Ana brought the herbs from the north"
    assert len(memory.listing(None, None, 100)) == 16  # the exchanges stay, as long as there is room
    assert memory.recall(replace(ANA, said="Who brought the herbs?")).facts[0] == fact["text"]
    look_for_work(memory)
    assert len(memory.listing(None, None, 100)) == 16


def test_nothing_is_condensed_while_somebody_asks(memory: StoredMemory, clock: Clock) -> None:
    jobs: list[Job] = []
    memory._ask_model = jobs.append
    memory._asked_s = float("inf")
    for number in range(20):
        talk(memory, clock, f"I saw tower {number}.", "Aye.")
    memory.recall(ANA)
    look_for_work(memory)
    assert jobs == []
    clock.now_s += 4
    look_for_work(memory)
    assert [len(job.rows) for job in jobs] == [10]
    memory.condensed(jobs[0], "- Ana saw ten towers.")
    memory.flush()
    assert [one["text"] for one in memory.listing(None, None, 100) if one["kind"] == "fact"] == ["Ana saw ten towers"]


def test_a_guess_of_tokens_is_on_the_safe_side() -> None:
    assert token_budget.estimate_tokens(["Good evening, smith!"]) >= 5
    assert token_budget.estimate_tokens(["Привет"]) >= 12
    assert token_budget.fit_facts(["a" * 30, "b" * 300], 50) == ("a" * 30,)
