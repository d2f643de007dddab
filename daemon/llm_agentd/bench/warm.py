"""`bench warm`: the first text of a spoken line, with its prompt's beginning computed beforehand, and without.

A player speaks with NPCs in turn, several lines each, as long as a player takes to type a line between them. Of every
second NPC the daemon is told before each line, as the game does (the op `warm`), of the others it is not. No two have
the same persona: of equal prompts the daemon would compute the second one no more.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field
from typing import Any

from llm_agentd.bench.load.trace import HABITS, HOBBIES, MANNERS, NAMES, UTTERANCES
from llm_agentd.bench.result import Options, Result
from llm_agentd.client import Client
from llm_agentd.client.records import ThinkOptions
from llm_agentd.config import Config
from llm_agentd.ops.harness import daemon, model_sets

CONTEXT_TOKENS = 2048
TYPING_S = 2.0  # what a player takes to type a line, at the least; the daemon has nothing else to do meanwhile
PERSONAS = 4
LINES = 3  # to each NPC; from the second on, what was said is a part of the prompt
DEADLINE_MS = 60_000
ARMS = ("warmed", "cold")
ACTIONS = ("emote", "follow", "stay", "go_to", "give_item", "offer_trade", "offer_quest")


@dataclass(slots=True)
class Arm:
    """Seconds to the first text, first lines and later ones; tokens of prompts that were computed while it waited."""

    first_s: list[float] = field(default_factory=list)
    later_s: list[float] = field(default_factory=list)
    computed: list[int] = field(default_factory=list)

    @property
    def all_s(self) -> list[float]:
        return self.first_s + self.later_s


def measure(config: Config, options: Options) -> Result:
    arms = {name: Arm() for name in ARMS}
    sets = model_sets(config) | {"model.context_tokens": CONTEXT_TOKENS, "cache.enabled": False}
    with daemon(sets, http=False) as running, Client(running.endpoint) as client:
        pays = True
        for round_number in range(options.rounds):
            for persona in range(PERSONAS):
                for line in range(LINES):
                    for at, name in enumerate(ARMS if round_number % 2 else reversed(ARMS)):
                        npc = _npc(name, 2 * (round_number * PERSONAS + persona) + at)
                        if name == "warmed":
                            pays = client.warm(npc, **_occasion()) and pays
                        time.sleep(TYPING_S)
                        _speak(
                            client, npc, UTTERANCES[(persona + line) % len(UTTERANCES)], arms[name], is_first=not line
                        )
    return _result(arms, pays=pays)


def _npc(arm: str, number: int) -> dict[str, Any]:
    """Another persona for each number."""
    habits = " ".join(HABITS[(number * 5 + at) % len(HABITS)].format(role="smith") for at in range(5))
    manner, hobby = MANNERS[number % len(MANNERS)], HOBBIES[number % len(HOBBIES)]
    return {
        "id": f"{arm}-{number}",
        "name": NAMES[number % len(NAMES)],
        "role": "smith",
        "persona": f"A {manner} smith, who {hobby}. {habits}",
    }


def _occasion() -> ThinkOptions:
    actions = [{"name": name, "params": {"type": "object", "properties": {}}} for name in ACTIONS]
    context = {"time": "evening", "weather": "rain", "place": "Oakford", "near": ["Robin"]}
    return {
        "player": "Robin",
        "actions": actions,
        "context": context,
        "deadline_ms": DEADLINE_MS,
        "max_tokens": 32,
        "seed": 1,
    }


def _speak(client: Client, npc: dict[str, Any], words: str, arm: Arm, *, is_first: bool) -> None:
    began_s = time.perf_counter()
    first_s = None
    with client.stream(npc=npc, utterance=words, **_occasion()) as stream:
        for _ in stream:
            first_s = first_s or time.perf_counter() - began_s
    took_s = first_s or time.perf_counter() - began_s
    (arm.first_s if is_first else arm.later_s).append(took_s)
    usage = stream.reply.usage
    arm.computed.append(usage.prompt_tokens - usage.reused_tokens)


def _result(arms: dict[str, Arm], *, pays: bool) -> Result:
    def median_ms(seconds: list[float]) -> float:
        return statistics.median(seconds) * 1000

    figures: dict[str, float] = {}
    for name, arm in arms.items():
        figures |= {
            f"{name}_first_line_ms": median_ms(arm.first_s),
            f"{name}_later_lines_ms": median_ms(arm.later_s),
            f"{name}_ms": median_ms(arm.all_s),
            f"{name}_computed_tokens": statistics.median(arm.computed),
        }
    ratios = {
        "first_text": figures["warmed_ms"] / figures["cold_ms"],
        "first_text_of_first_line": figures["warmed_first_line_ms"] / figures["cold_first_line_ms"],
        "first_text_of_later_lines": figures["warmed_later_lines_ms"] / figures["cold_later_lines_ms"],
    }
    columns = ("first_line_ms", "later_lines_ms", "ms")
    lines = len(arms["warmed"].all_s)
    notes = [f"medians of {lines} lines each, {TYPING_S:.0f} s before each; ratio {ratios['first_text']:.2f}"]
    if not pays:
        notes.append("this model is told topics, or is elsewhere: its prompts are not computed beforehand")
    return Result(
        title="First text of a spoken line, milliseconds",
        columns=("", "first line", "later lines", "all", "tokens computed"),
        rows=tuple(
            (
                name,
                *(f"{figures[f'{name}_{column}']:.0f}" for column in columns),
                f"{figures[f'{name}_computed_tokens']:.0f}",
            )
            for name in ARMS
        ),
        ratios=ratios,
        figures=figures,
        notes=tuple(notes),
    )
