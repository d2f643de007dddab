"""Part of `bench memory`: what the processes hold when idle, and whether it grows while a village talks for long.

Counted is what is each process's own (USS): what would be free if it ended. The model is told apart from it: the pages
of its GGUF file, and the classifier's weights as they lie in memory. Its contexts count, as far as sequences have
filled them. Pages of databases are the system's cache of files and count nowhere.
"""

from __future__ import annotations

import itertools
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

import numpy as np
import orjson

from llm_agentd.bench.load.process_memory import family, private_bytes
from llm_agentd.bench.result import Result
from llm_agentd.client import Client
from llm_agentd.config import Config
from llm_agentd.config.values import NO_MODEL_ENGINES
from llm_agentd.engines import EMBEDDED_MODEL
from llm_agentd.engines.gguf import TOPICS_FORM, read_header
from llm_agentd.errors import AgentdError, StartError
from llm_agentd.ops.harness import HttpConnection, RunningDaemon, daemon, model_sets
from llm_agentd.topics import topics_path

MIB = 2**20
SETTLED_S = 5.0  # after the start
SAMPLE_EVERY_S = 5.0
STEADY_AT_MINUTE = 5.0  # by then each NPC has spoken and each store of things to keep is in use …
STEADY_SHARE = 1 / 6  # … and in a shorter run at this share of it
WINDOW = 6  # samples whose median is told: 30 s
PLAYERS_AT_ONCE, NPCS = 8, 50
LINES_A_PLAYER = 30  # then another comes, whom nobody has seen: a server's evening has hundreds
PAUSE_S = 0.05  # of a player between lines
LINES = (
    "Good morning! What is the news here, {number}?",
    "where is the old mill pls",
    "I have {number} apples, do you want some?",
    "My name is {player} and I live at the {number}th house.",
    "why?",
    "Do you remember me?",
)


@dataclass(frozen=True, slots=True)
class Footprint:
    """Bytes. `processes`: by name, without the pages of the model's file; `classifier`: of the daemon's."""

    processes: dict[str, int]
    model_file: int
    classifier: int

    @property
    def beside_model(self) -> int:
        return sum(self.processes.values()) - self.classifier


class Watched:
    """A daemon with its HTTP adapter, to be looked at again and again."""

    def __init__(self, running: RunningDaemon, config: Config) -> None:
        self._pid = running.process.pid
        self._file: Path | None = None
        self._classifier = 0
        if config.model.engine in NO_MODEL_ENGINES:
            return
        self._file = config.model.path or EMBEDDED_MODEL
        header = read_header(self._file)
        if header.prompt_form == TOPICS_FORM:
            self._classifier = _weights_bytes(topics_path(self._file))

    def look(self) -> Footprint:
        names = ("supervisor", "daemon", "http")
        processes = zip(names, family(self._pid), strict=False)
        found = {name: private_bytes(process, without=self._file) for name, process in processes}
        file_bytes = self._file.stat().st_size if self._file else 0
        return Footprint(found, file_bytes, self._classifier)


def _weights_bytes(path: Path) -> int:
    with np.load(path, allow_pickle=False) as file:
        return sum(file[name].nbytes for name in file.files if name not in ("about", "scenes"))


@contextmanager
def watched(config: Config) -> Iterator[tuple[RunningDaemon, Watched]]:
    with daemon(model_sets(config) | {"batch.size": config.batch.size}, http=True) as running:
        time.sleep(SETTLED_S)
        yield running, Watched(running, config)


def idle(config: Config) -> Footprint:
    with watched(config) as (_, seen):
        return seen.look()


def soak(config: Config, minutes: float) -> tuple[list[Footprint], int]:
    """What was held every SAMPLE_EVERY_S while players talked, and how many lines were answered."""
    with watched(config) as (running, seen), ExitStack() as cleanup:
        stopped = threading.Event()
        players = itertools.count(1)
        talks = [_Talk(running, players, stopped) for _ in range(PLAYERS_AT_ONCE)]
        for talk in talks:
            talk.start()
        for talk in talks:
            cleanup.callback(talk.join)
        cleanup.callback(stopped.set)
        samples: list[Footprint] = []
        ends_s = time.monotonic() + minutes * 60
        while time.monotonic() < ends_s:
            time.sleep(min(SAMPLE_EVERY_S, minutes * 60 / (2 * WINDOW)))
            samples.append(seen.look())
        return samples, sum(talk.answered for talk in talks)


