"""What the game tells with a `Think`, as one reading looks at it: people, goods, places, and what the words name.

Router thread; made anew for each think. Knows the facts that the mod sends (FACTS); all others are sentences that may
answer a question. Knows no topics and no placeholders.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from llm_agentd.prompt.meaning.articles import as_many, is_name, the, with_article
from llm_agentd.prompt.messages import fact_value
from llm_agentd.topics import mentions
from llm_agentd.types import Think
from llm_agentd.util import sanitize

# Facts that have placeholders of their own; all others are sentences that may answer a question.
FACTS = frozenset(
    [
        "time",
        "weather",
        "light",
        "place",
        "mood",
        "near",
        "sees",
        "held",
        "health",
        "memory",
        "stock",
        "price",
        "need",
        "reward",
        "enemy",
        "allies",
        "orders",
        "way",
        "intent",
    ]
)
# What the classifier reads in the place of names that it cannot know; the corpus has lines with these words.
SAID_FOR = {"item": "thing", "target": "mill", "other": "somebody", "foe": "monster"}
WEATHER_WORDS = {
    "rain": "it is raining",
    "snow": "it is snowing",
    "fog": "there is fog everywhere",
    "storm": "there is a storm",
    "wind": "the wind is strong today",
    "clear": "the sky is clear",
}
IS_THERE = " is over there"  # how who is near is told
HERE = "right here"  # a way that is none: who speaks stands there
HURT = ("low", "badly", "dying")  # who is only hurt fights on
HURT_SHARE = 0.35
UNBOUNDED = 10**6  # as a count: more than anybody has
_JOINED = re.compile(r"^(?:(?:and|und|et|y|и)\b|[\s,:;&])+", re.IGNORECASE)  # left of `Hanna and Viktor: …`
_TITLED = re.compile(r"^(.+?) ((?:the|a|an) .+)$")


class World:
    """One think's surroundings. `text`: the player's words; `found`: names of the game in them, by kind.
    `common_words`: of players' lines, which are no names."""

    def __init__(self, think: Think, common_words: frozenset[str] = frozenset()) -> None:
        self.think, self.facts, self._common_words = think, think.context, common_words
        self.text = sanitize.utterance(think.utterance or "")
        self.people = people_of(think)
        self.stock = counts_of(self.facts.get("stock"))
        self.prices = prices_of(self.facts.get("price"), self.stock)
        self.need = counts_of(self.facts.get("need"))
        for item in self.enum("item", "offer_trade"):
            self.stock.setdefault(item, 0)
        fair = self._price_on_offer()
        if fair and not self.prices:
            self.prices = dict.fromkeys(self.stock, fair)
        self.ways = self.facts["way"] if isinstance(self.facts.get("way"), Mapping) else {}
        self.found = self._mentions()

    def _mentions(self) -> dict[str, mentions.Mention]:
        self._names: dict[str, list[str]] = {
            "item": [
                *self.stock,
                *filter(None, self.prices),
                *self.need,
                *self.enum("item"),
                *texts_of(self.facts.get("held")),
            ],
            "target": [*self.ways, *self.enum("place"), *texts_of(self.facts.get("place"))],
            "other": [name for name in self._everybody() if name not in (self.think.player, self.think.npc.name)],
            "foe": [*texts_of(self.facts.get("enemy")), *self.enum("target", "attack")],
        }
        meant = {kind: self._meant(listed_names) for kind, listed_names in self._names.items() if listed_names}
        found = {kind: mention for kind, mention in meant.items() if mention}
        return {kind: mention for kind, mention in found.items() if not _is_part(mention, found.values())}

    def _meant(self, names: Sequence[str], at: int = 0) -> mentions.Mention | None:
        """The best of the names in the text from `at` on, but whom else it is said to: in `Ann and Hugo, attack Rolf!`
        Ann is not meant to think of Hugo."""
        found = self.mention(self.text[at:], [name for name in names if name not in self.think.audience])
        return replace(found, start=found.start + at, end=found.end + at) if found and at else found

    def mean_behind(self, kind: str, at: int) -> None:
        """Takes the thing or place that is named behind `at`, where one is: `ropes are dear, I'll have a shovel`."""
        behind = self._meant(self._names[kind], at)
        if behind:
            self.found[kind] = behind

    def mention(self, text: str, names: Iterable[str]) -> mentions.Mention | None:
        """The best of the names in a text."""
        return mentions.find(text, names, self._common_words)

    def _everybody(self) -> list[str]:
        """Who stands near, and whom an action can be about."""
        named = [*self.enum("target", "follow"), *self.enum("target", "guard"), *self.enum("place", "go_to")]
        return [*(name for name, _ in self.people), *(name for name in named if is_name(name))]

    def enum(self, parameter: str, action: str = "") -> list[str]:
        """Values that some action on offer allows for a parameter."""
        found: list[str] = []
        for offered in self.think.actions:
            schema = (offered.params.get("properties") or {}).get(parameter) or {}
            values = schema.get("enum") if isinstance(schema, Mapping) else None
            if isinstance(values, list) and action in ("", offered.name):
                found += [value for value in values if isinstance(value, str)]
        return found

    def most(self, parameter: str, actions: Collection[str]) -> int:
        """The greatest number that one of the actions allows for a parameter, where it is on offer and says so."""
        bounds = [
            (offered.params.get("properties") or {}).get(parameter) or {}
            for offered in self.think.actions
            if offered.name in actions
        ]
        return max((bound.get("maximum", UNBOUNDED) for bound in bounds), default=UNBOUNDED)

    def _price_on_offer(self) -> int:
        """What may be asked where the game did not say the price: the middle of the bounds."""
        for action in self.think.actions:
            bounds = (action.params.get("properties") or {}).get("price")
            if action.name == "offer_trade" and isinstance(bounds, Mapping):
                low, high = bounds.get("minimum", 1), bounds.get("maximum", 1)
                return int(low + high + 1) // 2
        return 0

    def masked(self) -> str:
        """The text with the game's own names replaced by common words, and without the names of those who talk."""
        text = self.text
        cuts = sorted(((m.start, m.end, SAID_FOR[kind]) for kind, m in self.found.items()), reverse=True)
        last = len(text) + 1
        for start, end, word in cuts:
            if end <= last:
                text, last = text[:start] + word + text[end:], start
        return self._without_calls(text) or self.text

    def asked(self) -> str:
        """The text without the names of those who talk: who is called is not what is asked about."""
        return self._without_calls(self.text) or self.text

    def _without_calls(self, text: str) -> str:
        npc = self.think.npc.name
        first = npc.split()[0] if npc.split() else ""
        called = [npc, self.think.player or "", *self.think.audience]
        if len(first) > 2 and first.lower() not in ("the", "old"):
            called.append(first)
        for name in called:
            if len(name) > 1:
                text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)[,:]?", " ", text, flags=re.IGNORECASE)
        text = " ".join(text.split())
        return _JOINED.sub("", text) if self.think.audience else text

    def seen(self) -> list[str]:
        """What the game tells of this moment, as the NPC would say it."""
        facts = self.facts
        said = [f"{name} {title}{IS_THERE}" for name, title in self.people if title and name != self.think.player]
        place = fact_value(facts.get("place"))
        said += [f"this place is called {place}"] if place else []
        said += [f"there is {thing} over there" for thing in texts_of(facts.get("sees"))]
        said += [f"I have {count} {as_many(count, item)} left" for item, count in self.stock.items() if count]
        said += [f"{with_article(item)} costs {price} coins" for item, price in self.prices.items() if item]
        said += [f"I need {count} {as_many(count, item)}" for item, count in self.need.items() if count]
        if self.need and isinstance(facts.get("reward"), (int, float)):
            said.append(f"I pay {int(facts['reward'])} coins for it")
        ways = {goal: words for goal, way in self.ways.items() if not (words := fact_value(way)).startswith(HERE)}
        said += [f"the way to {the(goal)} is {way}" for goal, way in ways.items()]
        weather = WEATHER_WORDS.get(fact_value(facts.get("weather")))
        said += filter(None, (weather, "it is dark here" if facts.get("light") == "dark" else ""))
        said += [f"{the(enemy)} attacks us" for enemy in texts_of(facts.get("enemy"))]
        if isinstance(facts.get("health"), str) and "hurt" in facts["health"]:
            said.append(f"I am {facts['health']}")
        return said

    def own_facts(self) -> list[tuple[str, Any]]:
        """What a mod told that has no placeholder of its own."""
        return [
            (key, value)
            for key, value in self.facts.items()
            if key not in FACTS and value not in (None, "", False, [], {})
        ]

    def has_pain(self) -> bool:
        health = self.facts.get("health")
        return is_hurt(health) or "hurt" in str(health or "")

    def speaker_is_npc(self) -> bool:
        return any(name == self.think.player and title for name, title in self.people)


