"""`bench mind`: runs the held-out sets through a real daemon, scores what can be scored, and writes or reads the sheet.

Main thread. Measures of one set are in `_MEASURES`; how a single reply is judged stands in scoring.py.
"""

from __future__ import annotations

import os
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from rich.console import Console
from rich.progress import Progress

from llm_agentd.bench.mind import scoring, sheet
from llm_agentd.bench.mind.ask import OPEN_AT_ONCE, DaemonMind, Mind, ask_all
from llm_agentd.bench.mind.bulk import bulk_cases
from llm_agentd.bench.mind.cases import SETS, Case, load
from llm_agentd.bench.mind.scoring import Answer
from llm_agentd.bench.mind.upstream import UpstreamMind
from llm_agentd.bench.result import Options, Result, percentile
from llm_agentd.config import Config
from llm_agentd.ops.harness import daemon, model_sets

SEED = 13
API_KEY_ENV = "LLM_AGENT_UPSTREAM_KEY"  # of the server behind --upstream; a key on a command line is seen by all
FLAWS = ("failed", "empty", "unfinished", "markup", "speaker", "differs")
EXAMPLES_MAX = 3  # of each flaw, in the report

Share = tuple[float, int]  # how many, of how many


def measure(config: Config, options: Options) -> Result:
    """Raises StartError for an unknown set, a sheet that does not fit, and a daemon that does not start."""
    if options.grades:
        return sheet.report(options.grades)
    cases = [case for name in options.only or SETS for case in load(name)]
    if options.bulk:
        cases = bulk_cases(options.bulk)
    if options.sheet:
        sheet.require_usable(options.sheet, cases)
    if options.upstream:
        model, answers, wall_s = _asked(UpstreamMind(options.upstream, os.environ.get(API_KEY_ENV, "")), cases)
    else:
        with daemon(model_sets(config) | {"batch.size": config.batch.size}, http=False) as running:
            model, answers, wall_s = _asked(DaemonMind(running.endpoint), cases)
    result = _result(model, answers, wall_s)
    if options.sheet:
        sheet.add(options.sheet, result, answers)
    return result


def _asked(mind: Mind, cases: Sequence[Case]) -> tuple[str, list[Answer], float]:
    """The mind's name, its answers in the order of the cases, and the seconds it took. Shows how far it is."""
    answers: list[Answer] = []
    began_s = time.perf_counter()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("asking", total=len(cases))

        def on_answer(answer: Answer) -> None:
            answers.append(answer)
            progress.advance(task)

        ask_all(mind, cases, seed=SEED, on_answer=on_answer)
    return mind.name, sorted(answers, key=lambda answer: answer.case.id), time.perf_counter() - began_s


def _result(model: str, answers: Sequence[Answer], wall_s: float) -> Result:
    by_set: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_set[answer.case.set].append(answer)
    shares = {key: share for name, some in by_set.items() for key, share in _MEASURES[name](some).items()}
    shares |= _common(answers)
    texts = [answer.text for answer in answers if answer.text]
    times_ms = [answer.total_ms for answer in answers if answer.total_ms] or [0.0]
    figures: dict[str, float] = {
        "replies": len(answers),
        "distinct_replies": len(set(texts)),
        "words_mean": statistics.mean(len(text.split()) for text in texts) if texts else 0.0,
        "reply_ms_p50": percentile(times_ms, 0.5),
        "reply_ms_p95": percentile(times_ms, 0.95),
        "replies_per_s": len(answers) / wall_s,
    }
    figures |= {f"{key}_count": share[0] for key, share in shares.items()}
    return Result(
        title=f"Mind of {model}: {len(answers)} {'recombined' if 'bulk' in by_set else 'held-out'} situations",
        columns=("", "of", "", "share"),
        rows=tuple(_rows(shares, figures)),
        ratios={key: count / of for key, (count, of) in shares.items() if of},
        figures=figures,
        notes=tuple(_notes(answers)),
    )


# -- measures ----------------------------------------------------------------------------------------


def _share(answers: Sequence[Answer], is_so: Callable[[Answer], bool]) -> Share:
    return sum(map(is_so, answers)), len(answers)


