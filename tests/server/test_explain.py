"""`think` with `explain`: the very prompt that would be generated from, part by part, and what was left out of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.cache.lmdb_cache import LmdbCache
from llm_agentd.client import Client
from llm_agentd.config import Config
from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.errors import BadRequest, Filtered, TooLarge
from llm_agentd.memory import SqliteMemory
from llm_agentd.moderation.moderator import build as build_moderator
from llm_agentd.roles import Roles
from llm_agentd.server.request_builder import RequestDefaults
from tests.support.daemon_in_process import InProcess
from tests.support.recording_script import RecordingScript

NPC = {"id": "npc-1", "name": "Mira", "role": "healer"}
GIVE = {"name": "wave", "description": "wave a hand", "params": {}}
FACTS = {"place": "Oakford", "time": "evening"}


@pytest.fixture
def script() -> RecordingScript:
    return RecordingScript()


@pytest.fixture
def talk(endpoint: str, tmp_path: Path, script: RecordingScript) -> Iterator[Client]:
    """With cache, memory and moderation, and a context so small that not all that is remembered fits."""
    cache = LmdbCache(tmp_path / "cache", 300, 2**24)
    memory = SqliteMemory(tmp_path / "m.db", turns=5, max_bytes=2**24, summarize_by="rules", purge_cache=cache.purge)
    daemon = InProcess(
        endpoint,
        engine=lambda: StubEngine(script=script, context_tokens=420),
        cache=cache,
        memory=memory,
        moderator=build_moderator(Config().agents, None),
        defaults=RequestDefaults(think_variants=2, languages=("en",)),
    )
    try:
        with daemon, daemon.client() as client:
            yield client
    finally:
        memory.close()
        cache.close()


def explain(client: Client, utterance: str | None = "Good evening!", **fields: Any) -> dict[str, Any]:
    record = {"npc": NPC, "player": "Ana", "utterance": utterance, "context": FACTS, "explain": True}
    answer: dict[str, Any] = client.request("think", **(record | fields))["explanation"]
    return answer


def think(client: Client, utterance: str = "Good evening!", **fields: Any) -> None:
    client.request("think", **({"npc": NPC, "player": "Ana", "utterance": utterance, "context": FACTS} | fields))


def test_explained_messages_are_those_that_the_engine_is_given(talk: Client, script: RecordingScript) -> None:
    shown = explain(talk, actions=[GIVE])
    assert script.prompts == []  # nothing was generated
    think(talk, actions=[GIVE])
    for message in shown["messages"]:
        assert message["content"] in script.prompts[0]
    assert [message["role"] for message in shown["messages"]] == ["system", "user"]
    assert explain(talk)["model"] == "stub"


def test_parts_are_the_whole_text_and_their_tokens_are_no_more_than_the_prompt(talk: Client) -> None:
    talk.remember([{"npc": "npc-1", "name": "Mira", "player": "Ana", "text": "Ana refused my price"}])
    shown = explain(talk, actions=[GIVE], avoid=["Hm."])
    parts = [part["part"] for part in shown["parts"]]
    assert parts == ["persona", "style", "npc", "actions", "facts", "memory", "utterance", "avoid"]
    text = {part["part"]: part["text"] for part in shown["parts"]}
    assert text["utterance"] == "Ana: Good evening!"
    assert text["facts"] == "time evening; place Oakford"
    assert text["memory"] == "memory Ana refused my price"
    assert text["npc"].startswith("You are Mira")
    assert all(part["tokens"] > 0 for part in shown["parts"])
    assert sum(part["tokens"] for part in shown["parts"]) <= shown["prompt_tokens"] <= shown["context_tokens"]


def test_what_does_not_fit_is_told_with_the_reason(talk: Client) -> None:
    line = "I have seen a great many things on my way to Oakford, and most of them were wet."
    for number in range(4):
        think(talk, f"{number} {line}", cache="off")
    shown = explain(talk, "What have I seen?", lang="de")
    left = {(one["part"], one["why"]) for one in shown["left_out"]}
    assert ("language", "the model does not speak it, but en") in left
    assert any(part == "turns" and "room for about" in why for part, why in left)
    assert shown["lang"] == "en"
    kept = sum(part["part"] == "turns" for part in shown["parts"])
    assert kept + sum(one["part"] == "turns" for one in shown["left_out"]) == 2  # one reply four times stands once
    told = explain(talk, remember=False)["left_out"]
    assert [(one["part"], "remember: false" in one["why"]) for one in told] == [("memory", True)]


def test_cache_is_told_and_not_touched(talk: Client) -> None:
    fields: dict[str, Any] = {"remember": False}
    first = explain(talk, **fields)["cache"]
    assert (first["result"], first["kept"], first["variants"]) == ("miss", 0, 2)
    think(talk, **fields)
    assert explain(talk, **fields)["cache"] == first | {"kept": 1}
    think(talk, **fields)
    second = explain(talk, **fields)["cache"]
    assert second == first | {"result": "hit", "kept": 2}
    assert len(second["key"]) == 16
    assert explain(talk, "Other words", **fields)["cache"]["key"] != second["key"]
    assert talk.stats()["cache"]["hits"] == 0


def test_explained_words_pass_moderation_as_others_do(talk: Client) -> None:
    with pytest.raises(Filtered):
        explain(talk, "You fucking cunt")


def test_npc_named_by_its_id_is_explained_with_its_last_facts(talk: Client) -> None:
    with pytest.raises(BadRequest, match=r"npc-1.*has not been asked anything since the daemon started"):
        talk.request("think", npc={"id": "npc-1"}, explain=True)
    think(talk, actions=[GIVE])
    shown = talk.request("think", npc={"id": "npc-1"}, player="Bo", utterance="Hello", explain=True)["explanation"]
    text = {part["part"]: part["text"] for part in shown["parts"]}
    assert (text["utterance"], text["facts"]) == ("Bo: Hello", "time evening; place Oakford")
    assert "wave" in text["actions"]
    with pytest.raises(BadRequest, match="npc"):
        talk.request("think", npc={"id": "npc-1"})


def test_prompt_that_does_not_fit_is_refused_as_it_would_be(talk: Client) -> None:
    with pytest.raises(TooLarge):
        explain(talk, "word " * 390)


@pytest.mark.parametrize("name", Roles.load().names())
def test_every_line_of_a_roles_prompt_has_a_part(talk: Client, name: str) -> None:
    role = Roles.load().get(name)
    shown = explain(talk, npc=NPC | {"role": name, "persona": "Fond of rain."})
    text = {part["part"]: part["text"] for part in shown["parts"]}
    assert text["persona"] == role.persona
    assert ("knowledge" in text) == bool(role.knowledge)
    assert ("manner" in text) == bool(role.manner)
    assert text["npc"].endswith("Fond of rain.")
