"""The ops by which an admin changes a running daemon: over its real socket, with files and a stub engine."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.cache import LmdbCache
from llm_agentd.client import Client
from llm_agentd.config.load import Sources
from llm_agentd.config.settings import Settings
from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.errors import AgentdError, BadRequest
from llm_agentd.memory import SqliteMemory
from llm_agentd.moderation import moderator as moderation
from llm_agentd.roles import Roles
from llm_agentd.server.steering.slow_work import WAITING_MAX, SlowWork
from tests.support.daemon_in_process import Gate, InProcess

MIB = 2**20
SMITH = {"id": "npc-1", "name": "Bram", "role": "smith"}
TEXT = "agents:\n  moderation: 'on'  # as always\n"


class Steered:
    """A daemon with files in `folder`, the client and the audit log's entries, the newest first."""

    def __init__(self, folder: Path, daemon: InProcess, client: Client) -> None:
        self.folder, self.daemon, self.client = folder, daemon, client

    def ask(self, op: str, **fields: Any) -> dict[str, Any]:
        return self.client.request(op, **fields)

    def set(self, key: str, value: Any) -> dict[str, Any]:
        return self.ask("set_setting", key=key, value=value, by="Robin", via="http")

    def think(self, utterance: str = "Good evening!", **fields: Any) -> dict[str, Any]:
        return self.ask("think", npc=SMITH, player="Ana", utterance=utterance, **fields)

    def audit(self) -> list[dict[str, Any]]:
        return self.daemon.audit.entries(20)


@pytest.fixture
def gate() -> Gate:
    gate = Gate()
    gate.open()
    return gate


@pytest.fixture
def steered(tmp_path: Path, endpoint: str, gate: Gate) -> Iterator[Steered]:
    file = tmp_path / "config.yaml"
    file.write_text(TEXT)
    settings = Settings(Sources(file, (), {"XDG_STATE_HOME": str(tmp_path)}, tmp_path))
    cache = LmdbCache(tmp_path / "cache", 300, MIB)
    memory = SqliteMemory(tmp_path / "memory.db", turns=5, max_bytes=MIB, purge_cache=cache.purge)
    daemon = InProcess(
        endpoint,
        engine=lambda: StubEngine(max_num_seqs=4, on_step=gate.on_step),
        cache=cache,
        memory=memory,
        roles=Roles.load(tmp_path / "roles", may_be_missing=True),
        moderator=moderation.build(settings.running.agents, None),
        settings=settings,
    )
    try:
        with daemon, daemon.client() as client:
            yield Steered(tmp_path, daemon, client)
    finally:
        gate.open()
        memory.close()
        cache.close()


# -- settings ----------------------------------------------------------------------------------------


def test_live_setting_holds_for_the_next_request_and_is_in_the_file(steered: Steered) -> None:
    assert len(steered.think("A long tale, please.")["text"]) > 3
    answer = steered.set("inference.max_tokens", 1)
    assert answer.items() >= {"value": 1, "live": True, "applied": True, "restart": False}.items()
    assert steered.think("A long tale, please!", cache="off")["usage"]["completion_tokens"] == 1
    assert (steered.folder / "config.yaml").read_text() == TEXT + "inference:\n  max_tokens: 1\n"
    assert {**steered.audit()[0], "time": ""} == {
        "time": "", "who": "http", "by": "Robin", "what": "set_setting", "target": "inference.max_tokens",
        "before": 64, "after": 1,
    }  # fmt: skip


def test_setting_that_is_not_live_says_that_it_takes_a_restart(steered: Steered) -> None:
    answer = steered.set("batch.size", 2)
    assert answer.items() >= {"value": 2, "live": False, "applied": False, "restart": True}.items()
    row = next(row for row in steered.ask("settings")["settings"] if row["key"] == "batch.size")
    assert (row["value"], row["running_value"]) == (2, 8)


def test_bad_value_is_refused_and_the_daemon_goes_on_as_before(steered: Steered) -> None:
    with pytest.raises(BadRequest, match=r"config\.yaml, line 4: inference\.temperature: want at most 5\.0, got 9"):
        steered.set("inference.temperature", 9)
    assert (steered.folder / "config.yaml").read_text() == TEXT
    assert steered.audit() == []


