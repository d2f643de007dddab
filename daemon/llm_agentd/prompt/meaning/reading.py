"""What a `Think` means for a model that is told topics. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from llm_agentd.topics import Topic
from llm_agentd.types import Action, Slots


@dataclass(frozen=True, slots=True)
class Reading:
    """`said`: the player's words with the names that the game knows replaced, as the classifier reads them."""

    topic: Topic
    slots: Slots
    signs: tuple[str, ...]
    actions: tuple[Action, ...]
    said: str = ""
    lines: tuple[str, ...] = ()  # that the model is held to, with placeholders; none: it is free
    deeds: tuple[Mapping[str, str], ...] = ()  # what the actions' parameters may be
    named: frozenset[str] = frozenset()  # placeholders of what the player's words name
    unheld: str = ""  # the topic that owns not to know, where something definite is asked for that nobody told
    share: float = 0.0  # of the topic, by the classifier; 1 where a sentence of the NPC's own answers
    takes_up: bool = False  # the question means nothing without the NPC's last words: its parts are not read alone
    also: Reading | None = None  # of a second question, which is answered behind the first
