"""The master switch: off, no model is called for anybody; that is counted at the engine, not believed."""

from __future__ import annotations

import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.cache import CacheEntry, NullCache
from llm_agentd.client import Client
from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.errors import EngineFailed, SwitchedOff
from llm_agentd.moderation.classifier import ClassifierThread
from llm_agentd.moderation.moderator import Moderator
from llm_agentd.server.admin.switch import FILE_NAME, MasterSwitch
from llm_agentd.types import Peer, Request
from tests.support.daemon_in_process import WAIT_S, Gate, InProcess

ANN = {"id": "npc-1", "name": "Ann", "role": "healer"}
MEMORY: Peer = (b"", b"memory")


class CountingEngine(StubEngine):
    """Every call by which an engine computes anything, by name."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    def start(self, *args: Any, **named: Any) -> Any:
        self.calls.append("start")
        return super().start(*args, **named)

    def step(self) -> Any:
        self.calls.append("step")
        return super().step()

    def encode(self, *args: Any, **named: Any) -> Any:
        self.calls.append("encode")
        return super().encode(*args, **named)

    def time_step(self, *args: Any, **named: Any) -> Any:
        self.calls.append("time_step")
        return super().time_step(*args, **named)


class CountingCache(NullCache):
    def __init__(self) -> None:
        self.looks = 0

    def get(self, key: bytes, variants: int = 1) -> CacheEntry | None:
        self.looks += 1
        return None


@pytest.fixture
def engine() -> CountingEngine:
    return CountingEngine()


@pytest.fixture
def cache() -> CountingCache:
    return CountingCache()


@pytest.fixture
def daemon(endpoint: str, engine: CountingEngine, cache: CountingCache, tmp_path: Path) -> Iterator[InProcess]:
    with InProcess(endpoint, engine=lambda: engine, cache=cache, state_folder=tmp_path) as daemon:
        yield daemon


@pytest.fixture
def client(daemon: InProcess) -> Iterator[Client]:
    with daemon.client() as client:
        yield client


def test_off_nothing_is_computed_or_looked_up_and_on_again_it_is(
    client: Client, engine: CountingEngine, cache: CountingCache
) -> None:
    assert client.think(ANN, "Hello").text
    assert engine.calls
    assert client.request("switch", on=False, by="Ana")["switch"]["on"] is False
    engine.calls.clear()
    cache.looks = 0
    for ask in (
        lambda: client.think(ANN, "Hello"),
        lambda: client.infer("Hello", cache="off", priority="background"),
        lambda: client.request("think", npc=ANN, utterance="Hello", explain=True),
    ):
        with pytest.raises(SwitchedOff, match=r"switched off by an admin \(Ana\) since .*llm-agentd switch on"):
            ask()
    assert (engine.calls, cache.looks) == ([], 0)
    client.request("switch", on=True)
    assert client.think(ANN, "Hello").text
    assert "step" in engine.calls


def test_off_refuses_what_comes_to_the_engine_from_elsewhere(
    daemon: InProcess, client: Client, engine: CountingEngine
) -> None:
    client.request("switch", on=False)
    engine.calls.clear()
    summary = Request("summary-1", MEMORY, "infer", 0.0, 1e9, "Sum up", priority="background", cache="off")
    ((refused, error),) = daemon.engine_loop.submit([summary])
    assert (refused, type(error)) == (summary, SwitchedOff)
    assert engine.calls == []


class SlowClassifier:
    """Whose first look takes until `go`; `texts`: all that it was asked."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.entered, self.go = threading.Event(), threading.Event()

    def category(self, text: str) -> str:
        self.texts.append(text)
        self.entered.set()
        assert self.go.wait(WAIT_S)
        return ""

    def close(self) -> None: ...


