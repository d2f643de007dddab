"""What a checker must know of a sample, and what it finds. Plain data; imports nothing of the corpus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Expect:
    """The demands on a reply, drawn from the situation and never from the gold words themselves."""

    topic: str
    scene: str  # which scene of the bank answers rightly
    role: str
    mood: str | None
    facts: Mapping[str, str]  # time and weather, for the marks of patterns
    prompt: str  # all message texts, for "appears in the prompt"
    names: tuple[str, ...] = ()  # must be in the reply
    foreign_names: tuple[str, ...] = ()  # in the prompt, but out of place in this reply
    items: tuple[str, ...] = ()  # must be in the reply, one or many
    numbers: tuple[int, ...] = ()
    number_range: tuple[int, int] | None = None  # one number of the reply must lie in it
    phrases: tuple[str, ...] = ()
    values: tuple[str, ...] = ()  # every slot value a right reply may carry
    json: bool = False
    listed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # action → its parameters
    do: Mapping[str, Any] | None = None  # the right action; `side` may be any of `sides`
    sides: tuple[str, ...] = ("left", "right")


@dataclass(frozen=True)
class Verdict:
    """`None` where the measure does not apply."""

    fits: bool
    names_ok: bool | None
    items_ok: bool | None
    numbers_ok: bool | None
    finished: bool