def _is_part(mention: mentions.Mention, others: Collection[mentions.Mention]) -> bool:
    """Whether the words are the whole name of something else: `rolf` is Rolf, and no `delivery to Rolf`."""
    return mention.score <= mentions.LAST_WORD and any(
        other.score > mentions.LAST_WORD and (other.start, other.end) == (mention.start, mention.end)
        for other in others
    )


def people_of(think: Think) -> list[tuple[str, str]]:
    """Who is near: (name, what they are), as `Bram the smith`; players have no title."""
    found = []
    for entry in texts_of(think.context.get("near")):
        parts = _TITLED.match(entry)
        found.append((parts.group(1), parts.group(2)) if parts else (entry, ""))
    return found


def texts_of(value: Any) -> list[str]:
    """A fact that is one text or a list of them."""
    if isinstance(value, str):
        return [value] if value.strip() else []
    if isinstance(value, (list, tuple)):
        return [text for entry in value if (text := fact_value(entry))]
    return []


def counts_of(value: Any) -> dict[str, int]:
    """`{"apple": 12}` or names alone, whose count nobody said."""
    if isinstance(value, Mapping):
        return {str(name): int(count) for name, count in value.items() if isinstance(count, (int, float))}
    return dict.fromkeys(texts_of(value), 0)


def prices_of(value: Any, stock: Mapping[str, int]) -> dict[str, int]:
    if isinstance(value, Mapping):
        return {str(name): int(price) for name, price in value.items() if isinstance(price, (int, float))}
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return dict.fromkeys(stock, int(value)) or {"": int(value)}
    return {}


def is_hurt(health: Any) -> bool:
    if isinstance(health, (int, float)) and not isinstance(health, bool):
        return health <= 20 * HURT_SHARE
    parts = re.match(r"(\d+) of (\d+)", str(health or ""))
    if parts:
        return int(parts.group(1)) <= int(parts.group(2)) * HURT_SHARE
    return any(word in str(health or "") for word in HURT)


def is_spoken(part: str, spoken: set[str]) -> bool:
    return part in spoken or any(
        word.startswith(part) and len(word) - len(part) <= 3 for word in spoken if len(part) > 2
    )


def titled(words: str) -> str:
    return " ".join(word[:1].upper() + word[1:] for word in words.split())