def test_moderation_is_put_off_and_on_while_it_runs(steered: Steered) -> None:
    with pytest.raises(AgentdError, match="held back"):
        steered.think("You are a shitty cunt")
    assert steered.set("agents.moderation", "off")["applied"]
    steered.think("You are a shitty cunt")
    assert steered.set("agents.moderation", None)["applied"]
    with pytest.raises(AgentdError, match="held back"):
        steered.think("You are a shitty cunt")
    assert steered.set("agents.block_words", ["xyzzy"])["applied"]
    with pytest.raises(AgentdError, match="held back"):
        steered.think("Say xyzzy")


def test_reply_of_other_rules_is_not_served_from_the_cache(steered: Steered) -> None:
    def results() -> list[str]:
        return [steered.think("Good evening, smith!", remember=False)["cache"] for _ in range(4)]

    assert results()[-1] == "hit"
    steered.set("agents.age", "everyone")
    assert results()[0] == "miss"
    steered.set("agents.age", "teen")
    assert results()[0] == "hit"


def test_language_and_turns_change_while_it_runs(steered: Steered) -> None:
    assert steered.set("agents.language", "de")["applied"]
    assert steered.client.info()["language"] == "de"
    assert steered.set("agents.remember_turns", 2)["applied"]
    assert not steered.set("agents.remember_turns", 0)["applied"]
    assert steered.set("cache.ttl_s", 5)["applied"]
    assert steered.set("batch.queue_max", 3)["applied"]


def test_request_log_becomes_private_and_log_tells_more_while_it_runs(steered: Steered) -> None:
    steered.think("Where is the ford?")
    assert steered.ask("requests")["requests"][0]["utterance"] == "Where is the ford?"
    assert steered.set("requests.private", True)["applied"]
    assert steered.ask("requests")["requests"] == []
    steered.think("Where is the mill?")
    assert "mill" not in str(steered.ask("requests"))
    assert steered.set("requests.keep", 0)["applied"]
    assert steered.ask("requests")["kept"] == 0
    try:
        assert steered.set("log.level", "debug")["applied"]
        assert logging.getLogger("llm_agentd").level == logging.DEBUG
    finally:
        steered.set("log.level", None)
    assert logging.getLogger("llm_agentd").level == logging.NOTSET


def test_daemon_without_a_configuration_says_so(endpoint: str) -> None:
    with InProcess(endpoint) as daemon, daemon.client() as client:
        with pytest.raises(BadRequest, match="without a configuration"):
            client.request("set_setting", key="batch.size", value=3)
        with pytest.raises(BadRequest, match="without a configuration"):
            client.request("settings")
        assert client.stats()["open"] == 0


# -- roles -------------------------------------------------------------------------------------------


def test_role_is_undone_and_its_history_told(steered: Steered) -> None:
    role = {"title": "the mad smith", "persona": "Mad."}
    steered.ask("set_role", name="smith", role=role)
    assert [entry["role"] for entry in steered.ask("role_history", name="smith")["history"]] == [None]
    assert steered.ask("undo_role", name="smith", by="Robin")["role"]["own"] is False
    entry = steered.audit()[0]
    assert (entry["what"], entry["target"], entry["by"], entry["before"]) == ("undo_role", "smith", "Robin", role)
    with pytest.raises(BadRequest, match="nothing is left to undo"):
        steered.ask("undo_role", name="smith")


# -- memory ------------------------------------------------------------------------------------------


def test_memory_is_browsed_edited_and_deleted(steered: Steered) -> None:
    steered.think("My brother lives in Stonebridge.")
    memory = steered.ask("memories")["memories"][0]
    assert steered.ask("memory_pairs")["pairs"][0].items() >= {"npc": "npc-1", "player": "Ana", "count": 1}.items()
    assert steered.ask("search_memories", text="STONEBRIDGE")["memories"] == [memory]
    assert steered.ask("edit_memory", memory=memory["id"], text="Aye.", said="My brother lives in Oakford.")["edited"]
    assert steered.ask("search_memories", text="Stonebridge")["memories"] == []
    found = steered.ask("recall", npc="npc-1", player="Ana", text="Where does my brother live?")
    assert found["turns"][0].items() >= {"said": "My brother lives in Oakford.", "text": "Aye."}.items()
    assert steered.ask("edit_memory", memory=memory["id"], text=None)["edited"]
    assert steered.ask("memories")["memories"] == []
    assert not steered.ask("edit_memory", memory=memory["id"], text=None)["edited"]
    assert [entry["what"] for entry in steered.audit()] == ["edit_memory", "edit_memory"]
    with pytest.raises(BadRequest, match="want words, or null"):
        steered.ask("edit_memory", memory=1, text="  ")


