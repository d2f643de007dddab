"""`bench restart`: the first reply after a restart, with saved prefixes and without, and llama-server's.

A village that ran before has the prefixes of its roles on disk. Each round starts the daemon twice on the same folder,
with and without them, and sends one request that no cached reply answers. The time until the model is loaded is
reported separately.
"""

from __future__ import annotations

import contextlib
import shutil
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from llm_agentd.bench.load.clients import Answer, DaemonClient, LoadClient, OpenAiClient
from llm_agentd.bench.load.trace import TraceRequest, role_text
from llm_agentd.bench.reference.llama_server import CONTEXT_TOKENS, llama_server
from llm_agentd.bench.result import Options, Result
from llm_agentd.config import Config
from llm_agentd.errors import StartError
from llm_agentd.ops.harness import daemon, model_sets
from llm_agentd.prefix_cache.store import FOLDER

SYSTEM = role_text("smith") + "\nYou are Bram, the smith, stern, who carves spoons."
FIRST = TraceRequest(1, 0, SYSTEM, "Robin: Good morning!", seed=1, priority="spoken")
WARM = TraceRequest(2, 0, SYSTEM, "Robin: Good evening!", seed=1, priority="spoken")


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds until the ready line, and from then to the first text and the end of the first reply."""

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
    if options.llama_server_python or options.llama_server_binary:
        sides["llama-server"] = [_llama_server_start(config, options) for _ in range(options.rounds)]
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


def _start(config: Config, cache: Path, request: TraceRequest) -> Start:
    began_s = time.perf_counter()
    settings = model_sets(config) | {"model.context_tokens": CONTEXT_TOKENS, "cache.path": cache}
    with daemon(settings, http=False) as running:
        ready_s = time.perf_counter() - began_s
        with contextlib.closing(DaemonClient(running.endpoint)) as client:
            return _first_reply(client, request, ready_s)


def _llama_server_start(config: Config, options: Options) -> Start:
    began_s = time.perf_counter()
    with llama_server(config, options, slots=options.slots[0]) as (url, _):
        ready_s = time.perf_counter() - began_s
        with contextlib.closing(OpenAiClient(url)) as client:
            return _first_reply(client, FIRST, ready_s)


def _first_reply(client: LoadClient, request: TraceRequest, ready_s: float) -> Start:
    client.send(request, cache="off")
    answers: list[Answer] = []
    while not answers:
        answers = client.receive(60.0)
    (answer,) = answers
    if not answer.ok:
        raise StartError(f"bench restart: no first reply: {answer.error}")
    return Start(ready_s, answer.first_s, answer.done_s)
