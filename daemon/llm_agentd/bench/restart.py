"""`bench restart`: the first reply after a restart, with saved prefixes and without, and llama-server's.

A village that ran before has its roles' beginnings on disk. Each round starts the daemon twice on the same folder, with
and without them, and asks once; the completion cache is not asked. Time until the model is loaded is told apart.
"""

from __future__ import annotations

import contextlib
import shutil
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llm_agentd.bench.clients import Answer, Client, Daemon, Upstream
from llm_agentd.bench.result import Options, Result
from llm_agentd.bench.trace import Ask, role_text
from llm_agentd.bench.village import CONTEXT_TOKENS, PEER_SLOTS, peer
from llm_agentd.config import Config
from llm_agentd.engines import EMBEDDED_MODEL
from llm_agentd.errors import StartError
from llm_agentd.ops.harness import daemon
from llm_agentd.prefix_cache.store import FOLDER

SYSTEM = role_text("smith") + "\nYou are Bram, the smith, stern, who carves spoons."
FIRST = Ask(1, 0, SYSTEM, "Robin: Good morning!", seed=1, priority="spoken")
WARM = Ask(2, 0, SYSTEM, "Robin: Good evening!", seed=1, priority="spoken")


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds until it said ready, and then of its first reply."""

    ready_s: float
    first_s: float
    done_s: float


def measure(config: Config, options: Options) -> Result:
    sides: dict[str, list[Start]] = {"with": [], "without": []}
    with tempfile.TemporaryDirectory(prefix="llm-agentd-restart-") as folder:
        cache = Path(folder) / "cache"
        _start(config, cache, WARM)  # computes and saves
        kept = Path(folder) / "kept"
        shutil.copytree(cache / FOLDER, kept)
        for _ in range(options.rounds):
            for name, starts in sides.items():
                shutil.rmtree(cache / FOLDER, ignore_errors=True)
                if name == "with":
                    shutil.copytree(kept, cache / FOLDER)
                starts.append(_start(config, cache, FIRST))
    if options.peer or options.peer_binary:
        model = config.model.path or EMBEDDED_MODEL
        sides["llama-server"] = [_peer_start(model, config, options) for _ in range(options.rounds)]
    figures = {
        f"{name}_{part}": statistics.median(getattr(start, part) for start in starts)
        for name, starts in sides.items()
        for part in ("ready_s", "first_s", "done_s")
    }
    ratios = {
        "first_reply": figures["with_first_s"] / figures["without_first_s"],
        "first_reply_done": figures["with_done_s"] / figures["without_done_s"],
    }
    if "llama-server" in sides:
        ratios["first_reply_vs_upstream"] = figures["with_first_s"] / figures["llama-server_first_s"]
    names = {"with": "saved prefixes", "without": "no saved prefixes"}
    return Result(
        title="First reply after a restart, seconds",
        columns=("", "until ready", "first text", "done"),
        rows=tuple(
            (names.get(name, name), *(f"{figures[f'{name}_{part}']:.3f}" for part in ("ready_s", "first_s", "done_s")))
            for name in sides
        ),
        ratios=ratios,
        figures=figures,
        notes=(f"medians of {options.rounds} rounds in turn", *(f"{key} {value:.2f}" for key, value in ratios.items())),
    )


def _start(config: Config, cache: Path, ask: Ask) -> Start:
    began_s = time.perf_counter()
    with daemon(_sets(config, cache), http=False) as (endpoint, _, _child):
        ready_s = time.perf_counter() - began_s
        with contextlib.closing(Daemon(endpoint)) as client:
            return _asked(client, ask, ready_s)


def _peer_start(model: Path, config: Config, options: Options) -> Start:
    began_s = time.perf_counter()
    with peer(model, config, PEER_SLOTS[0], options) as (url, _):
        ready_s = time.perf_counter() - began_s
        with contextlib.closing(Upstream(url)) as client:
            return _asked(client, FIRST, ready_s)


def _asked(client: Client, ask: Ask, ready_s: float) -> Start:
    client.send(ask, cache="off")
    answers: list[Answer] = []
    while not answers:
        answers = client.receive(60.0)
    (answer,) = answers
    if not answer.ok:
        raise StartError(f"bench restart: no first reply: {answer.error}")
    return Start(ready_s, answer.first_s, answer.done_s)


def _sets(config: Config, cache: Path) -> dict[str, Any]:
    sets: dict[str, Any] = {"model.context_tokens": CONTEXT_TOKENS, "cache.path": cache}
    for key in ("path", "threads", "engine", "kv_type"):
        if (value := getattr(config.model, key)) is not None:
            sets[f"model.{key}"] = value
    return sets
