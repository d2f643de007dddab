"""Which binding computes a model: the fastest of those that are installed and prove themselves on its file.

Each is proven and timed once for a file, its version and a machine, in a process of its own (`children`), and what was
found is kept beside the curve of batch sizes. Called by the engine thread before it opens an engine, so that the
children inherit its CPUs and niceness. `pick` is pure.
"""

from __future__ import annotations

import logging
import math
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from llm_agentd.engines.base import Candidate
from llm_agentd.engines.model_info import fingerprint, model_bytes
from llm_agentd.engines.proof.children import Answer, Order, Turn, start_child
from llm_agentd.engines.proof.probe import LENGTH
from llm_agentd.util.cpu_info import cpu_model
from llm_agentd.util.kept_rows import load_row, save_row

log = logging.getLogger(__name__)

FILE = "engines.json"  # in the cache's folder
REFERENCE = "llama"  # llama.cpp as it is, in the build that most have: what others are compared with
# Module and distribution of each. They are measured in this order.
PACKAGES = {
    "llama": ("cyllama", "cyllama"),
    "llama_native": ("llama_cpp", "llama-cpp-python"),
    "llama_ik": ("ik_llama_cpp", "ik-llama-cpp-python"),
}
# A model up to this is loaded by all at once, which is sooner done; of a larger one several copies might not fit.
LOADED_AT_ONCE_MAX_BYTES = 512 * 1024 * 1024
# What is compared is how long a request of a village takes: so many new tokens of its prompt, so many of its reply.
PROMPT_TOKENS, REPLY_TOKENS = 58, 32
NOISE = 0.05  # two measurements of the same differ by about this much: so much faster must one be to be preferred


@dataclass(frozen=True, slots=True)
class Choice:
    """`rows_max`: what the engine is held to, None where it need not. `candidates`: all, the chosen one first.
    `took_s`: what proving and timing took, 0 where all was known.
    """

    engine: str
    rows_max: int | None = None
    candidates: tuple[Candidate, ...] = ()
    took_s: float = 0.0


def installed() -> list[str]:
    return [name for name, (module, _) in PACKAGES.items() if _has(module)]


def _has(module: str) -> bool:
    return sys.modules.get(module, module) is not None and find_spec(module) is not None


def choose(
    names: Sequence[str],
    path: Path,
    folder: Path | None,
    *,
    threads: int,
    max_num_seqs: int,
    kv_type: str,
    wanted: str = "",
    start: Callable[[Order], Turn] = start_child,
) -> Choice:
    """Of the engines `names`, the usual one first. `wanted`: taken if it is right, however fast; `start`: measures."""
    known, missing = _known(names, path, folder, threads, max_num_seqs, kv_type)
    began_s = time.monotonic()
    if missing:
        log.info("proving and timing %s with this model, once: some seconds", ", ".join(names))
        widths = sorted({1, max_num_seqs})
        order = {"path": str(path), "threads": threads, "widths": widths, "kv_type": kv_type}
        answers = _measured(names, order, start, is_small=model_bytes(path) <= LOADED_AT_ONCE_MAX_BYTES)
        known = {name: _candidate(name, answer) for name, answer in answers.items()}
        if any(answer.get("is_busy") for answer in answers.values()):
            log.warning("the machine is too busy to time them; that is done again at the next start")
        elif folder is not None:
            for name, key in missing.items():
                save_row(folder / FILE, key, asdict(known[name]))
    choice = pick([known[name] for name in names], wanted)
    if wanted and choice.engine != wanted:
        log.warning("model.engine %s is not used, engine %s is: %s", wanted, choice.engine, in_words(known[wanted]))
    if not missing:
        return choice
    choice = replace(choice, took_s=time.monotonic() - began_s)
    log.info("engine %s is taken, after %.1f s; what each gives:", choice.engine, choice.took_s)
    for candidate in choice.candidates:
        log.info("%s", in_words(candidate))
    return choice