class _Talk(threading.Thread):
    """Players who come one after the other, and talk to whoever is next."""

    def __init__(self, running: RunningDaemon, players: Iterator[int], stopped: threading.Event) -> None:
        super().__init__(name="bench-player", daemon=True)
        self._running, self._players, self._stopped = running, players, stopped
        self.answered = 0

    def run(self) -> None:
        with Client(self._running.endpoint) as client:
            while not self._stopped.is_set():
                number = next(self._players)
                self._ask_over_http(number)
                for line in range(LINES_A_PLAYER):
                    if self._stopped.wait(PAUSE_S):
                        return
                    self._say(client, f"player{number}", number * LINES_A_PLAYER + line)

    def _ask_over_http(self, number: int) -> None:
        try:
            http = HttpConnection(self._running.http_port, self._running.http_token)
            http.get("/info")
            http.post("/infer", orjson.dumps({"prompt": f"Player {number} says", "max_tokens": 8}))
        except (StartError, OSError, HTTPException):  # as below
            self._stopped.wait(1)

    def _say(self, client: Client, player: str, number: int) -> None:
        npc = number % NPCS
        who = {"id": f"npc-{npc}", "name": f"Npc{npc}", "role": "innkeeper" if npc % 2 else "smith"}
        text = LINES[number % len(LINES)].format(number=number, player=player)
        try:
            client.think(who, text, player=player, context={"time": "evening", "place": "Oakford"})
            self.answered += 1
        except AgentdError:  # too much at once is no news of memory
            self._stopped.wait(1)


def measure_growth(config: Config, minutes: float) -> Result:
    samples, answered = soak(config, minutes)
    steady_at = min(STEADY_AT_MINUTE, STEADY_SHARE * minutes)
    columns = steady, end = steady_and_end(samples, steady_at / minutes)
    ratio = sum(end.processes.values()) / sum(steady.processes.values())
    return Result(
        title=f"What the processes hold while {PLAYERS_AT_ONCE} players talk to {NPCS} NPCs, MiB",
        columns=("", f"minute {steady_at:.1f}", f"minute {minutes:.1f}"),
        rows=tuple(rows(columns)),
        ratios={"growth": ratio},
        figures={"answered": answered, **figures("steady", steady), **figures("end", end)},
        notes=(f"{answered} lines answered; at the end over minute {steady_at:.1f}: {ratio:.3f}",),
    )


def figures(when: str, one: Footprint) -> dict[str, float]:
    held: dict[str, float] = {f"{when}_{name}_bytes": value for name, value in one.processes.items()}
    return held | {f"{when}_beside_model_bytes": one.beside_model}


def steady_and_end(samples: Sequence[Footprint], share: float) -> tuple[Footprint, Footprint]:
    """The medians from this share of the run on, and of the end."""
    at = max(1, round(share * len(samples)))
    return _median(samples[at : at + WINDOW]), _median(samples[-WINDOW:])


def _median(samples: Sequence[Footprint]) -> Footprint:
    names = samples[0].processes
    processes = {name: round(statistics.median(one.processes[name] for one in samples)) for name in names}
    return Footprint(processes, samples[0].model_file, samples[0].classifier)


def rows(columns: Sequence[Footprint]) -> Iterator[tuple[str, ...]]:
    """Of the table for people, MiB."""

    def row(name: str, values: Sequence[int]) -> tuple[str, ...]:
        return (name, *(f"{value / MIB:.1f}" for value in values))

    for name in columns[0].processes:
        yield row(f"{name} process", [one.processes[name] for one in columns])
    yield row("of it the classifier's weights", [one.classifier for one in columns])
    yield row("beside the model", [one.beside_model for one in columns])
    yield row("the model's file", [one.model_file for one in columns])
