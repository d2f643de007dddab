"""What a `Think` means for a model that is told topics: which topic, the values of placeholders, what may be done.

The rules here are what such a model need not learn: whose price is meant, which of the places, what the player is
called, which sentence of persona, knowledge or memory answers. Router thread. Reads facts as the mod sends them
(FACTS below); what it does not know of is a sentence that may answer a question. Knows nothing of tokens, engines and
caches.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from llm_agentd.memory.keywords import words_of
from llm_agentd.prompt import orders
from llm_agentd.prompt.actions import is_allowed
from llm_agentd.prompt.articles import is_name, listed, plural, the, with_article
from llm_agentd.prompt.messages import fact_value
from llm_agentd.prompt.moment import Moment
from llm_agentd.prompt.placeholders import fill, missing
from llm_agentd.prompt.relevance import Relevance
from llm_agentd.roles import Role
from llm_agentd.topics import UNCLEAR, Topic, Topics, mentions
from llm_agentd.types import Action, Slots, Think
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
GOODS_SHOWN = 4
ON_APPROACH, ALONE, TALK_AMONG = "approach", "mutter", "banter"
BY_INTENT = {"tactics": "tactics", "quest": "offer_quest"}
IN_FIGHT = frozenset(["attack", "flee", "guard", "fight", "follow", "stay", "go", "help_heal"])
TRADE_TALK = frozenset(["price", "buy", "sell", "haggle", "take", "agree_deal"])
OFFERS = re.compile(
    r"\b(?:take|accept|give (?:you|u)|offer|pay|how about|what about|make it|say|only|coins?|for (?:it|the|that))\b",
    re.I,
)
SELLS = re.compile(
    r"\b(?:sell(?:ing)? (?:you|u|this|my|these|some|a|an)|want to sell|buy (?:this|my|these)|i (?:have|got)|here is)\b",
    re.I,
)
CHEAPEST = re.compile(r"\bcheap(?:er|est)\b", re.I)
COUNTED = re.compile(r"(\w+)\s+(?:(?:of|more|your|those|these|the|fresh|good|big|small)\s+){0,2}$", re.I)
ASKS_PRICE = re.compile(r"\b(?:how much|cost|costs|price|worth|how many coins)\b", re.I)
FOLLOW_UP = "then_"
# Topics whose answer is a placeholder of its own, which no sentence may push aside: always, or where it has a value.
_BY_RULE = "time weather near held price buy stock haggle quest quest_done health"
ANSWERED_BY_RULE = frozenset(_BY_RULE.split())
RULE_SLOTS = {"way": "way", "who_is": "other_title", "here": "place", "where_other": "other_title"}
WANTED_MAX_WORDS = 4
BARE_MAX_WORDS = 7  # of a bare follow-up: a longer question says what it is about
CHORE, LEFT_UNDONE = "chore", "left_undone"
ACT = "act"  # how the model is told of an action that another mod made
LINES_MAX = 12  # to choose among: each costs the grammar some time with every token
BUCKETS = 4  # the same words are answered by the same few lines, others by others: a model has its favourites
RECALL, KNOW = "ask_memory", "ask_fact"
WEATHER_WORDS = {
    "rain": "it is raining",
    "snow": "it is snowing",
    "fog": "there is fog everywhere",
    "storm": "there is a storm",
    "wind": "the wind is strong today",
    "clear": "the sky is clear",
}
HURT = ("low", "badly", "dying")  # who is only hurt fights on
HURT_SHARE = 0.35
BEAT_ME, BEAT_IT = re.compile(r"^(.+?) beat (?:me|us)\b", re.I), re.compile(r"^(?:I|we) beat (.+?)[.!]?$", re.I)
_TITLED = re.compile(r"^(.+?) ((?:the|a|an) .+)$")


@dataclass(frozen=True, slots=True)
class Reading:
    """`said`: the player's words with the names that the game knows replaced, as the classifier reads them."""

    topic: Topic
    slots: Slots
    signs: tuple[str, ...]
    actions: tuple[Action, ...]
    said: str = ""
    lines: tuple[str, ...] = ()  # that the model is held to, with placeholders; none: it is free


