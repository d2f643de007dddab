"""The prompt of a model that is told what is meant: topic, who and when, which placeholders have a value.

    way
    guard tired evening
    ⟦speaker⟧⟦target⟧⟦way⟧
    said: …                 (what the NPC said before, for a question such as "why?")
    do: follow stay         (actions that may come with the reply, which then is JSON)

Short, and free of everything that the topic's replies do not depend on, so that most questions have been answered
before. The corpus is rendered by this file too, so training and serving cannot drift apart. Pure.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from llm_agentd.prompt.placeholders import CHARS
from llm_agentd.types import Message, PromptPart

ANY_ROLE = "somebody"  # a role that the corpus has no lines for
ALWAYS = frozenset({"npc", "title", "trade", "goodday"})  # always have a value, so the prompt need not say so
SAID_MAX_CHARS = 200


@dataclass(frozen=True, slots=True)
class Moment:
    """`words`: time, weather, signs. `slots`: names of the placeholders that have a value."""

    topic: str
    role: str = ANY_ROLE
    mood: str = ""
    words: tuple[str, ...] = ()
    slots: Collection[str] = ()
    said: str = ""
    actions: tuple[str, ...] = ()


def parts(prompt: str) -> tuple[PromptPart, ...]:
    """Of a prompt that `messages` made, for those who ask what a model sees."""
    names = ("topic", "npc", "placeholders")
    lines = prompt.split("\n")
    named = [
        *zip(names, lines, strict=False),
        *(("turns" if "said: " in line else "actions", line) for line in lines[3:]),
    ]
    return tuple(PromptPart(name, 0, line) for name, line in named if line)


def messages(moment: Moment) -> tuple[Message, ...]:
    return (Message("user", content(moment)),)


def content(moment: Moment) -> str:
    who = " ".join(filter(None, (moment.role, moment.mood, *moment.words)))
    slots = "".join(CHARS[name] for name in CHARS if name in moment.slots and name not in ALWAYS)
    lines = [moment.topic, who, slots]
    if moment.said:
        lines.append(f"said: {moment.said[:SAID_MAX_CHARS]}")
    if moment.actions:
        lines.append(f"do: {' '.join(moment.actions)}")
    return "\n".join(lines)
