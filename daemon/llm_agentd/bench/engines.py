"""`bench engines`: what each installed library gives with this model on this machine, and whether it is right.

The very proof by which `model.engine: auto` chooses (`engines/proof`), measured anew in several rounds and nothing
kept, so that it also says whether an extra is worth its installation here.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from functools import partial

from llm_agentd.bench.result import Options, Result
from llm_agentd.config import Config
from llm_agentd.engines import EMBEDDED_MODEL
from llm_agentd.engines.base import Candidate
from llm_agentd.engines.model_shape import read_model_header
from llm_agentd.engines.proof.choice import PROMPT_TOKENS, REFERENCE, REPLY_TOKENS, choose, installed, request_s
from llm_agentd.engines.threads import pick_threads
from llm_agentd.errors import StartError


def measure(config: Config, options: Options) -> Result:
    path = config.model.path or EMBEDDED_MODEL
    threads = config.model.threads or pick_threads(read_model_header(path).parameters)
    if not (names := installed()):
        raise StartError("bench engines: no library for models is installed; pip install cyllama")
    measured = partial(
        choose, names, path, None, threads=threads, max_num_seqs=config.batch.size, kv_type=config.model.kv_type
    )
    rounds = [measured() for _ in range(options.rounds)]
    found = [_median([_of(name, choice.candidates) for choice in rounds]) for name in names]
    choosing_s = statistics.median(choice.took_s for choice in rounds)
    found.sort(key=request_s)
    reference = next((one for one in found if one.engine == REFERENCE and one.rows_max), found[0])
    ratios = {
        f"{one.engine}_vs_{reference.engine}": request_s(reference) / request_s(one)
        for one in found
        if one.rows_max and one is not reference
    }
    figures = {f"{one.engine}_prompt_tokens_per_s": one.prompt_tokens_per_s for one in found}
    figures |= {f"{one.engine}_reply_tokens_per_s": one.reply_tokens_per_s for one in found}
    figures["choosing_s"] = choosing_s
    return Result(
        title=f"Engines: tokens/s with {path.name}, threads: {threads}, sequences at once: up to {config.batch.size}",
        columns=("engine", "library", "prompt", "reply", f"against {reference.engine}", "proof"),
        rows=tuple(_row(one, reference) for one in found),
        ratios=ratios,
        figures=figures,
        notes=(
            f"medians of {options.rounds} rounds; against: requests of {PROMPT_TOKENS} new prompt tokens and "
            f"{REPLY_TOKENS} reply tokens",
            f"choosing among them took {choosing_s:.1f} s, which is what model.engine auto adds to a first start",
        ),
    )


def _of(name: str, candidates: Sequence[Candidate]) -> Candidate:
    return next(candidate for candidate in candidates if candidate.engine == name)


def _median(measured: Sequence[Candidate]) -> Candidate:
    """Of several rounds; what was wrong once is wrong."""
    worst = min(measured, key=lambda one: one.rows_max)
    if not worst.rows_max:
        return worst
    prompt, reply = (
        statistics.median(getattr(one, f"{kind}_tokens_per_s") for one in measured) for kind in ("prompt", "reply")
    )
    return Candidate(worst.engine, worst.version, prompt, reply, worst.rows_max, worst.note)


def _row(one: Candidate, reference: Candidate) -> tuple[str, ...]:
    proof = one.note or "right"
    if not one.rows_max:
        return one.engine, one.version, "", "", "", proof
    ratio = f"{request_s(reference) / request_s(one):.2f}"
    return one.engine, one.version, f"{one.prompt_tokens_per_s:.0f}", f"{one.reply_tokens_per_s:.0f}", ratio, proof