class SlotReader:
    """Reads thinks with the topics of the served model."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self._relevance = Relevance(topics)
        self._times: dict[str, str] = topics.about["times"]
        self._weathers: list[str] = topics.about["weathers"]

    def read(
        self, think: Think, role: Role, recalled: Sequence[str] = (), earlier: str = "", said: str = ""
    ) -> Reading:
        """`recalled`: what memory has for this pair, the most important first. `earlier`: what the player said before,
        `said` what the NPC answered."""
        return _Reader(self._topics, self._relevance, think, role, recalled, earlier, bool(said)).reading()

    def moment_words(self, think: Think, topic: Topic, signs: Sequence[str]) -> tuple[str, ...]:
        """Time, weather and signs, where the topic's replies depend on them."""
        given = (fact_value(think.context.get("time")), fact_value(think.context.get("weather")))
        return tuple(word for word in (*given, *signs) if word in topic.moments)

    def held(self, reading: Reading, moment: Moment, avoid: Sequence[str]) -> tuple[Reading, Moment]:
        """With the lines that the model may choose from, and with the one action that is due, if any.

        `avoid`: lines that were just said.
        """
        book, topic, words = self._topics.phrasebook, reading.topic, reading.slots.words
        offered = {action.name if action.name in topic.action_names else ACT for action in reading.actions}
        case = book.case(topic.name, moment.role, reading.signs, words, offered)
        deed = case.deed["action"] if case and case.deed else ""
        due = tuple(action for action in reading.actions if deed and deed in (action.name, ACT))
        lines = book.lines(case, moment.role, moment.mood, moment.words, words) if case else []
        if topic.is_follow_up:
            own = book.follow_up(moment.said, topic.name.removeprefix(FOLLOW_UP))
            lines = [own] if own and not missing(own, words) else lines
        lines = varied(lines, reading.said)
        fresh = [line for line in lines if fill(line, words) not in avoid]
        moment = replace(moment, actions=(deed,) if due else ())
        return replace(reading, actions=due, lines=tuple((fresh or lines)[:LINES_MAX])), moment

    @property
    def roles(self) -> Sequence[str]:
        names: list[str] = self._topics.about["roles"]
        return names

    @property
    def moods(self) -> Sequence[str]:
        names: list[str] = self._topics.about["moods"]
        return names


