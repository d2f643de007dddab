"""A reading while it is made: the think, its world, and the values and signs that the rules have found so far.

Router thread; made anew for each think. Holds what more than one rule needs, and decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from llm_agentd.prompt.meaning.known.relevance import Relevance
from llm_agentd.prompt.meaning.orders import imperatives
from llm_agentd.prompt.meaning.world import World
from llm_agentd.roles import Role
from llm_agentd.topics import UNCLEAR, Topic, Topics
from llm_agentd.types import Think


@dataclass(slots=True)
class Draft:
    """`recalled`: what memory has for this pair, the most important first. `earlier`: what the player said before,
    `said` what the NPC answered, which a bare question may be about. `words`: the value of each placeholder, as it is
    said; `params`: as the game has it."""

    topics: Topics
    relevance: Relevance
    think: Think
    role: Role
    world: World
    recalled: list[str]
    earlier: str = ""
    said: str = ""
    words: dict[str, str] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    signs: list[str] = field(default_factory=list)
    compared: str = ""  # the cheapest or the dearest thing, where that is asked for
    share: float = 0.0  # of the topic, by the classifier; 0 where plain words decided
    form: str = ""  # of the line, where no topic is sure enough
    reacts: bool = False  # the form is that of a reaction to the NPC's last words
    gesture: str = ""  # a kind that no topic names, where it is what is ordered

    @property
    def text(self) -> str:
        """The player's words."""
        return self.world.text

    @property
    def called(self) -> tuple[str, ...]:
        """Names of who is spoken to."""
        name = self.think.npc.name
        return tuple(dict.fromkeys([*self.think.audience, name, *name.split()[:1]]))

    @property
    def told(self) -> str:
        """The player's words, with each order in them as one that begins with its verb."""
        other = self.world.found.get("other")
        return imperatives.told(self.text, self.called, self.text[other.start : other.end] if other else "")

    @property
    def offered(self) -> set[str]:
        """Names of the actions on offer."""
        return {action.name for action in self.think.actions}

    def topic(self, name: str) -> Topic:
        topic = self.topics.get(name) or self.topics.get(UNCLEAR)
        assert topic is not None
        return topic