def test_off_the_classifier_is_not_asked_either_also_what_waits_for_it(endpoint: str) -> None:
    classifier = SlowClassifier()
    moderator = Moderator(None, classifier=ClassifierThread(classifier))
    with InProcess(endpoint, moderator=moderator) as daemon, daemon.client() as client, daemon.peer() as peer:
        thinks = [{"op": "think", "id": name, "npc": ANN, "player": "Ana", "utterance": name} for name in ("a", "b")]
        peer.send(*thinks)
        assert classifier.entered.wait(WAIT_S)
        client.request("switch", on=False)
        classifier.go.set()
        assert {record["id"]: record.get("reason") for record in peer.events("a", "b")} == {
            "a": "switched_off", "b": "switched_off",
        }  # fmt: skip
    assert len(classifier.texts) == 1, "the second waited, and was not asked"


def test_off_memory_sums_nothing_up(daemon: InProcess, client: Client, engine: CountingEngine) -> None:
    assert daemon._memory_service._is_busy() is False
    client.request("switch", on=False)
    assert daemon._memory_service._is_busy() is True
    client.request("switch", on=True)
    assert daemon._memory_service._is_busy() is False


def test_switching_off_ends_what_runs_and_what_waits(endpoint: str, gate: Gate) -> None:
    engine = StubEngine(max_num_seqs=1, on_step=gate.on_step)
    with InProcess(endpoint, engine=lambda: engine) as daemon, daemon.client() as client, daemon.client() as admin:
        outcomes: list[str] = []

        def ask(text: str) -> None:
            try:
                outcomes.append(client.infer(text, deadline_ms=60_000).text)
            except SwitchedOff as error:
                outcomes.append(error.code)

        threads = [threading.Thread(target=ask, args=(text,)) for text in ("one", "two", "three")]
        for thread in threads:
            thread.start()
        assert gate.entered.wait(WAIT_S)
        admin.request("switch", on=False)
        steps = len(gate.batch_sizes)
        gate.open()  # the step that runs may end
        for thread in threads:
            thread.join(WAIT_S)
        assert outcomes == ["unavailable"] * 3
        assert len(gate.batch_sizes) == steps, "no step began after the switch"
        admin.request("switch", on=True)
        assert admin.infer("four").text


def test_switch_survives_a_restart_in_a_file_for_its_owner_alone(endpoint: str, tmp_path: Path) -> None:
    with InProcess(endpoint, state_folder=tmp_path) as daemon, daemon.client() as client:
        told = client.request("switch", on=False, by="Ana")["switch"]
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600
    engine = CountingEngine()
    with InProcess(endpoint, engine=lambda: engine, state_folder=tmp_path) as daemon, daemon.client() as client:
        assert client.request("switch")["switch"] == told == {"on": False, "since": told["since"], "by": "Ana"}
        with pytest.raises(SwitchedOff):
            client.think(ANN, "Hello")
        assert "step" not in engine.calls
        client.ping()  # it is alive, and says so


def test_damaged_file_is_an_off(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / FILE_NAME).write_text('{"on": ')
    switch = MasterSwitch(tmp_path / FILE_NAME)
    assert not switch.is_on
    assert "damaged" in caplog.text
    assert "as its file is damaged" in switch.refusal().message


def test_disk_that_does_not_keep_it_is_told_and_the_switch_holds(endpoint: str, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with InProcess(endpoint, state_folder=folder) as daemon, daemon.client() as client:
        (folder / f"{FILE_NAME}.new").mkdir(parents=True)
        with pytest.raises(EngineFailed, match="a restart forgets it"):
            client.request("switch", on=False)
        assert client.request("switch")["switch"]["on"] is False


def test_each_switching_is_in_the_audit_log_and_the_stats(daemon: InProcess, client: Client) -> None:
    client.request("switch", on=False, by="Ana", via="game")
    assert client.stats()["switch"]["on"] is False
    (entry,) = client.request("audit")["entries"]
    assert (entry["what"], entry["before"], entry["after"], entry["who"], entry["by"]) == (
        "switch", True, False, "game", "Ana",
    )  # fmt: skip