class _Reader:
    """One reading; the fields are what more than one step needs."""

    def __init__(
        self,
        topics: Topics,
        relevance: Relevance,
        think: Think,
        role: Role,
        recalled: Sequence[str],
        earlier: str,
        in_talk: bool,
    ) -> None:
        self.topics, self.relevance, self.think, self.role, self.earlier = topics, relevance, think, role, earlier
        self.in_talk = in_talk  # the NPC said something before, which a bare question may be about
        self.facts = think.context
        self.recalled = [*_sentences(think.context.get("memory")), *recalled]
        self.text = sanitize.utterance(think.utterance or "")
        self.words: dict[str, str] = {}
        self.params: dict[str, Any] = {}
        self.signs: list[str] = []
        self.cheapest = ""  # where that is what is asked for
        self.people = _people(think)
        self.stock = _counts(self.facts.get("stock"))
        self.prices = _prices(self.facts.get("price"), self.stock)
        self.need = _counts(self.facts.get("need"))
        for item in self._enum("item", "offer_trade"):
            self.stock.setdefault(item, 0)
        fair = self._price_on_offer()
        if fair and not self.prices:
            self.prices = dict.fromkeys(self.stock, fair)
        self.ways = self.facts["way"] if isinstance(self.facts.get("way"), Mapping) else {}
        self.found = self._mentions()

    # -- what is meant -----------------------------------------------------------------------------

    def reading(self) -> Reading:
        said = self._masked()
        topic = self._topic(said)
        self._about_people_and_hour()
        self._goods(topic)
        self._places(topic)
        self._fight()
        topic = self._answers(topic)
        slots = Slots({name: words for name, words in self.words.items() if words}, self.params)
        return Reading(topic, slots, tuple(self.signs), self._possible(topic, slots), said)

    def _topic(self, said: str) -> Topic:
        think = self.think
        if not self.text:
            name = BY_INTENT.get(think.intent) or (ON_APPROACH if think.player else ALONE)
            return self._get(name)
        ordered = self._ordered() or self._wanted()
        if ordered:
            return self._get(ordered)
        name = self.topics.classify(said).topic_for(self.in_talk and len(words_of(said)) <= BARE_MAX_WORDS)
        if think.intent == "tactics" and name not in IN_FIGHT:
            name = "tactics"
        if name in TRADE_TALK:
            name = self._trade_topic(name)
        if self.prices and CHEAPEST.search(self.text):
            self.cheapest, name = min(self.prices, key=lambda item: self.prices[item]), "price"
        if name in ("mood", "health") and self._has_pain():
            name = "health"
            self.signs.append("hurt")
        if self._speaker_is_npc() and (name == UNCLEAR or name.startswith(FOLLOW_UP) or "?" not in self.text):
            name = TALK_AMONG  # topics are what players say: an NPC's remark is none of them
        return self._get(name)

    def _ordered(self) -> str:
        """The topic of an order that plain words give away, where its action is on offer; else ""."""
        text, offered = self.text, {action.name for action in self.think.actions}
        if not offered:
            return ""
        is_left = orders.NOT_TO.search(text) is not None
        if orders.GIVES.search(text) and self._enum("item", "take_item"):
            return "take"
        if self._chore():
            return LEFT_UNDONE if is_left else CHORE
        names_order = self.think.intent == "tactics" or bool(self.facts.get("enemy"))
        other, target = self.found.get("other"), self.found.get("target")
        if names_order:
            for name, words in orders.IN_FIGHT:
                if name in offered and words.search(text):
                    return name
        if is_left and (names_order or orders.GESTURES.search(text)):
            return LEFT_UNDONE
        if other and orders.PROTECT.search(text) and other.name in self._enum("target", "guard"):
            return "guard_other"
        if orders.PROTECT.search(text) and "guard" in offered and not other and not is_left:
            return "guard"
        if other and orders.WITH_SOMEBODY.search(text) and other.name in self._enum("target", "follow"):
            return "order_help_somebody"
        if other and orders.TO_SOMEBODY.search(text) and other.name in self._enum("place", "go_to"):
            return "go_to_other"
        is_place = bool(target and target.name in self._enum("place", "go_to"))
        if is_place and orders.GO.search(text) and not orders.ASKS_WAY.search(text) and not is_left:
            return "go"
        return ""

    def _has_pain(self) -> bool:
        health = self.facts.get("health")
        return _is_hurt(health) or "hurt" in str(health or "")

    def _wanted(self) -> str:
        """`two ales!`: nothing but a thing that is for sale and how many of it."""
        said = self.found.get("item")
        if not said or said.name not in self.stock or said.name in self.need:
            return ""
        is_short = len(words_of(self.text)) <= WANTED_MAX_WORDS
        return "buy" if is_short and mentions.number(self.text) and not OFFERS.search(self.text) else ""

    def _trade_topic(self, name: str) -> str:
        """Who sells, and whether a number is a count or a price: words alike, told apart by what the game knows."""
        said, count = self.found.get("item"), mentions.number(self.text)
        is_count = self._is_counted(said)
        is_for_sale = bool(said and said.name in self.stock)
        if count is not None and not is_count and self.prices and OFFERS.search(self.text):
            return "haggle"
        if is_for_sale and name != "haggle" and not SELLS.search(self.text):
            return "price" if ASKS_PRICE.search(self.text) and not is_count else "buy"
        return name

    def _is_counted(self, said: mentions.Mention | None) -> bool:
        """Whether the number in the text stands right before the thing: `3 apples`, `two of your apples`."""
        before = COUNTED.search(self.text[: said.start]) if said else None
        return before is not None and mentions.number(before.group(1)) is not None

    def _get(self, name: str) -> Topic:
        topic = self.topics.get(name) or self.topics.get(UNCLEAR)
        assert topic is not None
        return topic

    def _speaker_is_npc(self) -> bool:
        return any(name == self.think.player and title for name, title in self.people)

    def _mentions(self) -> dict[str, mentions.Mention]:
        names: dict[str, list[str]] = {
            "item": [
                *self.stock,
                *filter(None, self.prices),
                *self.need,
                *self._enum("item"),
                *_sentences(self.facts.get("held")),
            ],
            "target": [*self.ways, *self._enum("place"), *_sentences(self.facts.get("place"))],
            "other": [name for name in self._everybody() if name not in (self.think.player, self.think.npc.name)],
            "foe": [*_sentences(self.facts.get("enemy")), *self._enum("target", "attack")],
        }
        found = {kind: mentions.find(self.text, listed_names) for kind, listed_names in names.items() if listed_names}
        return {kind: mention for kind, mention in found.items() if mention}

    def _everybody(self) -> list[str]:
        """Who stands near, and whom an action can be about."""
        named = [*self._enum("target", "follow"), *self._enum("target", "guard"), *self._enum("place", "go_to")]
        return [*(name for name, _ in self.people), *(name for name in named if is_name(name))]

    def _enum(self, parameter: str, action: str = "") -> list[str]:
        """Values that some action on offer allows for a parameter."""
        found: list[str] = []
        for offered in self.think.actions:
            schema = (offered.params.get("properties") or {}).get(parameter) or {}
            values = schema.get("enum") if isinstance(schema, Mapping) else None
            if isinstance(values, list) and action in ("", offered.name):
                found += [value for value in values if isinstance(value, str)]
        return found

    def _price_on_offer(self) -> int:
        """What may be asked where the game did not say the price: the middle of the bounds."""
        for action in self.think.actions:
            bounds = (action.params.get("properties") or {}).get("price")
            if action.name == "offer_trade" and isinstance(bounds, Mapping):
                low, high = bounds.get("minimum", 1), bounds.get("maximum", 1)
                return int(low + high + 1) // 2
        return 0

    def _masked(self) -> str:
        """The text with the game's own names replaced by common words, and without the names of the two who talk."""
        text = self.text
        cuts = sorted(((m.start, m.end, SAID_FOR[kind]) for kind, m in self.found.items()), reverse=True)
        last = len(text) + 1
        for start, end, word in cuts:
            if end <= last:
                text, last = text[:start] + word + text[end:], start
        for name in (self.think.npc.name, self.think.player or ""):
            if len(name) > 1:
                text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)[,:]?", " ", text, flags=re.IGNORECASE)
        first = self.think.npc.name.split()[0] if self.think.npc.name.split() else ""
        if len(first) > 2 and first.lower() not in ("the", "old"):
            text = re.sub(rf"(?<!\w){re.escape(first)}(?!\w)[,:]?", " ", text, flags=re.IGNORECASE)
        return " ".join(text.split()) or self.text

    def _chore(self) -> bool:
        """Whether the words name an action that another mod made: `ring the bell, will you` and ring_bell."""
        known = self.topics.actions
        spoken = set(words_of(self.text))
        for action in self.think.actions:
            parts = action.name.split("_")
            if action.name not in known and all(_is_spoken(part, spoken) for part in parts):
                verb, *rest = parts
                self.words["act"] = self.params["act"] = action.name
                self.words["chore"] = " ".join([verb, *(["the"] if rest else []), *rest])
                return True
        return False

    # -- values ------------------------------------------------------------------------------------

    def _about_people_and_hour(self) -> None:
        think, facts = self.think, self.facts
        if think.player:
            self.words["speaker"] = self.params["speaker"] = sanitize.name(think.player)
        self.words["npc"] = sanitize.name(think.npc.name)
        self.words["title"], self.words["trade"] = self.role.title, self.role.name.replace("_", " ")
        time, weather = (fact_value(facts.get(name)) for name in ("time", "weather"))
        self.words["time"], self.words["weather"] = time, weather
        self.words["goodday"] = self.topics.about["times"].get(time, "Good day")
        self.words["badweather"] = weather if weather != "clear" else ""
        self.words["place"] = fact_value(facts.get("place"))
        held = fact_value(facts.get("held"))
        self.words["held"], self.words["a_held"] = held, with_article(held)
        others = [(name, title) for name, title in self.people if name not in (think.player, think.npc.name)]
        if others:
            self.words["near1"] = others[0][0]
            self.words["near_list"] = listed([f"{name} {title}".strip() for name, title in others])
        said = self.found.get("other")
        if said:
            self.words["other"], self.words["other_title"] = said.name, dict(others).get(said.name, "")
            self.params["other"] = said.name
        health = facts.get("health")
        if _is_hurt(health) and "hurt" not in self.signs:
            self.signs.append("hurt")

    def _goods(self, topic: Topic) -> None:
        """The thing that is meant: of the quest, of the stall, or one that the player names and nobody here has."""
        counts = self.need if topic.goods == "need" else self.stock
        said = self.found.get("item")
        name = self.cheapest or (said.name if said else "")
        if topic.goods == "need" and name not in counts:
            name = ""
        if not name and self.earlier and topic.goods != "need":
            before = mentions.find(self.earlier, [*self.stock, *filter(None, self.prices)])
            name = before.name if before else ""
        is_asked = "item" in topic.slots and topic.goods != "need" and not name
        unknown = self._unknown(topic) if is_asked and topic.name != "haggle" else ""
        if not name and not unknown and counts:
            name = next(iter(counts))
        if not name and not unknown and not counts and topic.goods != "need":
            name = fact_value(self.facts.get("held"))
        if not name and not unknown:
            return self._offer(topic, "", None)
        thing = name or unknown
        self.words["item"], self.words["a_item"], self.words["items"] = thing, with_article(thing), plural(thing)
        self.params["item"] = thing
        count = counts.get(thing)
        if count:
            self.words["count"], self.params["count"] = str(count), count
            self.words["items"] = thing if count == 1 else plural(thing)
        reward = self.facts.get("reward")
        if topic.goods == "need" and isinstance(reward, (int, float)):
            self.words["reward"], self.params["reward"] = str(int(reward)), int(reward)
        self._offer(topic, thing, self.prices.get(thing, self.prices.get("")))

    def _offer(self, topic: Topic, thing: str, price: int | None) -> None:
        if price:
            self.words["price"], self.params["price"] = str(price), price
        shown = [name for name, count in self.stock.items() if count or not self.facts.get("stock")][:GOODS_SHOWN]
        self.words["goods"] = listed(
            [
                f"{with_article(name)} for {self.prices[name]} coins" if name in self.prices else plural(name)
                for name in shown
            ]
        )
        said = mentions.number(self.text)
        if said is None:
            return
        if topic.name == "haggle":
            self.words["offer"], self.params["offer"] = str(said), said
            if price:
                counter = (min(said, price) + price + 1) // 2
                self.words["counter"], self.params["counter"] = str(counter), counter
                if said >= price:
                    self.signs.append("fair")
        elif thing and said > 0:
            self.words["want"], self.params["want"] = str(said), said
            self.words["wanted"] = thing if said == 1 else plural(thing)

    def _places(self, topic: Topic) -> None:
        said = self.found.get("target")
        raw = said.name if said else ""
        if not raw and "target" in topic.slots:
            self.words["target"] = the(self._unknown(topic)) if self._unknown(topic) else ""
        if raw:
            self.words["target"], self.params["target"] = the(raw), raw
            self.words["way"] = fact_value(self.ways.get(raw))
        elif isinstance(self.facts.get("way"), str):
            self.words["way"] = fact_value(self.facts["way"])
        if "other" in topic.slots and not self.words.get("other"):
            self.words["other"] = _titled(self._unknown(topic))
        if "told" in topic.slots:
            self.words["told"] = self._unknown(topic)

    def _unknown(self, topic: Topic) -> str:
        ours = {*words_of(self.think.npc.name), *words_of(self.think.player or "")}
        return mentions.unknown_words(self.text, topic.vocabulary, frozenset(ours) | self.topics.common_words)

    def _fight(self) -> None:
        enemies = _sentences(self.facts.get("enemy"))
        said = self.found.get("foe")
        raw = said.name if said else enemies[0] if enemies else ""
        if raw:
            self.words["foe"], self.params["foe"] = the(raw), raw
            self.words["foe_call"] = raw if is_name(raw) else raw.split()[-1]
        allies = _sentences(self.facts.get("allies"))
        doing = " ".join(_sentences(self.facts.get("orders")))
        said_side = orders.SIDE.search(self.text)
        if said_side:
            self.words["side"] = said_side.group(1).lower()
        if allies:
            self.words["ally"] = allies[0]
            if not doing or "attacks" in doing or "holds" in doing:
                self.signs.append("fronted")
            sides = self._enum("side") or ["left", "right"]
            self.words.setdefault("side", next((side for side in sides if f"flanks {side}" not in doing), sides[0]))
        if self.words.get("side"):
            self.params["side"] = self.words["side"]
        for line in self.recalled:
            lost, won = BEAT_ME.match(line), BEAT_IT.match(line)
            if lost or won:
                self.signs.append("lost" if lost else "won")
                self.words.setdefault("foe", (lost or won).group(1))  # type: ignore[union-attr]
                break

    # -- sentences that answer -----------------------------------------------------------------------

    def _answers(self, topic: Topic) -> Topic:
        """What the NPC knows or remembers, where it answers what was asked; a topic that says it, where this one
        cannot.
        """
        if not self.text:
            deed = self.relevance.deed(self.recalled, self.think.player or "")
            self.words["deed"] = deed if "deed" in topic.slots else ""
            return topic
        recalled = self.relevance.recalled(self.text, topic, self.recalled, self.think, self.role)
        known = self.relevance.known(self.text, topic, self.think, self.role, self._own_facts())
        seen = self.relevance.seen(self.text, topic, self._seen())
        if seen and (known is None or seen.score > known.score):
            known = seen
        if "deed" in topic.slots:
            self.words["deed"] = self.relevance.deed(self.recalled, self.think.player or "")
        for slot, answer, otherwise in (("recalled", recalled, RECALL), ("known", known, KNOW)):
            if not answer:
                continue
            is_asked = slot in topic.slots or answer.is_sure
            by_rule = topic.name in ANSWERED_BY_RULE or bool(self.words.get(RULE_SLOTS.get(topic.name, "")))
            if is_asked and not by_rule:
                self.words[slot] = answer.clause
                return self._get(otherwise)
        return topic

    def _seen(self) -> list[str]:
        """What the game tells of this moment, as the NPC would say it."""
        facts = self.facts
        said = [f"{name} {title} is over there" for name, title in self.people if title and name != self.think.player]
        place = fact_value(facts.get("place"))
        said += [f"this place is called {place}"] if place else []
        said += [f"there is {thing} over there" for thing in _sentences(facts.get("sees"))]
        said += [
            f"I have {count} {plural(item) if count > 1 else item} left" for item, count in self.stock.items() if count
        ]
        said += [f"{with_article(item)} costs {price} coins" for item, price in self.prices.items() if item]
        said += [f"I need {count} {plural(item) if count > 1 else item}" for item, count in self.need.items() if count]
        if self.need and isinstance(facts.get("reward"), (int, float)):
            said.append(f"I pay {int(facts['reward'])} coins for it")
        said += [f"the way to {the(goal)} is {fact_value(way)}" for goal, way in self.ways.items()]
        weather = WEATHER_WORDS.get(fact_value(facts.get("weather")))
        said += filter(None, (weather, "it is dark here" if facts.get("light") == "dark" else ""))
        if isinstance(facts.get("health"), str) and "hurt" in facts["health"]:
            said.append(f"I am {facts['health']}")
        return said

    def _own_facts(self) -> list[tuple[str, Any]]:
        """What a mod told that has no placeholder of its own."""
        return [
            (key, value)
            for key, value in self.facts.items()
            if key not in FACTS and value not in (None, "", False, [], {})
        ]

    # -- what may be done ------------------------------------------------------------------------------

    def _possible(self, topic: Topic, slots: Slots) -> tuple[Action, ...]:
        """The actions of the topic that are on offer and whose parameters have allowed values, each with a schema of
        them.
        """
        out = []
        for action in self.think.actions:
            if topic.name == CHORE:
                fits = action.name == self.params.get("act")
            else:
                fits = any(_fits(action, deed, slots) for deed in topic.deeds if deed["action"] == action.name)
            if fits:
                out.append(action)
        return tuple(sorted(out, key=lambda action: action.name))


