"""`bench village`: the requests of a village (load/trace.py) to this daemon and to llama-server, one after the other.

Two parts. Closed loop: so many requests are open at any time. Saturated: background requests keep the engine busy while
a player speaks every other second. The bare loop shows what the same tokens cost with nothing around them.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from llm_agentd.bench.load.clients import (
    Answer,
    DaemonClient,
    LoadClient,
    OpenAiClient,
    closed_loop,
    open_loop,
    saturate,
)
from llm_agentd.bench.load.process_memory import PeakMemory
from llm_agentd.bench.load.trace import TraceRequest, timed, untimed
from llm_agentd.bench.load.trace import requests as endless
from llm_agentd.bench.plots import pyplot
from llm_agentd.bench.reference.bare_loop import bare_run
from llm_agentd.bench.reference.llama_server import CONTEXT_TOKENS, llama_server
from llm_agentd.bench.result import Options, Result, percentile
from llm_agentd.config import Config
from llm_agentd.engines.chat_template import chatml
from llm_agentd.errors import StartError
from llm_agentd.ops.harness import daemon, model_sets
from llm_agentd.types import PRIORITIES, Priority

SPOKEN_EVERY_S = 2.0
SPOKEN_MIN = 10  # in the saturated part: a short one has them more often


@dataclass(frozen=True, slots=True)
class Side:
    """What one server did with the trace. Times in seconds; `rss_bytes`: the most it had resident.

    `width`: sequences that it computes at once; 0: unknown.
    """

    name: str
    answers: tuple[Answer, ...]
    wall_s: float
    spoken_busy: tuple[Answer, ...]
    rss_bytes: int
    width: int = 0

    @property
    def requests_per_s(self) -> float:
        return sum(answer.ok for answer in self.answers) / self.wall_s

    @property
    def failed(self) -> list[Answer]:
        return [answer for answer in (*self.answers, *self.spoken_busy) if not answer.ok]

    def first(self, share: float, priority: str | None = None) -> float:
        return _at(share, [a.first_s for a in self.answers if a.ok and priority in (None, a.request.priority)])

    def done(self, share: float) -> float:
        return _at(share, [a.done_s for a in self.answers if a.ok])

    def spoken_first(self, share: float) -> float:
        return _at(share, [a.first_s for a in self.spoken_busy if a.ok])


def measure(config: Config, options: Options) -> Result:
    requests = timed(options.rate, options.seconds) if options.rate else untimed(options.requests)
    ours, info = _ours(config, requests, options)
    others = list(_others(config, requests, options))
    distinct = _distinct(requests)
    # The repeats cost the bare loop nothing.
    bound = _bare_requests_per_s(config, info, distinct) * len(requests) / len(distinct)
    ratios = {"vs_bare": ours.requests_per_s / bound}
    if others:
        best = max(others, key=lambda side: side.requests_per_s)
        if not best.requests_per_s:
            raise StartError(f"bench village: {best.name} answered nothing: {best.answers[0].error}")
        ratios |= {
            "requests_per_s": ours.requests_per_s / best.requests_per_s,
            "first_text_p95": ours.first(0.95) / best.first(0.95),
            "spoken_first_text_p95": ours.spoken_first(0.95) / best.spoken_first(0.95),
        }
        ratios |= _memory_ratio(replace(ours, width=info["max_num_seqs"]), others)
    sides = [ours, *others]
    figures = {f"{side.name} {key}": value for side in sides for key, value in _figures(side).items()}
    return Result(
        title=_title(requests, options),
        columns=("", *(side.name for side in sides)),
        rows=tuple(_rows(sides)),
        ratios=ratios,
        figures=figures | {"bare_requests_per_s": bound},
        notes=(
            f"{len(requests)} requests, {len(distinct)} distinct; the bare loop allows {bound:.2f} requests/s "
            f"for the distinct ones' tokens: {ratios['vs_bare']:.2f} of it reached",
            *(f"{name} {ratio:.2f}" for name, ratio in ratios.items() if name != "vs_bare"),
            *(f"{side.name}: the first of its failures: {side.failed[0].error}" for side in sides if side.failed),
        ),
        plot=lambda path: _plot(sides, path),
    )


def _memory_ratio(ours: Side, others: Sequence[Side]) -> dict[str, float]:
    """To the server that computes as many sequences at once: their contexts are most of what either holds."""
    equal = [side for side in others if side.width == ours.width and side.rss_bytes]
    return {"memory": ours.rss_bytes / equal[0].rss_bytes} if equal else {}


def _ours(config: Config, requests: Sequence[TraceRequest], options: Options) -> tuple[Side, dict[str, Any]]:
    settings = model_sets(config) | {"model.context_tokens": CONTEXT_TOKENS, "batch.size": config.batch.size}
    with (
        daemon(settings, http=False) as running,
        contextlib.closing(DaemonClient(running.endpoint)) as client,
    ):
        return _side(
            f"llm-agentd ({client.info['engine']})", client, requests, options, running.process.pid
        ), client.info


def _bare_requests_per_s(config: Config, info: dict[str, Any], distinct: Sequence[TraceRequest]) -> float:
    made = bare_run(
        info,
        gpu_layers=config.model.gpu_layers,
        max_num_seqs=info["max_num_seqs"],
        max_tokens=distinct[0].max_tokens,
        prompts=[_prompt(request) for request in distinct],
        prefixes=[_prefix(request) for request in distinct],
    )
    return made["requests_per_s"]


def _others(config: Config, requests: Sequence[TraceRequest], options: Options) -> Iterator[Side]:
    if options.upstream:
        with contextlib.closing(OpenAiClient(options.upstream)) as client:
            yield _side(options.upstream, client, requests, options, options.upstream_pid)
    if options.llama_server_python or options.llama_server_binary:
        for slots in options.slots:
            with (
                llama_server(config, options, slots=slots) as (url, pid),
                contextlib.closing(OpenAiClient(url)) as client,
            ):
                yield replace(_side(f"llama-server -np {slots}", client, requests, options, pid), width=slots)


def _side(name: str, client: LoadClient, requests: Sequence[TraceRequest], options: Options, pid: int | None) -> Side:
    with PeakMemory(pid or os.getpid()) as memory:
        answers, wall_s, spoken_busy = _measured(client, requests, options)
    return Side(name, tuple(answers), wall_s, tuple(spoken_busy), memory.bytes if pid else 0)


def _measured(
    client: LoadClient, requests: Sequence[TraceRequest], options: Options
) -> tuple[list[Answer], float, list[Answer]]:
    if options.rate:
        answers, wall_s = open_loop(client, requests)
    else:
        answers, wall_s = closed_loop(client, requests, options.clients)
    every_s = min(SPOKEN_EVERY_S, options.saturate_s / SPOKEN_MIN)
    busy = (_renumbered(one, "background", 1_000_000) for one in endless(seed=2, repeat_share=0))
    spoken = (_renumbered(one, "spoken", 2_000_000) for one in endless(seed=3, repeat_share=0))
    return answers, wall_s, saturate(client, busy, options.busy_requests, spoken, every_s, options.saturate_s)


def _renumbered(request: TraceRequest, priority: Priority, first_number: int) -> TraceRequest:
    return replace(request, priority=priority, number=first_number + request.number)


def _rows(sides: Sequence[Side]) -> Iterator[tuple[str, ...]]:
    def row(name: str, cells: Sequence[str]) -> tuple[str, ...]:
        return (name, *cells)

    yield row("requests/s", [f"{side.requests_per_s:.2f}" for side in sides])
    for what in ("first text", "done"):
        get = Side.first if what == "first text" else Side.done
        cells = [" / ".join(f"{get(side, share):.2f}" for share in (0.5, 0.95, 0.99)) for side in sides]
        yield row(f"{what}, s: p50 / p95 / p99", cells)
    for priority in PRIORITIES:
        cells = [f"{side.first(0.5, priority):.2f} / {side.first(0.95, priority):.2f}" for side in sides]
        yield row(f"  first text {priority}, s: p50 / p95", cells)
    cells = [
        f"{side.spoken_first(0.5):.2f} / {side.spoken_first(0.95):.2f} of {sum(a.ok for a in side.spoken_busy)}"
        for side in sides
    ]
    yield row("spoken while saturated, first text, s: p50 / p95", cells)
    for key in ("prompt", "reused", "generated"):
        yield row(f"tokens {key}", [f"{_tokens(side, key):,}" if _tokens(side, key) else "-" for side in sides])
    yield row("failed", [str(len(side.failed)) for side in sides])
    yield row("resident, MB", [f"{side.rss_bytes / 1e6:,.0f}" if side.rss_bytes else "-" for side in sides])


def _figures(side: Side) -> dict[str, float]:
    return {
        "requests_per_s": side.requests_per_s,
        "first_text_p50_s": side.first(0.5),
        "first_text_p95_s": side.first(0.95),
        "done_p95_s": side.done(0.95),
        "spoken_busy_first_text_p95_s": side.spoken_first(0.95),
        "rss_bytes": side.rss_bytes,
    }


def _tokens(side: Side, key: str) -> int:
    return sum(answer.tokens.get(key, 0) for answer in side.answers if answer.ok)


def _at(share: float, values: list[float]) -> float:
    return percentile(values, share) if values else float("nan")


def _distinct(requests: Sequence[TraceRequest]) -> list[TraceRequest]:
    return list({request.content: request for request in requests}.values())


def _prefix(request: TraceRequest) -> str:
    """The text that all NPCs of the role begin with."""
    return chatml([("system", request.system)]).split("\nYou are ")[0] + "\n"


def _prompt(request: TraceRequest) -> str:
    return chatml([(turn["role"], turn["content"]) for turn in request.messages])


def _title(requests: Sequence[TraceRequest], options: Options) -> str:
    how = f"{options.rate:g} requests/s" if options.rate else f"{options.clients} clients at once"
    return f"Village: {len(requests)} requests, {how}"


def _plot(sides: Sequence[Side], path: Path) -> None:
    figure, (first, busy) = pyplot().subplots(1, 2, figsize=(11, 4))
    for side in sides:
        for axes, answers in ((first, side.answers), (busy, side.spoken_busy)):
            values = sorted(answer.first_s for answer in answers if answer.ok)
            axes.plot(values, [(n + 1) / len(values) for n in range(len(values))], label=side.name)
    for axes, title in ((first, "first text, all requests"), (busy, "first text, spoken while saturated")):
        axes.set(title=title, xlabel="seconds", ylabel="share of requests", xlim=(0, None), ylim=(0, 1))
        axes.legend()
        axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=120)
