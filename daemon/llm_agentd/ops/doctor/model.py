"""The model's file, and whether the machine has the memory for it. `judge` is pure."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from llm_agentd.config import Config
from llm_agentd.config.values import NO_MODEL_ENGINES
from llm_agentd.errors import StartError
from llm_agentd.ops.doctor.check import Check, fail, ok, warn
from llm_agentd.ops.models.model_file import read_model
from llm_agentd.ops.models.selection import served_model
from llm_agentd.ops.models.words import size_words
from llm_agentd.util.free_memory import free_bytes, total_bytes

SUBJECT = "model"
NPCS = 10  # a small village, whose prompts are kept
SHARE_MAX = 0.75  # of the machine: MemoryMax of the unit, which leaves a quarter for the game
LIST = "llm-agentd model list shows which models there are, llm-agentd model use NAME takes one."


@dataclass(frozen=True, slots=True)
class Facts:
    """`problem`: why the file is no model. `needed`: bytes, 0 where nobody can say. `total`, `available`: of memory,
    as far as this process may take it.

    `path` None: the engine `without_file` loads none.
    """

    path: Path | None
    problem: str = ""
    needed: int = 0
    total: int = 0
    available: int = 0
    is_running: bool = False
    without_file: str = ""


def look(config: Config, *, is_running: bool) -> Facts:
    """`is_running`: the daemon has the model in memory, so what is available is what is left beside it."""
    if config.model.engine in NO_MODEL_ENGINES:
        return Facts(None, without_file=config.model.engine)
    path = served_model(config)
    problem, needed = _read(path, config)
    return Facts(path, problem, needed, total_bytes(), free_bytes(), is_running)


def _read(path: Path, config: Config) -> tuple[str, int]:
    try:
        if config.model.engine == "ctransformers":  # reads older formats too, whose header says less
            os.stat(path)
            return "", 0
        return "", read_model(path).memory_needed(NPCS, config).total
    except StartError as error:
        return str(error), 0
    except OSError as error:
        return f"{path}: {error.strerror}", 0


def judge(facts: Facts) -> Iterator[Check]:
    if facts.without_file == "openai":
        yield ok(SUBJECT, "file", "None is needed: model.engine is openai, and the servers in remote.upstreams have it")
        return
    if facts.path is None:
        yield warn(SUBJECT, "file", "model.engine is stub, which needs no model", "In config.yaml: model.engine: auto")
        return
    if facts.problem:
        yield fail(SUBJECT, "file", f"The model cannot be used: {facts.problem}", LIST)
        return
    yield ok(SUBJECT, "file", f"{facts.path}")
    if not facts.needed:
        return
    needed = f"The model needs about {size_words(facts.needed)} of memory with {NPCS} NPCs"
    smaller = (
        "Take a smaller model (llm-agentd model list), or less model.context_tokens, batch.size or cache.kv_max_bytes."
    )
    if facts.needed > facts.total:
        yield fail(SUBJECT, "memory", f"{needed}, and the machine has {size_words(facts.total)}", smaller)
    elif facts.needed > SHARE_MAX * facts.total:
        found = f"{needed}, more than three quarters of the machine's {size_words(facts.total)}"
        yield warn(SUBJECT, "memory", found, smaller)
    elif not facts.is_running and facts.needed > facts.available:
        cure = f"End what takes the memory, or: {smaller[0].lower()}{smaller[1:]}"
        yield warn(SUBJECT, "memory", f"{needed}, and {size_words(facts.available)} are free now", cure)
    else:
        yield ok(SUBJECT, "memory", f"{needed}, of {size_words(facts.total)}")
