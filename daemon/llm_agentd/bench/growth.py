"""`bench growth`: what happens to the wait and to the requests answered as a village grows from one NPC to two hundred.

Each NPC is spoken to twice a minute, whether or not the last answer has come, as in a game. So the load grows with the
village until the engine is always busy: that is the knee. A fresh daemon for each number of NPCs.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from llm_agentd.bench.load.clients import Answer, DaemonClient, open_loop
from llm_agentd.bench.load.process_memory import PeakMemory
from llm_agentd.bench.load.trace import timed
from llm_agentd.bench.plots import pyplot
from llm_agentd.bench.reference.llama_server import CONTEXT_TOKENS
from llm_agentd.bench.result import Options, Result, percentile
from llm_agentd.config import Config
from llm_agentd.ops.harness import daemon, model_sets

COUNTS = (1, 5, 10, 25, 50, 100, 200)
EVERY_S = 30.0  # between two questions to one NPC, in the mean
KEPT_UP_SHARE = 0.9  # of the requests a second that come: who answers fewer falls behind
FEW = 12  # of one NPC half a minute brings one request: at least so many are asked, at its rate


@dataclass(frozen=True, slots=True)
class Village:
    """What one number of NPCs got, in seconds. `asked_s`: how long requests came; `wall_s`: until the last answer."""

    npcs: int
    answers: tuple[Answer, ...]
    asked_s: float
    wall_s: float
    rss_bytes: int

    @property
    def asked_per_s(self) -> float:
        return len(self.answers) / self.asked_s

    @property
    def answered_per_s(self) -> float:
        return sum(answer.ok for answer in self.answers) / max(self.wall_s, self.asked_s)

    @property
    def keeps_up(self) -> bool:
        return self.answered_per_s >= KEPT_UP_SHARE * self.asked_per_s

    def first_s(self, share: float, *, spoken: bool) -> float:
        values = [a.first_s for a in self.answers if a.ok and (a.request.priority == "spoken") >= spoken]
        return percentile(values, share) if values else float("nan")

    @property
    def reused_share(self) -> float:
        """Of the tokens of prompts that were not answered from the cache."""
        prompt, reused = (sum(a.tokens.get(key, 0) for a in self.answers) for key in ("prompt", "reused"))
        return reused / prompt if prompt else 0.0

    @property
    def repeated_share(self) -> float:
        """Of the requests: answered from the cache, or with another that was the same."""
        return sum(a.ok and not a.tokens for a in self.answers) / len(self.answers)


def measure(config: Config, options: Options) -> Result:
    villages = [_village(config, npcs, options.seconds) for npcs in options.npcs or COUNTS]
    best_per_s = max(village.answered_per_s for village in villages)
    knee = best_per_s * EVERY_S
    figures = {f"{village.npcs} {key}": value for village in villages for key, value in _figures(village).items()}
    return Result(
        title=f"Each of N NPCs spoken to every {EVERY_S:.0f} s",
        columns=("", *(str(village.npcs) for village in villages)),
        rows=tuple(_rows(villages)),
        ratios={},
        figures=figures | {"knee_npcs": knee, "answered_per_s_max": best_per_s},
        notes=(_why(villages, knee, best_per_s),),
        plot=lambda path: _plot(villages, path),
    )


def _village(config: Config, npcs: int, seconds: float) -> Village:
    rate = npcs / EVERY_S
    asked_s = max(seconds, FEW / rate)
    settings = model_sets(config) | {"model.context_tokens": CONTEXT_TOKENS, "batch.size": config.batch.size}
    with (
        daemon(settings, http=False) as running,
        contextlib.closing(DaemonClient(running.endpoint)) as client,
        PeakMemory(running.process.pid) as memory,
    ):
        answers, wall_s = open_loop(client, timed(rate, asked_s, npcs=npcs))
    return Village(npcs, tuple(answers), asked_s, wall_s, memory.bytes)


def _why(villages: Sequence[Village], knee: float, best_per_s: float) -> str:
    """One that keeps up at every size has no knee here."""
    if all(village.keeps_up for village in villages):
        return f"no knee up to {villages[-1].npcs} NPCs: every request was answered as fast as they came"
    return (
        f"the knee is near {knee:.0f} NPCs: at most {best_per_s:.2f} requests/s can be answered, and so many come from "
        f"{knee:.0f} NPCs; beyond it the engine is always full, and what is not spoken waits for its turn"
    )


def _rows(villages: Sequence[Village]) -> list[tuple[str, ...]]:
    def waits(*, spoken: bool) -> list[str]:
        return [f"{v.first_s(0.5, spoken=spoken):.2f} / {v.first_s(0.95, spoken=spoken):.2f}" for v in villages]

    return [
        ("requests/s that came", *(f"{village.asked_per_s:.2f}" for village in villages)),
        ("requests/s answered", *(f"{village.answered_per_s:.2f}" for village in villages)),
        ("first text, s: p50 / p95", *waits(spoken=False)),
        ("first text spoken, s: p50 / p95", *waits(spoken=True)),
        ("answered with no computing", *(f"{village.repeated_share:.0%}" for village in villages)),
        ("of other prompts reused", *(f"{village.reused_share:.0%}" for village in villages)),
        ("failed", *(str(sum(not answer.ok for answer in village.answers)) for village in villages)),
        ("resident, MB", *(f"{village.rss_bytes / 1e6:,.0f}" for village in villages)),
    ]


def _figures(village: Village) -> dict[str, float]:
    return {
        "asked_per_s": village.asked_per_s,
        "answered_per_s": village.answered_per_s,
        "first_text_p50_s": village.first_s(0.5, spoken=False),
        "first_text_p95_s": village.first_s(0.95, spoken=False),
        "spoken_first_text_p50_s": village.first_s(0.5, spoken=True),
        "spoken_first_text_p95_s": village.first_s(0.95, spoken=True),
        "rss_bytes": village.rss_bytes,
    }


def _plot(villages: Sequence[Village], path: Path) -> None:
    npcs = [village.npcs for village in villages]
    figure, (waits, served) = pyplot().subplots(1, 2, figsize=(11, 4))
    for spoken, name in ((True, "spoken"), (False, "all")):
        for share, style in ((0.5, "-"), (0.95, "--")):
            values = [village.first_s(share, spoken=spoken) for village in villages]
            color = "#c44e52" if spoken else "#4c72b0"
            waits.plot(npcs, values, style, marker="o", color=color, label=f"{name}, p{share * 100:.0f}")
    waits.set(title="first text", ylabel="seconds", yscale="log")
    served.plot(npcs, [village.asked_per_s for village in villages], "--", color="grey", label="came")
    served.plot(npcs, [village.answered_per_s for village in villages], marker="o", label="answered")
    served.set(title="requests a second", ylim=(0, None))
    for axes in (waits, served):
        axes.set(xlabel="NPCs, each spoken to twice a minute", xscale="log", xticks=npcs, xticklabels=map(str, npcs))
        axes.minorticks_off()
        axes.legend()
        axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=120)