def varied(lines: Sequence[str], said: str) -> Sequence[str]:
    """A part of many lines, by what was said: a question asked in other words has other answers."""
    bucket = zlib.crc32(said.lower().encode("utf-8", "replace")) % BUCKETS
    part = [line for index, line in enumerate(lines) if index % BUCKETS == bucket]
    return part if len(part) >= BUCKETS else lines


def _fits(action: Action, deed: Mapping[str, str], slots: Slots) -> bool:
    """Whether each parameter of `deed` has a value that the schema of `action` allows, and none is missing."""
    names = [name for name in deed if name != "action"]
    return set(action.params.get("required") or ()) <= set(names) and all(
        is_allowed(action, name, deed[name], slots) for name in names
    )


def _people(think: Think) -> list[tuple[str, str]]:
    """Who is near: (name, what they are), as `Bram the smith`; players have no title."""
    found = []
    for entry in _sentences(think.context.get("near")):
        parts = _TITLED.match(entry)
        found.append((parts.group(1), parts.group(2)) if parts else (entry, ""))
    return found


def _sentences(value: Any) -> list[str]:
    """A fact that is one text or a list of them."""
    if isinstance(value, str):
        return [value] if value.strip() else []
    if isinstance(value, (list, tuple)):
        return [text for entry in value if (text := fact_value(entry))]
    return []


