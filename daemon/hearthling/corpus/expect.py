"""What a right reply to a situation must have: for the checker, and never drawn from the gold reply itself. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hearthling.corpus import patterns
from hearthling.corpus.situation import Situation
from hearthling.data import load
from llm_agentd.types import Action, Message

PLACEHOLDERS = load().placeholders


@dataclass(frozen=True)
class Expect:
    """The demands on a reply."""

    topic: str
    scene: str  # whose replies are right
    role: str
    mood: str | None
    facts: Mapping[str, str]  # time and weather, for the conditions of patterns
    prompt: str  # all message texts, for "appears in the prompt"
    names: tuple[str, ...] = ()  # must be in the reply
    foreign_names: tuple[str, ...] = ()  # in the prompt, but out of place in this reply
    items: tuple[str, ...] = ()  # must be in the reply, one or many
    numbers: tuple[int, ...] = ()
    number_range: tuple[int, int] | None = None  # one number of the reply must lie in it
    phrases: tuple[str, ...] = ()
    values: tuple[str, ...] = ()  # every placeholder's value that a right reply may carry
    json: bool = False
    offered: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # action → its parameters
    decision: Mapping[str, Any] | None = None  # the right action; `side` may be any of `sides`
    sides: tuple[str, ...] = ("left", "right")


def expect_of(s: Situation, messages: Sequence[Message], actions: Sequence[Action]) -> Expect:
    """The demands on a reply to `messages`, with `actions` on offer."""
    needed, used = patterns.NEEDED[s.reply_scene], patterns.USED[s.reply_scene]
    slots = s.slots if s.speaker else {key: value for key, value in s.slots.items() if key != "speaker"}

    def due(group: Mapping[str, str]) -> list[str]:
        return [key for key in sorted(needed & group.keys()) if key in slots]

    allowed = " ".join(slots[key] for key in used if key in slots)
    foreign = [name for name in (s.npc, *(name for name, _ in s.near)) if name not in allowed]
    items = [slots["item" if key == "wanted" else key] for key in due(PLACEHOLDERS.item)]
    return Expect(
        topic=s.topic,
        scene=s.reply_scene,
        role=s.role,
        mood=s.mood,
        facts=time_and_weather(s),
        prompt="\n".join(message.content for message in messages),
        names=tuple(slots[key] for key in due(PLACEHOLDERS.name)),
        foreign_names=tuple(foreign),
        items=tuple(dict.fromkeys(items)),
        numbers=tuple(int(slots[key]) for key in due(PLACEHOLDERS.number) if key != "counter"),
        number_range=(int(s.slots["offer"]) + 1, int(s.slots["price"])) if "counter" in needed else None,
        phrases=tuple(slots[key] for key in due(PLACEHOLDERS.phrase)),
        values=tuple(slots[key] for key in sorted(slots)),
        json=s.decision is not None,
        offered={action.name: tuple(action.params["properties"]) for action in actions},
        decision=s.decision,
        sides=s.sides,
    )


def time_and_weather(s: Situation) -> dict[str, str]:
    """Those of the two that are known."""
    return {key: s.facts[key] for key in ("time", "weather") if key in s.facts}
