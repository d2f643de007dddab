"""The table, the figures and the ratios of `bench fleet`. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from llm_agentd.bench.fleet import prediction
from llm_agentd.bench.fleet.ceiling import Ceiling
from llm_agentd.bench.fleet.evening import Evening
from llm_agentd.bench.fleet.plot import draw
from llm_agentd.bench.fleet.prediction import Costs
from llm_agentd.bench.fleet.scenes import Played, Setup
from llm_agentd.bench.result import Result
from llm_agentd.types import PRIORITIES

ECHO_GOAL = 0.3
LATE_MAX_S = 0.1  # of the load itself: beyond that the machine was too small for load and daemons together
FOUND = ("in use", "wait p95, s", "decided by")  # when it is fullest
SHARES = (0.5, 0.95, 0.99)

Scenes = Mapping[int, Sequence[tuple[Setup, Played]]]


def on_paper(evening: Evening, npcs: Sequence[int], costs: Sequence[Costs]) -> Result:
    figures = {
        f"daemons_{count}_npcs_step_{cost.step_s * 1000:g}_ms_width_{cost.width}": float(
            prediction.daemons_needed(prediction.fullest_rate_per_s(evening, count), cost).daemons
        )
        for count in npcs
        for cost in costs
    }
    first = costs[0]
    return Result(
        title="How many daemons an evening takes, on paper (nothing was run)",
        columns=("NPCs", "step ms x width", "an hour each", "requests/s", "sequences", "daemons", *FOUND),
        rows=tuple(prediction.table(evening, npcs, costs)),
        ratios={},
        figures=figures,
        notes=(
            "Two numbers: in the mean of the evening; at its fullest, which is all that stands behind them. "
            f"A reply: {first.tokens:g} tokens, {first.hit_share:.0%} from the cache, "
            f"{first.cpu_s * 1000:g} ms of the daemon's core. "
            f"Limits: engine {prediction.UTILISATION_MAX:.0%}, core {prediction.CPU_UTILISATION_MAX:.0%}, "
            f"wait {prediction.WAIT_MAX_S:g} s at p95.",
        ),
    )


def of_scenes(evening: Evening, scenes: Scenes, ceiling: Ceiling, costs: Costs) -> Result:
    columns = [(npcs, setup, played) for npcs, list_ in scenes.items() for setup, played in list_]
    figures = {
        f"{npcs}_npcs {played.name} {key}": value
        for npcs, setup, played in columns
        for key, value in _figures(npcs, setup, played)
    }
    figures |= {
        "ceiling_requests_per_s": ceiling.ours_per_s,
        "echo_requests_per_s": ceiling.echo_per_s,
        "ceiling_hit_share": ceiling.hit_share,
        "answer_bytes": float(ceiling.answer_bytes),
    }
    ratios = {"requests_per_s_vs_echo": ceiling.ratio, **_prediction_ratios(evening, columns, costs)}
    return Result(
        title=f"Fleet: {evening.hours:g} hours of an evening in {columns[0][1].seconds:g} s (times: p50 p95 p99)",
        columns=("NPCs, scene", *(f"{npcs:,} {played.name}" for npcs, _, played in columns)),
        rows=tuple(_rows(columns)),
        ratios=ratios,
        figures=figures,
        notes=tuple(_notes(evening, columns, ceiling, ratios)),
        plot=lambda path: _plot(evening, columns, path),
    )


Column = tuple[int, Setup, Played]


def _rows(columns: Sequence[Column]) -> Iterator[tuple[str, ...]]:
    def row(name: str, cells: Sequence[str]) -> tuple[str, ...]:
        return (name, *cells)

    yield row("daemons, games", [f"{setup.daemons}, {setup.games}" for _, setup, _ in columns])
    yield row("asked; answered/s", [f"{p.account.asked:,}; {p.requests_per_s:.1f}" for _, _, p in columns])
    for priority in PRIORITIES:
        for what in ("first text", "whole reply"):
            if what == "whole reply" or priority == "spoken":  # others are not streamed
                cells = [" ".join(f"{_at(p, what, share, priority):.2f}" for share in SHARES) for _, _, p in columns]
                yield row(f"{priority}, {what}, s", cells)
    yield row("lost; answered twice", [f"{p.account.lost}; {p.account.answered_twice}" for _, _, p in columns])
    yield row("errors with a reason", [_errors(p) for _, _, p in columns])
    yield row("fallback lines", [f"{p.account.fallback_share:.2%}" for _, _, p in columns])
    yield row("from the cache", [f"{p.account.hit_share:.0%}" for _, _, p in columns])
    yield row("fairness (Jain)", [f"{p.account.fairness:.4f}" for _, _, p in columns])
    yield row("MB a daemon", [f"{max(p.usage.rss_bytes) / 1e6:.0f}" for _, _, p in columns])
    yield row("MB for 1,000 NPCs", [f"{_rss_per_1000(n, p) / 1e6:.0f}" for n, _, p in columns])
    yield row("cores: daemons; load", [_cores(p) for _, _, p in columns])


def _at(played: Played, what: str, share: float, priority: str) -> float:
    get = played.account.first_text_s if what == "first text" else played.account.whole_s
    return get(share, priority)


def _errors(played: Played) -> str:
    return ", ".join(f"{code} {count}" for code, count in played.account.errors.most_common()) or "0"


def _cores(played: Played) -> str:
    return f"{played.usage.cpu_s / played.span_s:.2f}; {played.usage.client_cpu_s / played.span_s:.2f}"


def _rss_per_1000(npcs: int, played: Played) -> float:
    return sum(played.usage.rss_bytes) * 1000 / npcs


def _figures(npcs: int, setup: Setup, played: Played) -> Iterator[tuple[str, float]]:
    account = played.account
    yield "daemons", setup.daemons
    yield "requests_per_s", played.requests_per_s
    yield "asked", account.asked
    yield "done", account.done
    yield "lost", account.lost
    yield "answered_twice", account.answered_twice
    yield "errors", account.errors.total()
    yield "fallback_share", account.fallback_share
    yield "hit_share", account.hit_share
    yield "fairness", account.fairness
    for priority in PRIORITIES:
        for share in SHARES:
            name = f"{priority}_{{}}_p{share * 100:.0f}_s"
            yield name.format("first_text"), account.first_text_s(share, priority)
            yield name.format("whole"), account.whole_s(share, priority)
    yield "rss_bytes_a_daemon", max(played.usage.rss_bytes)
    yield "rss_bytes_per_1000_npcs", _rss_per_1000(npcs, played)
    yield "cpu_cores", played.usage.cpu_s / played.span_s
    yield "cpu_s_per_request", played.usage.cpu_s / max(1, account.asked)
    yield "late_sending_p99_s", account.late_sending_s


def _prediction_ratios(evening: Evening, columns: Sequence[Column], costs: Costs) -> dict[str, float]:
    """What was foretold over what was found, of the plain scenes: sequences at work, in the mean of the evening."""
    ratios = {}
    for npcs, setup, played in columns:
        if played.name == "plain" and (found := played.account.busy_sequences(setup.seconds)):
            known = replace(costs, hit_share=played.account.hit_share, tokens=played.account.tokens)
            foretold = prediction.busy_sequences(prediction.usual_rate_per_s(evening, npcs), known)
            ratios[f"busy_foretold_vs_found_{npcs}"] = foretold / found
    return ratios


def _notes(evening: Evening, columns: Sequence[Column], ceiling: Ceiling, ratios: Mapping[str, float]) -> Iterator[str]:
    setup = columns[0][1]
    yield (
        f"The evening's clock ran {evening.hours * 3600 / setup.seconds:.0f} times as fast; questions came at their "
        f"real rates. An engine: {setup.width} sequences, {setup.step_ms:g} ms a step."
    )
    met = "met" if ceiling.ratio >= ECHO_GOAL else "MISSED"
    yield (
        f"At most {ceiling.ours_per_s:.0f} questions/s with an engine that takes no time ({ceiling.hit_share:.0%} from "
        f"the cache), a bare echo {ceiling.echo_per_s:.0f}: {ceiling.ratio:.3f} (goal >= {ECHO_GOAL}: {met})"
    )
    for npcs, _, played in columns:
        late_s = played.account.late_sending_s
        if late_s > LATE_MAX_S:
            yield (
                f"{npcs:,} NPCs, {played.name}: the load itself was {late_s:.2f} s late at p99: this machine is too "
                "small for load and daemons together, so times are too long"
            )
    for name, ratio in ratios.items():
        if name.startswith("busy"):
            yield f"{name}: {ratio:.2f} (the model is wrong beyond 0.85 to 1.15)"


def _plot(evening: Evening, columns: Sequence[Column], path: Path) -> None:
    draw(evening, [(f"{npcs:,} NPCs, {played.name}", setup.seconds, played) for npcs, setup, played in columns], path)
