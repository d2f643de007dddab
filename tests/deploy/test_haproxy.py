"""Several HTTP adapters behind a real HAProxy with the shipped configuration, and the mod's own client in front.

One daemon, adapters as processes of their own. What a game must not notice: which adapter it
has, that one dies or is restarted, that the daemon is restarted.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from llm_agentd.config.sources import variable_name
from llm_agentd.ops.harness import free_port, process
from tests.support.haproxy import HAProxy, haproxy
from tests.support.mod_client import ModClient

pytestmark = pytest.mark.slow

TOKEN = "of-all-adapters-0123456789"
DEADLINE_MS = 60_000  # for words of a moment; that none is asked in vain must not depend on how busy the machine is
WAIT_S = 90.0
STOP_S = 30.0
BROKE_OFF = 502
MANY = 100  # questions: 7 s for the engine, and an adapter that is told to stop may take 5
AWAY_S = 2.0  # a daemon that is restarted; one look of HAProxy may find no daemon meanwhile


def think(npc: str, utterance: str) -> dict[str, Any]:
    """A question whose answer takes some steps of the model, and stands in no cache."""
    who = {"id": npc, "name": npc.capitalize(), "role": "smith"}
    return {"op": "think", "npc": who, "player": "Robin", "utterance": utterance, "cache": "off", "stream": True}


def options(sets: list[str]) -> list[str]:
    return [word for item in sets for word in ("--set", item)]


@dataclass
class Daemon:
    """The real one on its endpoint, on an engine that takes half a second for an answer."""

    endpoint: str
    folder: Path
    process: subprocess.Popen[str] | None = None

    def start(self, stack: ExitStack) -> None:
        sets = [
            f"zmq.endpoint={self.endpoint}",
            "http.enabled=false",
            f"cache.path={self.folder}/cache",
            f"agents.memory_path={self.folder}/memory.db",
        ]
        args = ["-m", "tests.support.slow_daemon", *options(sets)]
        self.process = stack.enter_context(process(args, "ready "))

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(STOP_S)


@dataclass
class Adapter:
    """`llm-agentd http` on a port of its own."""

    endpoint: str
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[str] | None = None

    def start(self, stack: ExitStack) -> None:
        sets = [f"zmq.endpoint={self.endpoint}", f"http.port={self.port}"]
        args = ["-m", "llm_agentd", "http", *options(sets)]
        environment = {variable_name("http.token"): TOKEN}
        self.process = stack.enter_context(process(args, "ready ", sys.executable, environment))

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(STOP_S)

    def terminate(self) -> None:
        assert self.process is not None
        self.process.terminate()
        self.process.wait(STOP_S)

    @property
    def instance(self) -> str:
        return str(self.info()["adapter"]["instance"])

    def info(self) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        while True:  # the daemon gives it two seconds, which a busy machine may not have
            answer = httpx2.get(f"http://127.0.0.1:{self.port}/info", headers=headers)
            if answer.status_code == 200:
                return dict(answer.json())


@dataclass
class Farm:
    """A daemon, three adapters, and HAProxy at `url`. Each test leaves all of them running."""

    daemon: Daemon
    adapters: list[Adapter]
    balancer: HAProxy
    stack: ExitStack

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.balancer.port}"

    def by_instance(self) -> dict[str, Adapter]:
        return {adapter.instance: adapter for adapter in self.adapters}

    @contextmanager
    def without(self, *adapters: Adapter) -> Iterator[None]:
        """Those have ended, and are started again afterwards, also where the test fails: others follow it."""
        try:
            yield
        finally:
            for adapter in adapters:
                adapter.start(self.stack)


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    folder = tmp_path_factory.mktemp("farm")
    with ExitStack() as stack:
        running = Daemon(f"tcp://127.0.0.1:{free_port()}", folder)
        running.start(stack)
        adapters = [Adapter(running.endpoint) for _ in range(3)]
        for adapter in adapters:
            adapter.start(stack)
        balancer = stack.enter_context(haproxy(folder, [adapter.port for adapter in adapters], TOKEN))
        yield Farm(running, adapters, balancer, stack)


@pytest.fixture
def start_game(farm: Farm) -> Iterator[Callable[[str], ModClient]]:
    farm.balancer.wait_checked(WAIT_S)
    with ExitStack() as stack:
        yield lambda name: stack.enter_context(ModClient(farm.url, TOKEN, name))


StartGame = Callable[[str], ModClient]


def outcomes(games: list[ModClient]) -> Counter[str]:
    """How all questions ended; each must have ended once."""
    ends = [ends for game in games for ends in game.answers.values()]
    assert {len(end) for end in ends} == {1}, "each question has exactly one last event"
    return Counter(str(end[0].get("code", end[0]["kind"])) for end in ends)


def test_an_adapter_that_is_killed_under_load_loses_no_question(farm: Farm, start_game: StartGame) -> None:
    """Six games over three adapters: whoever had their session with the dead one goes on with another."""
    games = [start_game(f"game{number}") for number in range(6)]
    adapters = farm.by_instance()
    for game in games:
        for number in range(8):
            game.ask(think(f"npc{number}", f"What do you forge for {game.name} today? ({number})"), DEADLINE_MS)
    until(lambda: any(game.words for game in games))
    first = next(game for game in games if game.words)
    lost, victim = first.instance, adapters[first.instance]
    victim.kill()
    with farm.without(victim):
        for game in games:
            game.ask(think("late", f"And who pays for it, {game.name}?"), DEADLINE_MS)
            game.wait_all(WAIT_S)
    assert outcomes(games) == Counter(done=6 * 9)
    moved = [game for game in games if BROKE_OFF in game.codes or lost in game.instances]
    assert first in moved
    assert all(len(game.instances) == 1 for game in games if game not in moved), "nobody else had to move"
    assert all(game.instance != lost for game in games)


def test_an_adapter_that_is_restarted_in_good_order_loses_no_question(farm: Farm, start_game: StartGame) -> None:
    """It answers the call that waits, with nothing; the next one goes elsewhere, in the same session."""
    game = start_game("restarted")
    adapters = farm.by_instance()
    for number in range(MANY):
        game.ask(think(f"npc{number}", f"What do you forge today? ({number})"), DEADLINE_MS)
    until(lambda: bool(game.words))
    first = adapters[game.instance]
    first.terminate()
    with farm.without(first):
        assert not all(game.answers.values()), "nothing was open any more: the test shows nothing"
        game.wait_all(WAIT_S)
    game.ask(think("late", "Are you still there?"), DEADLINE_MS)
    game.wait_all(WAIT_S)
    assert outcomes([game]) == Counter(done=MANY + 1)


def test_a_daemon_that_is_restarted_keeps_its_games_behind_the_balancer(farm: Farm, start_game: StartGame) -> None:
    game = start_game("patient")
    for number in range(3):
        game.ask(think(f"npc{number}", f"What do you forge tomorrow? ({number})"), DEADLINE_MS)
    until(lambda: any(game.words.values()))
    farm.daemon.kill()
    time.sleep(AWAY_S)
    farm.daemon.start(farm.stack)
    game.wait_all(WAIT_S)
    assert outcomes([game]) == Counter(done=3)
    assert game.codes == {200}, "no call was refused meanwhile"


def until(condition: Callable[[], bool], timeout_s: float = WAIT_S) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.1)


def test_all_adapters_gone_is_503_with_words_and_a_time_to_come_back(farm: Farm, start_game: StartGame) -> None:
    for adapter in farm.adapters:
        adapter.kill()
    with farm.without(*farm.adapters):
        nobody_is_there(farm, start_game("alone"))
    headers = {"Authorization": f"Bearer {TOKEN}"}
    until(lambda: httpx2.get(f"{farm.url}/readyz", headers=headers).status_code == 200)


def nobody_is_there(farm: Farm, game: ModClient) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    until(lambda: httpx2.get(f"{farm.url}/healthz", headers=headers).status_code == 503)
    answer = httpx2.post(f"{farm.url}/v1/exchange", json={"session": "s"}, headers=headers)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["error"]["code"] == "unavailable"
    game.ask(think("npc", "Is anybody there?"), DEADLINE_MS)
    game.wait_all(WAIT_S)
    (end,) = next(iter(game.answers.values()))
    assert (end["code"], "no HTTP adapter" in end["message"]) == ("unavailable", True)