def test_recall_says_what_is_used_and_how_well_it_fits(steered: Steered) -> None:
    line = {"npc": "npc-1", "player": "Ana", "text": "Ana bought a lantern", "place": "Oakford"}
    steered.ask("remember", lines=[line], durable=True)
    found = steered.ask("recall", npc="npc-1", player="Ana", text="What did I buy?", limit=3)["recalled"]
    assert [(fact["text"], fact["kind"], fact["used"]) for fact in found] == [("Ana bought a lantern", "outcome", True)]


# -- kept replies ------------------------------------------------------------------------------------


def test_kept_replies_are_browsed_and_purged(steered: Steered) -> None:
    for number in range(3):
        steered.ask("infer", prompt=f"Number {number}")
    listing = steered.ask("cache_entries", limit=2)
    assert (len(listing["entries"]), listing["total"]) == (2, 3)
    entry = steered.ask("cache_entries", grep="number 1")["entries"][0]
    assert steered.ask("cache_entries", key=entry["key"])["entries"] == [entry]
    assert steered.ask("purge_cache", key=entry["key"])["purged"] == 1
    assert steered.ask("purge_cache", expired=True)["purged"] == 0
    assert steered.ask("purge_cache", all=True, by="Robin")["purged"] == 2
    assert steered.ask("cache_entries")["entries"] == []
    assert [(entry["what"], entry["target"]) for entry in steered.audit()] == [
        ("purge_cache", "all"),
        ("purge_cache", "expired: True"),
        ("purge_cache", f"key: {entry['key']}"),
    ]
    with pytest.raises(BadRequest, match="give one of them, or set all: true"):
        steered.ask("purge_cache")


# -- the model ---------------------------------------------------------------------------------------


def test_self_test_asks_three_things_past_the_cache(steered: Steered, gate: Gate) -> None:
    steps = len(gate.batch_sizes)
    report = steered.ask("self_test")
    assert [check["name"] for check in report["checks"]] == ["greeting", "action", "stop word"]
    assert report["ok"], report
    assert all(check["found"] and check["ms"] >= 0 and not check["problem"] for check in report["checks"][:2])
    assert len(gate.batch_sizes) > steps
    assert steered.ask("self_test")["ok"]
    assert steered.ask("cache_entries")["total"] == 0
    assert steered.ask("memories")["memories"] == []


def test_model_tells_engine_context_and_width(steered: Steered) -> None:
    model = steered.ask("model")["model"]
    assert model.items() >= {"engine": "stub", "model": "stub", "max_num_seqs": 4, "license": None}.items()
    assert model["context_tokens"] > 0
    assert model["width"] >= 1


# -- work that takes its time ------------------------------------------------------------------------


def test_slow_work_is_bounded_and_its_bugs_are_answered() -> None:
    posted: list[Any] = []
    done = threading.Event()
    release = threading.Event()
    outcomes: list[Any] = []

    def post(work: Any) -> None:
        posted.append(work)
        if len(posted) == 2:
            done.set()

    def wait() -> dict[str, Any]:
        release.wait(10)
        return {}

    slow = SlowWork(post)
    slow.run(wait, outcomes.append)
    slow.run(lambda: {"x": 1 // 0}, outcomes.append)

    def fill() -> None:
        for _ in range(WAITING_MAX + 1):
            slow.run(wait, outcomes.append)

    with pytest.raises(AgentdError, match="too much waits"):
        fill()
    release.set()
    assert done.wait(10)
    for work in posted[:2]:
        work()
    assert outcomes[0] == {}
    assert isinstance(outcomes[1], AgentdError)
    slow.stop()
    assert slow._thread is not None
    slow._thread.join(10)
    assert not slow._thread.is_alive()