def _counts(value: Any) -> dict[str, int]:
    """`{"apple": 12}` or names alone, whose count nobody said."""
    if isinstance(value, Mapping):
        return {str(name): int(count) for name, count in value.items() if isinstance(count, (int, float))}
    return dict.fromkeys(_sentences(value), 0)


def _prices(value: Any, stock: Mapping[str, int]) -> dict[str, int]:
    if isinstance(value, Mapping):
        return {str(name): int(price) for name, price in value.items() if isinstance(price, (int, float))}
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return dict.fromkeys(stock, int(value)) or {"": int(value)}
    return {}


def _is_hurt(health: Any) -> bool:
    if isinstance(health, (int, float)) and not isinstance(health, bool):
        return health <= 20 * HURT_SHARE
    parts = re.match(r"(\d+) of (\d+)", str(health or ""))
    if parts:
        return int(parts.group(1)) <= int(parts.group(2)) * HURT_SHARE
    return any(word in str(health or "") for word in HURT)


def _is_spoken(part: str, spoken: set[str]) -> bool:
    return part in spoken or any(
        word.startswith(part) and len(word) - len(part) <= 3 for word in spoken if len(part) > 2
    )


def _titled(words: str) -> str:
    return " ".join(word[:1].upper() + word[1:] for word in words.split())
