"""What a `Think` means for a model that is told topics: which topic, the values of placeholders, what may be done.

The rules here are what such a model need not learn: whose price is meant, which of the places, what the player is
called, which sentence of persona, knowledge or memory answers. Router thread. Reads facts as the mod sends them
(`world.py`); what it does not know of is a sentence that may answer a question. Knows nothing of tokens, engines and
caches.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from llm_agentd.memory.keywords import words_of
from llm_agentd.memory.sentences import is_question
from llm_agentd.prompt.actions import is_allowed
from llm_agentd.prompt.gestures import EMOTE, INTENT
from llm_agentd.prompt.meaning import forms, gestures, orders, unheld
from llm_agentd.prompt.meaning.articles import is_name, listed, plural, the, with_article
from llm_agentd.prompt.meaning.relevance import ANY_MEMORY_ANSWERS, Relevance
from llm_agentd.prompt.meaning.world import World, is_hurt, is_spoken, texts_of, titled
from llm_agentd.prompt.messages import fact_value
from llm_agentd.prompt.moment import Moment
from llm_agentd.prompt.placeholders import CHARS, is_any_of, missing
from llm_agentd.roles import Role
from llm_agentd.topics import FOLLOW_UP, UNCLEAR, UNCLEAR_BELOW, Topic, Topics, mentions
from llm_agentd.types import Action, Slots, Think
from llm_agentd.util import sanitize

GOODS_SHOWN = 4
ON_APPROACH, ALONE, TALK_AMONG = "approach", "mutter", "banter"
BY_INTENT = {"tactics": "tactics", "quest": "offer_quest", "gesture": "wave"}
IN_FIGHT = frozenset(["attack", "flee", "guard", "fight", "follow", "stay", "go", "help_heal"])
# With a quest to offer, all of these are an occasion.
ASKS_FOR_WORK = frozenset(
    [
        "help",
        "offer_help",
        "hire_me",
        "where_work",
        "want_adventure",
        "ask_need_most",
        "need_money",
        "ask_if_quest_giver",
    ]
)
TRADE_TALK = frozenset(["price", "buy", "sell", "haggle", "take", "agree_deal"])
# Topics whose answer is a placeholder of its own, which no sentence may push aside: always, or where it has a value.
_BY_RULE = "time weather near held price buy stock haggle quest quest_done health"
ANSWERED_BY_RULE = frozenset(_BY_RULE.split())
RULE_SLOTS = {"way": "way", "who_is": "other_title", "here": "place", "where_other": "other_title"}
# Who does what is asked for: where one of that trade stands near, that is the answer of all others.
TRADE_ASKED_FOR = {"where_smith": "smith", "help_repair": "smith", "help_heal": "healer", "where_sleep": "innkeeper"}
WANTED_MAX_WORDS = 4
SURE_FROM = 0.45  # share of a topic: below, fewer than half are right, and the form answers better
BARE_MAX_WORDS = 7  # of a bare follow-up: a longer question says what it is about
CHORE, LEFT_UNDONE = "chore", "left_undone"
WAY_TO = "the way to "  # how the game's ways are told
ACT = "act"  # how the model is told of an action that another mod made
OWNED_MIN_LINES = 2  # of a topic, to own with them that it is not known; else those of the form do
NAMED_MIN_LINES = 2  # with what the player named in them, to say no other; one alone would always be the same
LINES_MAX = 12  # to choose among: each costs the grammar some time with every token
BUCKETS = 4  # the same words are answered by the same few lines, others by others: a model has its favourites
OF_MEMORY = ("memory", "recall_", "told_")  # how topics begin that ask what the NPC remembers
OF_PLAYER = "recall_what_i_told_you"  # what it asks for, memory answers where there is any
GIVE = "give"
RECALL, KNOW = "ask_memory", "ask_fact"
NEVER_TOLD = "told_home"  # its replies without a memory: that the player never said it
SAID_AS = {
    "item": ("item", "a_item", "items", "wanted"),
    "target": ("target",),
    "other": ("other",),
    "foe": ("foe", "foe_call"),
    "told": ("told",),
}
ABOUT_YOU = re.compile(r"\b(?:you\w*|u|ur)\b", re.I)
INTRODUCES = re.compile(r"\b(?:i am|i.?m|my name is|name.?s|call me)\W*$", re.I)
TELLS = re.compile(
    r"(?:(?:hey|well|so|oh|and|but|ok|yes|no|btw|listen)\b[ ,]*)*"
    r"(?:i|i'm|im|i've|ive|my|we|our|he|she|they|it|the|there|this|that|some\w*|people|today|yesterday|last|every\w*)"
    r"(?: [\w']+){2}",
    re.I,
)  # how one begins to tell something
BEAT_ME, BEAT_IT = re.compile(r"^(.+?) beat (?:me|us)\b", re.I), re.compile(r"^(?:I|we) beat (.+?)[.!]?$", re.I)


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


class SlotReader:
    """Reads thinks with the topics of the served model."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self._relevance = Relevance(topics)

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
        if reading.unheld:
            owned = unheld.owned(lines)
            if len(owned) < OWNED_MIN_LINES and topic.name != reading.unheld:
                return self._of_unheld(reading, moment, avoid)
            lines = owned or lines
        if topic.is_follow_up:
            own = book.follow_up(moment.said, topic.name.removeprefix(FOLLOW_UP))
            lines = [own] if own and not missing(own, words) else lines
        about_it = [line for line in lines if any(CHARS[slot] in line for slot in reading.named)]
        lines = about_it if len(about_it) >= NAMED_MIN_LINES else lines
        of_trade = book.own_lines(case, moment.role) if case else frozenset()
        common = [line for line in lines if line not in of_trade]
        lines = [*(line for line in lines if line in of_trade), *varied(common, reading.said)]
        fresh = [line for line in lines if not is_any_of(line, avoid)]
        moment = replace(moment, actions=(deed,) if due else ())
        # The case has said with which parameters; the model has no say in that.
        wanted = (case.deed,) if case and case.deed else ()
        is_whole = all(_fits(action, deed, reading.slots) for action in due for deed in wanted)
        deeds = wanted if wanted and is_whole else topic.deeds
        return replace(reading, actions=due, lines=tuple((fresh or lines)[:LINES_MAX]), deeds=deeds), moment

    def _of_unheld(self, reading: Reading, moment: Moment, avoid: Sequence[str]) -> tuple[Reading, Moment]:
        """With the lines of the topic that owns not to know: the one that was meant has too few that do."""
        topic = self._topics.get(reading.unheld)
        if topic is None:
            return self.held(replace(reading, unheld=""), moment, avoid)
        slots = topic.slots.intersection(reading.slots.words)
        return self.held(replace(reading, topic=topic), replace(moment, topic=topic.name, slots=slots, words=()), avoid)

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
        self.world = World(think)
        self.recalled = [*texts_of(think.context.get("memory")), *recalled]
        self.words: dict[str, str] = {}
        self.params: dict[str, Any] = {}
        self.signs: list[str] = []
        self.compared = ""  # the cheapest or the dearest thing, where that is asked for
        self.form = ""  # of the line, where no topic is sure enough
        self.gesture = ""  # a kind that no topic names, where it is what is ordered

    # -- what is meant -----------------------------------------------------------------------------

    def reading(self) -> Reading:
        said = self.world.masked()
        topic = self._topic(said)
        self._about_people_and_hour()
        self._goods(topic)
        self._places(topic)
        self._fight()
        answering = self._answers(topic)
        topic, not_told = self._by_form(answering, topic), self._unheld(topic) if answering is topic else ""
        slots = Slots({name: words for name, words in self.words.items() if words}, self.params)
        possible = self._possible(topic, slots)
        not_told = "" if possible else not_told
        return Reading(topic, slots, tuple(self.signs), possible, said, named=self._named(), unheld=not_told)

    def _unheld(self, topic: Topic) -> str:
        """The topic that owns not to know what is asked for, where it is definite and nothing that was told answers."""
        text, slot = self.world.text, RULE_SLOTS.get(topic.name, "")
        if not text or topic.name in ANSWERED_BY_RULE or topic.is_follow_up:
            return ""
        is_named = self.words.get(slot) or (slot and (self.words.get("other") or self.words.get("target")))
        if is_named and not (slot == "other_title" and unheld.asks_more_of(text)):
            return ""
        if topic.name in ANY_MEMORY_ANSWERS:
            return ""
        if topic.name.startswith(OF_MEMORY) and "recalled" in topic.slots:
            return NEVER_TOLD if is_question(text) else ""
        form = unheld.form_asked(text)
        self._name_told(self.topics.get(form))
        return form

    def _topic(self, said: str) -> Topic:
        think = self.think
        if not self.world.text:
            name = BY_INTENT.get(think.intent) or (ON_APPROACH if think.player else ALONE)
            return self._get(name)
        ordered = self._ordered() or self._wanted() or self._introduced()
        if ordered:
            return self._get(ordered)
        meaning = self.topics.classify(said)
        name = read = meaning.topic_for(self.in_talk and len(words_of(said)) <= BARE_MAX_WORDS)
        if think.intent == "tactics" and name not in IN_FIGHT:
            name = "tactics"
        if name in ASKS_FOR_WORK and (self.world.need or any(act.name == "offer_quest" for act in think.actions)):
            name = "quest"
        if name in TRADE_TALK:
            name = self._trade_topic(name)
        if self._compared():
            name = "price"
        if name not in RULE_SLOTS and self._asks_way():
            name = "way"
        if name in ("mood", "health") and self.world.has_pain():
            name = "health"
            self.signs.append("hurt")
        if self.world.speaker_is_npc() and (
            name == UNCLEAR or name.startswith(FOLLOW_UP) or "?" not in self.world.text
        ):
            name = TALK_AMONG  # topics are what players say: an NPC's remark is none of them
        if think.intent == INTENT and not self._has_deed(name):
            name = self.topics.likeliest(said, gestures.is_gesture) or name
        if name == read and not self._is_of_game(name) and unheld.asks_of_mine(self.world.text):
            name = OF_PLAYER
        if name == UNCLEAR or (name == read and not self._is_sure(name, dict(meaning.topics)[name])):
            self.form = forms.form_of(self.world.text, self.topics.common_words)
            if self.form or meaning.topics[0][1] < UNCLEAR_BELOW:
                name = OF_PLAYER if self.form == forms.OF_PLAYER else self._vague()
        return self._get(name)

    def _is_sure(self, name: str, share: float) -> bool:
        """Whether a topic is to be preferred to what answers any line of the same form. What the game itself tells
        or offers is seldom asked for by chance."""
        topic = self._get(name)
        if "other" in self.world.found and "other" not in topic.slots and not ABOUT_YOU.search(self.world.text):
            return False  # `does Ana have children?` is not asked about the NPC
        return share >= SURE_FROM or self._is_of_game(name)

    def _is_of_game(self, name: str) -> bool:
        """Whether the topic is about what the game tells, what the NPC remembers, or an action on offer."""
        is_told = name in ANSWERED_BY_RULE or name in RULE_SLOTS or name.startswith(OF_MEMORY)
        return is_told or any(action.name in self._get(name).action_names for action in self.think.actions)

    def _by_form(self, topic: Topic, meant: Topic) -> Topic:
        """What answers a line of its form, whatever it is about, where its topic is unsure and nothing else answers."""
        form = self.topics.get(self.form) if topic is meant else None
        self._name_told(form)
        return form or topic

    def _name_told(self, form: Topic | None) -> None:
        """A name that the game knows is not strange."""
        if form and "told" in form.slots and not self.world.found:
            self.words["told"] = mentions.proper_name(self.world.asked())

    def _named(self) -> frozenset[str]:
        """Placeholders of what the player's own words name: whoever speaks of the mill is answered about the mill."""
        told = ("told",) if self.words.get("told") else ()
        return frozenset(slot for kind in (*self.world.found, *told) for slot in SAID_AS[kind])

    def _compared(self) -> bool:
        """Whether it is asked what is the cheapest or the dearest, which then is the thing that is meant."""
        prices = {item: price for item, price in self.world.prices.items() if item}
        if prices and orders.CHEAPEST.search(self.world.text):
            self.compared = min(prices, key=lambda item: prices[item])
        elif prices and orders.DEAREST.search(self.world.text):
            self.compared = max(prices, key=lambda item: prices[item])
        return bool(self.compared)

    def _asks_way(self) -> bool:
        """Whether it is asked for a place to which the game told the way, and nothing else of it."""
        target = self.world.found.get("target")
        return bool(target and target.name in self.world.ways and orders.WHERE.search(self.world.text))

    def _has_deed(self, name: str) -> bool:
        """Whether the topic comes with an action that is on offer; where no gesture is, there is none to be sought."""
        topic, offered = self.topics.get(name), {action.name for action in self.think.actions}
        return EMOTE not in offered or (topic is not None and bool(topic.action_names & offered))

    def _vague(self) -> str:
        """What is English enough, but about nothing that has a topic. The answer to another question would be the
        worst: a question is not known, and what is told is heard."""
        if is_question(self.world.text):
            return "ask_detail"
        return "talk" if TELLS.match(self.world.text) else UNCLEAR

    def _ordered(self) -> str:
        """The topic of an order that plain words give away, where its action is on offer; else ""."""
        text, offered = self.world.text, {action.name for action in self.think.actions}
        if not offered:
            return ""
        is_left = orders.NOT_TO.search(text) is not None
        if orders.GIVES.search(text) and self.world.enum("item", "take_item"):
            return "take"
        if orders.ASKS_FOR.search(text) and not is_left and "offer_trade" not in offered and self._may_give():
            return GIVE
        if self._chore() or self._gesture():
            return LEFT_UNDONE if is_left else CHORE
        names_order = self.think.intent == "tactics" or bool(self.world.facts.get("enemy"))
        other, target = self.world.found.get("other"), self.world.found.get("target")
        if names_order:
            for name, words in orders.IN_FIGHT:
                if name in offered and words.search(text):
                    return name
        if is_left and (names_order or orders.GESTURES.search(text)):
            return LEFT_UNDONE
        foe = self.world.found.get("foe")
        if foe and "attack" in offered and orders.attacks(text[: foe.start]) and not is_left:
            return "attack"
        if other and orders.PROTECT.search(text) and other.name in self.world.enum("target", "guard"):
            return "guard_other"
        if orders.PROTECT.search(text) and "guard" in offered and not other and not is_left:
            return "guard"
        if other and orders.WITH_SOMEBODY.search(text) and other.name in self.world.enum("target", "follow"):
            return "order_help_somebody"
        if other and orders.TO_SOMEBODY.search(text) and other.name in self.world.enum("place", "go_to"):
            return "go_to_other"
        is_place = bool(target and target.name in self.world.enum("place", "go_to"))
        if is_place and orders.GO.search(text) and not orders.ASKS_WAY.search(text) and not is_left:
            return "go"
        return ""

    def _may_give(self) -> bool:
        """Whether the text names a thing that may be given."""
        item = self.world.found.get("item")
        return bool(item and item.name in self.world.enum("item", "give_item"))

    def _introduced(self) -> str:
        """`i'm Torvik`, said by Torvik; the classifier does not see the name."""
        if not self.think.player:
            return ""
        before, name, after = self.world.text.lower().partition(self.think.player.lower())
        is_alone = bool(name) and INTRODUCES.search(before) and not words_of(after)
        return "introduce_self" if is_alone else ""

    def _wanted(self) -> str:
        """`two ales!`: nothing but a thing that is for sale and how many of it."""
        said = self.world.found.get("item")
        if not said or said.name not in self.world.stock or said.name in self.world.need:
            return ""
        is_short = len(words_of(self.world.text)) <= WANTED_MAX_WORDS
        return (
            "buy" if is_short and mentions.number(self.world.text) and not orders.OFFERS.search(self.world.text) else ""
        )

    def _trade_topic(self, name: str) -> str:
        """Who sells, and whether a number is a count or a price: words alike, told apart by what the game knows."""
        said, count = self.world.found.get("item"), mentions.number(self.world.text)
        is_count = self._is_counted(said)
        is_for_sale = bool(said and said.name in self.world.stock)
        if is_for_sale and orders.ENOUGH.search(self.world.text):
            return "price"
        if count is not None and not is_count and self.world.prices and orders.OFFERS.search(self.world.text):
            return "haggle"
        if is_for_sale and name != "haggle" and not orders.SELLS.search(self.world.text):
            return "price" if orders.ASKS_PRICE.search(self.world.text) and not is_count else "buy"
        return name

    def _is_counted(self, said: mentions.Mention | None) -> bool:
        """Whether the number in the text stands right before the thing: `3 apples`, `two of your apples`."""
        before = orders.COUNTED.search(self.world.text[: said.start]) if said else None
        return before is not None and mentions.number(before.group(1)) is not None

    def _get(self, name: str) -> Topic:
        topic = self.topics.get(name) or self.topics.get(UNCLEAR)
        assert topic is not None
        return topic

    def _chore(self) -> bool:
        """Whether the words name an action that another mod made: `ring the bell, will you` and ring_bell."""
        known = self.topics.actions
        spoken = set(words_of(self.world.text))
        for action in self.think.actions:
            parts = action.name.split("_")
            if action.name not in known and all(is_spoken(part, spoken) for part in parts):
                verb, *rest = parts
                self.words["act"] = self.params["act"] = action.name
                self.words["chore"] = " ".join([verb, *(["the"] if rest else []), *rest])
                return True
        return False

    def _gesture(self) -> bool:
        """Whether the words order a gesture that is on offer and that no topic names: `shake your head`."""
        kind, chore = gestures.ordered(self.world.text, self.world.enum("kind", EMOTE))
        if kind:
            self.gesture, self.words["chore"] = kind, chore
            self.words["act"] = self.params["act"] = EMOTE
        return bool(kind)

    # -- values ------------------------------------------------------------------------------------

    def _about_people_and_hour(self) -> None:
        think, facts = self.think, self.world.facts
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
        others = [(name, title) for name, title in self.world.people if name not in (think.player, think.npc.name)]
        if others:
            self.words["near1"] = others[0][0]
            self.words["near_list"] = listed([f"{name} {title}".strip() for name, title in others])
        said = self.world.found.get("other")
        if said:
            self.words["other"], self.words["other_title"] = said.name, dict(others).get(said.name, "")
            self.params["other"] = said.name
        health = facts.get("health")
        if is_hurt(health) and "hurt" not in self.signs:
            self.signs.append("hurt")

    def _goods(self, topic: Topic) -> None:
        """The thing that is meant: of the quest, of the stall, or one that the player names and nobody here has."""
        counts = self.world.need if topic.goods == "need" else self.world.stock
        said = self.world.found.get("item")
        name = self.compared or (said.name if said else "")
        if topic.goods == "need" and name not in counts:
            name = ""
        if not name and self.earlier and topic.goods != "need":
            before = mentions.find(self.earlier, [*self.world.stock, *filter(None, self.world.prices)])
            name = before.name if before else ""
        is_asked = "item" in topic.slots and topic.goods != "need" and not name
        unknown = self._unknown(topic) if is_asked and topic.name != "haggle" else ""
        if not name and not unknown and counts:
            name = next(iter(counts))
        if not name and not unknown and not counts and topic.goods != "need":
            name = fact_value(self.world.facts.get("held"))
        if not name and not unknown:
            return self._offer(topic, "", None)
        thing = name or unknown
        self.words["item"], self.words["a_item"], self.words["items"] = thing, with_article(thing), plural(thing)
        self.params["item"] = thing
        count = counts.get(thing)
        if count:
            self.words["count"], self.params["count"] = str(count), count
            self.words["items"] = thing if count == 1 else plural(thing)
        reward = self.world.facts.get("reward")
        if topic.goods == "need" and isinstance(reward, (int, float)):
            self.words["reward"], self.params["reward"] = str(int(reward)), int(reward)
        self._offer(topic, thing, self.world.prices.get(thing, self.world.prices.get("")))

    def _offer(self, topic: Topic, thing: str, price: int | None) -> None:
        if price:
            self.words["price"], self.params["price"] = str(price), price
        shown = [name for name, count in self.world.stock.items() if count or not self.world.facts.get("stock")][
            :GOODS_SHOWN
        ]
        self.words["goods"] = listed(
            [
                f"{with_article(name)} for {self.world.prices[name]} coins"
                if name in self.world.prices
                else plural(name)
                for name in shown
            ]
        )
        said = mentions.number(self.world.text)
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
        said = self.world.found.get("target")
        raw = said.name if said else ""
        if not raw and "target" in topic.slots:
            unknown = self._unknown(topic)
            self.words["target"] = the(unknown) if unknown else ""
        if raw:
            self.words["target"], self.params["target"] = the(raw), raw
            self.words["way"] = fact_value(self.world.ways.get(raw))
        elif isinstance(self.world.facts.get("way"), str):
            self.words["way"] = fact_value(self.world.facts["way"])
        if "other" in topic.slots and not self.words.get("other"):
            self.words["other"] = titled(self._unknown(topic))
        if "told" in topic.slots:
            self.words["told"] = self._unknown(topic)

    def _unknown(self, topic: Topic) -> str:
        ours = {*words_of(self.think.npc.name), *words_of(self.think.player or "")}
        return mentions.unknown_words(self.world.text, topic.vocabulary, frozenset(ours) | self.topics.common_words)

    def _fight(self) -> None:
        enemies = texts_of(self.world.facts.get("enemy"))
        said = self.world.found.get("foe")
        raw = said.name if said else enemies[0] if enemies else ""
        if raw:
            self.words["foe"], self.params["foe"] = the(raw), raw
            self.words["foe_call"] = raw if is_name(raw) else raw.split()[-1]
        allies = texts_of(self.world.facts.get("allies"))
        doing = " ".join(texts_of(self.world.facts.get("orders")))
        said_side = orders.SIDE.search(self.world.text)
        if said_side:
            self.words["side"] = said_side.group(1).lower()
        if allies:
            self.words["ally"] = allies[0]
            if not doing or "attacks" in doing or "holds" in doing:
                self.signs.append("fronted")
            sides = self.world.enum("side") or ["left", "right"]
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
        if not self.world.text:
            deed = self.relevance.deed(self.recalled, self.think)
            self.words["deed"] = deed if "deed" in topic.slots else ""
            return topic
        if "deed" in topic.slots:
            self.words["deed"] = self.relevance.deed(self.recalled, self.think)
        is_done = any(action.name in topic.action_names for action in self.think.actions)  # words belong to the deed
        if is_done or topic.name in ANSWERED_BY_RULE or self.words.get(RULE_SLOTS.get(topic.name, "")):
            return topic
        of_trade = self._near_of_trade(TRADE_ASKED_FOR.get(topic.name, ""))
        if of_trade:
            self.words["known"] = of_trade
            return self._get(KNOW)
        asked = self.world.asked()
        recalled = self.relevance.recalled(asked, topic, self.recalled, self.think)
        known = self.relevance.known(asked, topic, self.think, self.role, self.world.own_facts())
        # Nobody answers a remark with what both have before their eyes.
        seen = self.relevance.seen(asked, topic, self._seen(asked)) if topic.name != TALK_AMONG else None
        if seen and (known is None or seen.score > known.score):
            known = seen
        for slot, answer, otherwise in (("recalled", recalled, RECALL), ("known", known, KNOW)):
            if answer and (slot in topic.slots or answer.is_sure):
                self.words[slot] = answer.clause
                return self._get(otherwise)
        return topic

    def _seen(self, asked: str) -> list[str]:
        """Of what the game tells of this moment, what is of the kind that is asked for."""
        told = [sentence for sentence in self.world.seen() if unheld.may_tell(asked, sentence)]
        target, is_where = self.world.found.get("target"), orders.WHERE.search(asked) is not None
        goal = the(target.name) if target else ""
        return [
            sentence for sentence in told if not (is_where and sentence.startswith(WAY_TO)) or WAY_TO + goal in sentence
        ]

    def _near_of_trade(self, trade: str) -> str:
        """`Bram the smith is over there`; "" where the NPC is of that trade itself, or nobody near is."""
        if not trade or self.role.name == trade:
            return ""
        near = (f"{name} {title}" for name, title in self.world.people if title.split()[-1:] == [trade])
        return next((f"{person} is over there" for person in near), "")

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
                out.append(gestures.only(action, self.gesture) if self.gesture else action)
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
