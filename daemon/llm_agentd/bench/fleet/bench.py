"""Measures: plays the scenes, finds the ceiling, compares what was foretold. `--dry-run`: foretells, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from llm_agentd.bench.fleet import report
from llm_agentd.bench.fleet.ceiling import Ceiling, measure_ceiling
from llm_agentd.bench.fleet.evening import evening
from llm_agentd.bench.fleet.prediction import Costs, daemons_needed, fullest_rate_per_s
from llm_agentd.bench.fleet.scenes import SCENES, Played, Setup, play, scenes_here
from llm_agentd.bench.fleet.trace import games_of, questions
from llm_agentd.bench.result import Options, Result
from llm_agentd.config import Config
from llm_agentd.errors import StartError

NPCS = (1_000,)
NPCS_ON_PAPER = (50, 200, 1_000, 10_000)
DAEMONS_MIN = 2  # so that there is one that lives on when another is killed
CEILING_NPCS = 1_000
CEILING_SECONDS = 360  # of the trace, which is sent as fast as it is answered: 5,000 questions
# Of the stub's replies to the questions of an evening, and of a daemon on one core of an EPYC; `bench fleet` measures
# all of them and prints what it found beside what is foretold from these.
USUAL = Costs(hit_share=0.2, tokens=22, prompt_steps=2, step_s=0.02, width=32, cpu_s=0.004)
# Of a 360 M model on two cores, with eight sequences (docs/benchmarks.md); 64 new prompt tokens take four such steps.
SMALL_MACHINE = replace(USUAL, step_s=0.075, width=8, prompt_steps=4)


def measure(_config: Config, options: Options) -> Result:
    costs = replace(USUAL, step_s=options.step_ms / 1000, width=options.width)
    if options.dry_run:
        return report.on_paper(evening(), options.npcs or NPCS_ON_PAPER, (costs, SMALL_MACHINE))
    scenes = _chosen(options.only)
    played: dict[int, list[tuple[Setup, Played]]] = {}
    for npcs in options.npcs or NPCS:
        setup = _setup(npcs, options, costs)
        asked = questions(evening(), npcs, options.seconds)
        played[npcs] = [(setup, play(name, setup, asked)) for name in scenes]
    return report.of_scenes(evening(), played, _ceiling(options, costs), costs)


def _chosen(only: Sequence[str]) -> tuple[str, ...]:
    """Raises StartError for a scene that there is not."""
    unknown = sorted(set(only) - set(SCENES))
    if unknown:
        raise StartError(f"bench fleet: no scene {unknown[0]!r}; there are {', '.join(SCENES)}")
    return tuple(name for name in SCENES if name in only) if only else scenes_here()


def _setup(npcs: int, options: Options, costs: Costs) -> Setup:
    needed = max(DAEMONS_MIN, daemons_needed(fullest_rate_per_s(evening(), npcs), costs).daemons)
    games = games_of(evening(), npcs)
    return Setup(options.daemons or needed, games, options.step_ms, options.width, options.seconds)


def _ceiling(options: Options, costs: Costs) -> Ceiling:
    """Always of so many NPCs, so that the ratio means the same wherever it is measured."""
    npcs = min([*options.npcs, CEILING_NPCS])
    asked = questions(evening(), npcs, CEILING_SECONDS * min(1.0, options.seconds / 60))
    return measure_ceiling(asked, daemons=options.daemons or DAEMONS_MIN, width=costs.width)