def _facts(answers: Sequence[Answer]) -> dict[str, Share]:
    told = [answer for answer in answers if not answer.case.is_unknown]
    unknown = [answer for answer in answers if answer.case.is_unknown]
    return {"facts_right": _share(told, scoring.is_right), "facts_not_known": _share(unknown, scoring.is_right)}


def _names(answers: Sequence[Answer]) -> dict[str, Share]:
    return {"names_held": _share(answers, scoring.is_right), "names_exact": _share(answers, scoring.is_exact)}


def _orders(answers: Sequence[Answer]) -> dict[str, Share]:
    orders = [answer for answer in answers if not answer.case.is_small_talk]
    small_talk = [answer for answer in answers if answer.case.is_small_talk]
    return {
        "orders_right": _share(orders, scoring.is_order_right),
        "orders_invalid": _share(answers, scoring.is_order_invalid),
        "small_talk_undisturbed": _share(small_talk, scoring.is_order_right),
    }


def _memory(answers: Sequence[Answer]) -> dict[str, Share]:
    told = [answer for answer in answers if not answer.case.is_unknown]
    unknown = [answer for answer in answers if answer.case.is_unknown]
    return {"memory_used": _share(told, scoring.is_right), "memory_not_known": _share(unknown, scoring.is_right)}


_MEASURES: dict[str, Callable[[Sequence[Answer]], dict[str, Share]]] = {
    "talk": lambda answers: {},  # for people to grade
    "facts": _facts,
    "names": _names,
    "orders": _orders,
    "memory": _memory,
    "bulk": lambda answers: {},
}


def _common(answers: Sequence[Answer]) -> dict[str, Share]:
    flaws = [scoring.flaws(answer) for answer in answers]
    shares: dict[str, Share] = {flaw: (sum(flaw in found for found in flaws), len(answers)) for flaw in FLAWS}
    return {"all_exact": _share(answers, scoring.is_exact)} | shares | {"filtered": _share(answers, _is_filtered)}


def _is_filtered(answer: Answer) -> bool:
    return answer.is_filtered


# -- for people --------------------------------------------------------------------------------------

_LABELS = {
    "facts_right": "facts: answered rightly from the prompt",
    "facts_not_known": "facts: not in the prompt, and said so",
    "names_held": "names: the wanted name, thing or number in the reply",
    "names_exact": "names: nothing misspelt, no foreign number",
    "orders_right": "orders: right action and parameters",
    "orders_invalid": "orders: invalid action",
    "small_talk_undisturbed": "orders: small talk, nothing done",
    "memory_used": "memory: what was told is in the reply",
    "memory_not_known": "memory: never told, and said so",
    "all_exact": "all: nothing misspelt, no foreign number",
    "failed": "no reply: an error",
    "empty": "no words and no action",
    "unfinished": "unfinished",
    "markup": "brace or markup in chat",
    "speaker": "begins with a speaker, or speaks for others",
    "differs": "the stream differs from the reply",
    "filtered": "held back by moderation",
}


def _rows(shares: dict[str, Share], figures: dict[str, float]) -> Iterator[tuple[str, ...]]:
    for key, (count, of) in shares.items():
        if of:
            yield _LABELS[key], str(of), f"{count:g}", f"{count / of:.1%}"
    yield "distinct replies", f"{figures['replies']:g}", f"{figures['distinct_replies']:g}", ""
    yield "words a reply, on average", "", f"{figures['words_mean']:.1f}", ""
    for key, label in (("reply_ms_p50", "ms a reply, p50"), ("reply_ms_p95", "ms a reply, p95")):
        yield f"{label}, {OPEN_AT_ONCE} at once", "", f"{figures[key]:.0f}", ""


def _notes(answers: Sequence[Answer]) -> Iterator[str]:
    for flaw in FLAWS:
        found = [answer for answer in answers if flaw in scoring.flaws(answer)]
        for answer in found[:EXAMPLES_MAX]:
            yield f"{flaw}: {answer.case.id}: {answer.error or answer.text!r}"
    for answer in [answer for answer in answers if scoring.misspelt(answer)][:EXAMPLES_MAX]:
        yield f"misspelt: {answer.case.id}: {', '.join(scoring.misspelt(answer))}"