def _known(
    names: Sequence[str], path: Path, folder: Path | None, threads: int, max_num_seqs: int, kv_type: str
) -> tuple[dict[str, Candidate], dict[str, str]]:
    """What was found before, and the keys of what was not: then all are measured, in one sitting."""
    machine = f"{cpu_model()} {threads} threads {max_num_seqs} wide {kv_type}"
    keys = {name: f"{fingerprint(path)} {name} {_version(name)} {machine}" for name in names}
    if folder is None:
        return {}, keys
    found: dict[str, Candidate] = {}
    for name, key in keys.items():
        if (candidate := load_row(folder / FILE, key, _of_row)) is None:
            return {}, keys
        found[name] = candidate
    return found, {}


def _of_row(row: Any) -> Candidate:
    """Raises where a row is not what `choose` kept."""
    found = Candidate(**row)
    speeds = (found.prompt_tokens_per_s, found.reply_tokens_per_s)
    if type(found.rows_max) is not int or not all(
        isinstance(speed, float) and math.isfinite(speed) for speed in speeds
    ):
        raise TypeError("no numbers where some must be")
    if found.rows_max and min(speeds) <= 0:
        raise ValueError("a speed of nothing")
    return found


def _version(name: str) -> str:
    try:
        return version(PACKAGES[name][1])
    except PackageNotFoundError:
        return "?"


def _measured(
    names: Sequence[str], order: Order, start: Callable[[Order], Turn], *, is_small: bool
) -> dict[str, Answer]:
    """One after the other, as they would slow each other down; the one to compare with first."""
    names = sorted(names, key=list(PACKAGES).index)
    turns: Iterable[Turn] = (start(order | {"engine": name}) for name in names)  # each starts when it is looked at
    if is_small:
        turns = list(turns)
    reference: dict[str, Any] | None = None
    answers: dict[str, Answer] = {}
    for name, turn in zip(names, turns, strict=True):
        answers[name] = turn(reference)
        reference = reference or answers[name].get("reference")
    return answers


def _candidate(name: str, answer: Answer) -> Candidate:
    shown = f"{PACKAGES[name][1]} {_version(name)}"
    rows_max = answer.get("rows_max", 0)
    if not rows_max:
        return Candidate(name, shown, 0.0, 0.0, 0, f"passed over: {answer['fault']}")
    note = "" if rows_max >= LENGTH else f"longer parts than {rows_max} tokens would be wrong"
    replies = max(int(width) / seconds for width, seconds in answer["step_s"].items())
    return Candidate(name, shown, round(1 / answer["prompt_s"], 1), round(replies, 1), rows_max, note)


def pick(candidates: Sequence[Candidate], wanted: str = "") -> Choice:
    """The quickest for a request of a village; the first of them where the quickest is so by noise alone. `wanted` is
    taken whenever it is right. What computes wrongly is not taken, unless all do: then the first is.
    """
    right = [candidate for candidate in candidates if candidate.rows_max]
    if not right:
        return Choice(candidates[0].engine, candidates=tuple(candidates))
    quickest_s = min(map(request_s, right))
    quick = [candidate for candidate in right if request_s(candidate) <= quickest_s * (1 + NOISE)]
    best = next((candidate for candidate in right if candidate.engine == wanted), quick[0])
    others = sorted((one for one in candidates if one is not best), key=request_s)
    return Choice(best.engine, best.rows_max if best.rows_max < LENGTH else None, (best, *others))


def request_s(candidate: Candidate) -> float:
    """Seconds of this machine that a request takes, of many at once; for ever where it is computed wrongly."""
    if not candidate.rows_max:
        return math.inf
    return PROMPT_TOKENS / candidate.prompt_tokens_per_s + REPLY_TOKENS / candidate.reply_tokens_per_s


def in_words(candidate: Candidate) -> str:
    """`llama_ik (ik-llama-cpp-python 0.1.5): 240 prompt tokens/s, 210 reply tokens/s`, for people."""
    said = f"engine {candidate.engine} ({candidate.version})"
    if candidate.rows_max:
        said += (
            f": {candidate.prompt_tokens_per_s:.0f} prompt tokens/s, {candidate.reply_tokens_per_s:.0f} reply tokens/s"
        )
    return f"{said}; {candidate.note}" if candidate.note else said
