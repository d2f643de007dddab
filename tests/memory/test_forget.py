"""Forgetting: what is deleted, what stays, and that no byte of it is left in the file, its index or its WAL."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_agentd.memory import SqliteMemory, open_memory
from llm_agentd.memory.keywords import stem, words_of
from llm_agentd.memory.store import Store
from tests.memory.talk import ANA, MIB, Clock, answer_to_forget, forget, report_outcome, talk, texts


def test_forget_player_deletes_all_that_names_them_and_nothing_else(tmp_path: Path, clock: Clock) -> None:
    purged: list[str | None] = []

    def purge_cache(player: str | None) -> int:
        purged.append(player)
        return 3

    memory = SqliteMemory(
        tmp_path / "memory.db", turns=5, max_bytes=64 * MIB, purge_cache=purge_cache, now=clock, clock=clock
    )
    memory.start(lambda job: None)
    talk(memory, clock, "I am here.", "Aye.")
    talk(memory, clock, "Bo here.", "Aye.", player="Bo")
    report_outcome(memory, "Ana bought bread")
    report_outcome(memory, "Bo saw Ana at the mill", player="Bo")
    report_outcome(memory, "Bo bought bananas", player="Bo")
    assert forget(memory, player="Ana") == {"exchanges": 1, "outcomes": 2, "facts": 0, "cached": 3}
    assert purged == ["Ana"]
    assert texts(memory) == ["Bo bought bananas", "Aye."]
    assert forget(memory, npc="npc-1") == {"exchanges": 1, "outcomes": 1, "facts": 0, "cached": 0}
    assert forget(memory) == {"exchanges": 0, "outcomes": 0, "facts": 0, "cached": 3}
    memory.close()


def test_reply_to_a_request_from_before_the_forget_is_not_kept(memory: SqliteMemory, clock: Clock) -> None:
    requested_s = clock.now_s
    clock.now_s += 1
    forget(memory, player="Ana")
    memory.add_exchange(ANA, "Good evening, Ana.", requested_s)
    memory.add_exchange(replace(ANA, player="Bo"), "Good evening, Bo.", requested_s)
    memory.add_exchange(replace(ANA, player_text="A new one."), "Aye.", clock.now_s + 1)
    memory.flush()
    assert [row["said"] for row in memory.list_newest(None, None, 10)] == ["A new one.", "Good evening!"]


WORD = st.text("abcdefghijklmnopqrstuvwxyzäéя", min_size=6, max_size=12)


@settings(max_examples=25, deadline=None)
@given(secrets=st.lists(WORD, min_size=1, max_size=40, unique=True), others=st.lists(WORD, max_size=20, unique=True))
def test_forgotten_text_is_in_no_byte_of_any_file(
    tmp_path_factory: pytest.TempPathFactory, secrets: list[str], others: list[str]
) -> None:
    path = tmp_path_factory.mktemp("forget") / "memory.db"
    memory = SqliteMemory(path, turns=5, max_bytes=64 * MIB)
    memory.start(lambda job: None)
    marked = [f"qz{word}zq" for word in secrets]  # in no other text
    for secret in marked:
        memory.add_exchange(replace(ANA, player="Anagram", player_text=f"My word is {secret}."), f"So {secret}.", 1)
        report_outcome(memory, f"Anagram told of {secret}", player="Anagram")
    for word in others:
        memory.add_exchange(replace(ANA, player="Bo", player_text=f"I say {word}."), "Aye.", 1)
    memory.flush()
    before = path.read_bytes() + path.with_name("memory.db-wal").read_bytes()
    assert all(secret.encode() in before for secret in marked)
    counts = forget(memory, player="Anagram")
    assert counts["exchanges"] == counts["outcomes"] == len(marked)
    after = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert [secret for secret in (*marked, "Anagram", "anagram") if secret.encode() in after] == []
    stems = [stem(word) for secret in marked for word in words_of(secret)]
    assert [word for word in stems if word.encode() in after] == []
    assert len(memory.list_newest(None, "Bo", 100)) == len(others)
    memory.close()


@pytest.mark.parametrize("why", ["off", "folder"])
def test_forget_while_the_memory_is_off_says_what_stays_where(tmp_path: Path, why: str) -> None:
    path = tmp_path / "memory.db"
    if why == "folder":
        path.mkdir()
    else:
        with closing(Store(path, create=True)):
            pass
    purged: list[str | None] = []

    def purge_cache(player: str | None) -> int:
        purged.append(player)
        return 1

    memory = open_memory(path, turns=0 if why == "off" else 5, max_bytes=MIB, purge_cache=purge_cache)
    answer = answer_to_forget(memory, player="Ana")
    assert isinstance(answer, str)
    assert str(path) in answer
    cure = {"off": "llm-agentd memory forget", "folder": "choose a file"}[why]
    assert cure in answer
    assert purged == ["Ana"]  # the replies in the cache go all the same
    path.rmdir() if why == "folder" else path.unlink()
    assert answer_to_forget(memory, npc="npc-1") == {"exchanges": 0, "outcomes": 0, "facts": 0, "cached": 0}
