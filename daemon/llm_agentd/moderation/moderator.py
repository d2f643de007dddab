"""Moderation: what players say to NPCs and what the model answers, checked against the word list before it goes on.

The router thread asks `check_asked` for each question, the engine thread `offence` for what is about to be shown;
both are pure look-ups of some microseconds. What is held back is answered by `Filtered` with a line in its place, and
goes into the audit log. Names and personas of NPCs, which admins write, are not looked at. Knows no sockets or engines.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, TypeAlias

from llm_agentd.errors import Filtered
from llm_agentd.moderation.safe_lines import deflection, refusal
from llm_agentd.moderation.word_list import Age, Finding, WordList
from llm_agentd.types import ModerationContext, Think

Direction: TypeAlias = Literal["in", "out"]
RULES_VERSION = 1  # counts up where the lists change, so that no reply of older rules is served from the cache
TAIL_CHARS = 80  # of a growing reply: longer than any phrase of the lists
TEXT_LOGGED_CHARS = 2000  # as long as anything said at once


class Log(Protocol):
    def write(self, entry: dict[str, Any]) -> None: ...


class Settings(Protocol):
    """The configuration's section `agents`, as far as moderation needs it."""

    @property
    def moderation(self) -> Literal["on", "off", "strict"]: ...

    @property
    def age(self) -> Age: ...

    @property
    def block_words(self) -> tuple[str, ...]: ...

    @property
    def allow_words(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """`category`: a kind of the word list, or of the classifier. `match`: the part that counts ("" = the whole)."""

    allowed: bool
    category: str = ""
    match: str = ""


class Moderator:
    """`age`, `strict` and an admin's own words as configured; `audit` is told what was held back."""

    def __init__(
        self,
        audit: Log | None,
        age: Age = "teen",
        *,
        strict: bool = False,
        blocked: tuple[str, ...] = (),
        allowed: tuple[str, ...] = (),
    ) -> None:
        self._audit = audit
        self._words = WordList(age, strict=strict, blocked=blocked, allowed=allowed)
        self.tag = f"{RULES_VERSION} {age} {strict} {sorted(blocked)} {sorted(allowed)}"  # a part of cache keys

    def verdict(self, text: str) -> Verdict:
        """What the word list says, in either direction."""
        hit = self._words.find(text)
        return Verdict(True) if hit is None else Verdict(False, hit.kind, hit.match)

    # -- what players say ------------------------------------------------------------------------

    def check_asked(self, think: Think, talk: ModerationContext) -> Think:
        """`think` without earlier lines that are not fit; raises Filtered where the words just said are not."""
        if think.utterance and (hit := self._words.find(think.utterance)):
            raise self.hold_back("in", talk, think.utterance, Verdict(False, hit.kind, hit.match))
        if any(self._words.find(turn.text) for turn in think.history):
            return replace(think, history=tuple(turn for turn in think.history if not self._words.find(turn.text)))
        return think

    # -- what the model says ---------------------------------------------------------------------

    def offence_in_part(self, shown: str) -> Verdict | None:
        """Of a reply that still grows: `shown` ends at a word's end. None: it may be shown."""
        tail = shown[-TAIL_CHARS:]
        if len(tail) < len(shown):
            tail = tail.partition(" ")[2] or tail
        return self._of(self._words.find(tail))

    def offence(self, text: str, action: dict[str, Any] | None) -> Verdict | None:
        """Of a whole reply, with the words that an action brings."""
        for words in (text, *_strings((action or {}).get("params"))):
            if hit := self._words.find(words):
                return self._of(hit)
        return None

    def hold_back(self, direction: Direction, talk: ModerationContext, text: str, verdict: Verdict) -> Filtered:
        """The answer in the place of `text`; the log is told."""
        line = (refusal if direction == "in" else deflection)(talk.language, f"{talk.npc_id} {text}")
        entry = {
            "direction": direction,
            "player": talk.player,
            "npc": talk.npc,
            "category": verdict.category,
            "match": verdict.match,
            "text": text[:TEXT_LOGGED_CHARS],
            "taken": "not sent to the model" if direction == "in" else "replaced",
        }
        if self._audit:
            self._audit.write(entry)
        whose = "the player's words were" if direction == "in" else "the reply was"
        return Filtered(
            f"{whose} held back by moderation ({verdict.category}); agents.moderation and agents.age say what passes",
            text=line,
            by="player" if direction == "in" else "model",
        )

    @staticmethod
    def _of(hit: Finding | None) -> Verdict | None:
        return None if hit is None else Verdict(False, hit.kind, hit.match)


def build(agents: Settings, audit: Log | None) -> Moderator | None:
    """As configured; None where moderation is off. `audit` None keeps no log."""
    if agents.moderation == "off":
        return None
    return Moderator(
        audit,
        agents.age,
        strict=agents.moderation == "strict",
        blocked=agents.block_words,
        allowed=agents.allow_words,
    )


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
