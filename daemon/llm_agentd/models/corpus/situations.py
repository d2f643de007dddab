"""Situations: who stands where, what is known, what is said, and which scene answers it.

A `Situation` holds everything a sample needs; one small function per topic fills it in.
Decided by the `random.Random` in it. Pure; knows nothing of tokens or of the checker.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from llm_agentd.models.corpus import names

TIMES = ("dawn", "morning", "noon", "afternoon", "evening", "night")
WEATHERS = ("clear", "rain", "snow", "fog", "storm", "wind")
MOODS = ("calm", "happy", "sad", "angry", "tired", "worried", "afraid", "proud")
HELLO = {
    "dawn": "Good morning", "morning": "Good morning", "noon": "Good day",
    "afternoon": "Good afternoon", "evening": "Good evening", "night": "Good evening",
}  # fmt: skip
BRAVE = frozenset(("guard", "smith", "hunter", "bandit", "miner", "farmer", "knight", "captain"))
EXPERTS = {"heal": frozenset(("healer",)), "repair": frozenset(("smith",)), "j_tactics": BRAVE}
LAYMAN_SHARE = 0.4  # of the others' samples in those topics
DEEDS = """
brought herbs|brought {a_item}|fixed the fence|saved my life|paid for the roof|bought an apple|fought the wolf at my side
found my lost ring|carried water for me|asked the way to {target}|bought {a_item} from me|sold me {a_item}|told a good story
helped with the harvest|painted a window|drove the bandits away|slept at the inn|planted a tree by the gate|lost at dice
gave me {count} coins|brought {count} {items}|sang at the feast|mended the bridge|came from {town}|fed my hens
""".replace("\n", "|").strip("|").split("|")
_WAYS_A = "north south east west uphill downhill left right straight".split()
_WAYS_B = """
past the well|over the bridge|along the river|behind the inn|through the forest|by the old oak|at the crossroads|across the field
beyond the hill|next to the shrine|by the water|up the stone stairs|past two red houses|after the gate|under the cliff
around the lake|behind the {town} sign|behind the old wall|near the big rock|along the wall
""".replace("\n", "|").strip("|").split("|")

_SIGNATURES = {
    "offer_quest": ("item:string", "count:integer", "reward:integer"),
    "offer_trade": ("item:string", "count:integer", "price:integer"),
    "give_item": ("item:string", "count:integer"),
    "take_item": ("item:string", "count:integer"),
    "complete_quest": (),
    "attack": ("target:string",),
    "flank": ("side:string", "target:string"),
    "guard": ("target:string",),
    "hold": (),
    "retreat": (),
    "call_help": (),
    "follow": ("target:string",),
    "stay": (),
    "flee": (),
    "emote": ("kind:string",),
}
ACTIONS: dict[str, dict[str, Any]] = {
    name: {"type": "object", "properties": {p.split(":")[0]: {"type": p.split(":")[1]} for p in params}}
    for name, params in _SIGNATURES.items()
}
NOTHING: dict[str, Any] = {"action": "nothing"}


@dataclass
class Situation:
    """One moment of one NPC, filled in step by step."""

    rng: random.Random
    heldout: bool
    role: str
    title: str
    npc: str
    topic: str
    mood: str | None
    time: str | None
    speaker: str | None
    facts: dict[str, Any] = field(default_factory=dict)
    slots: dict[str, str] = field(default_factory=dict)
    near: list[tuple[str, str]] = field(default_factory=list)  # name, title
    said: str | None = None  # scene of what is said
    words: str | None = None  # or the very words
    scene: str = ""  # scene of the reply
    intent: str = "dialogue"
    listed: tuple[str, ...] = ()  # actions shown in the prompt
    do: dict[str, Any] | None = None
    told: list[tuple[str, str]] = field(default_factory=list)  # earlier turns: scene said, scene of the answer

    def item(self) -> str:
        return names.item(self.rng, self.heldout)

    def person(self) -> str:
        return names.person(self.rng, self.heldout)

    def set_item(self, thing: str, count: int | None = None) -> None:
        """Slots around one thing; the plural follows the count."""
        self.slots.update(item=thing, a_item=names.with_article(thing), items=thing)
        if count is not None:
            self.slots["count"] = str(count)
        if count != 1:
            self.slots["items"] = names.plural(thing)

    def list_actions(self, needed: tuple[str, ...], others: tuple[str, ...]) -> None:
        """Shows `needed` and a few of `others`, in random order."""
        extra = self.rng.sample(others, k=self.rng.randint(0, min(3, len(others))))
        listed = list(dict.fromkeys((*needed, *extra)))
        self.rng.shuffle(listed)
        self.listed = tuple(listed)


def amount(rng: random.Random) -> int:
    """1 to 99, mostly small."""
    return rng.randint(1, 12) if rng.random() < 0.6 else rng.randint(2, 99)


def way_text(s: Situation) -> str:
    second = s.rng.choice(_WAYS_B).replace("{town}", names.town(s.rng, s.heldout))
    return f"{s.rng.choice(_WAYS_A)} {second}" if s.rng.random() < 0.75 else second


def deed_text(s: Situation) -> str:
    thing, count = s.item(), s.rng.randint(2, 20)
    return (
        s.rng.choice(DEEDS)
        .replace("{a_item}", names.with_article(thing))
        .replace("{items}", names.plural(thing))
        .replace("{count}", str(count))
        .replace("{target}", names.target(names.site(s.rng, s.heldout)))
        .replace("{town}", names.town(s.rng, s.heldout))
    )


def _same(said: str) -> Callable[[Situation], None]:
    def build(s: Situation) -> None:
        s.said = s.scene = said

    return build


def _greeting(s: Situation) -> None:
    s.said = s.scene = "greeting"
    if s.rng.random() < 0.12:
        s.said = "~greeting"
    _recall(s)


def _approach(s: Situation) -> None:
    s.said, s.scene = None, "greeting"
    _recall(s)


def _recall(s: Situation) -> None:
    """What the speaker once did, now and then."""
    if s.rng.random() < 0.2:
        s.slots["deed"] = deed_text(s)
        s.facts["memory"] = [f"{s.speaker} {s.slots['deed']}"]


def _thing(said: str) -> Callable[[Situation], None]:
    def build(s: Situation) -> None:
        s.said = s.scene = said
        s.set_item(s.item())

    return build


def _mutter(s: Situation) -> None:
    s.said, s.scene, s.speaker = None, "mutter", None


def _way(s: Situation) -> None:
    goal = names.site(s.rng, s.heldout)
    ways = {goal: way_text(s)}
    while s.rng.random() < 0.4 and len(ways) < 3:
        ways.setdefault(names.site(s.rng, s.heldout), way_text(s))
    s.said, s.scene = "way", "way"
    s.slots.update(target=names.target(goal), way=ways[goal])
    if s.rng.random() < 0.33:
        del ways[goal]
        s.scene = "way_unknown"
        del s.slots["way"]
    if ways:
        s.facts["way"] = ways


def _here(s: Situation) -> None:
    s.said = "here"
    s.scene = "here" if "place" in s.slots else "here_unknown"


def _weather(s: Situation) -> None:
    s.said = "weather"
    s.scene = "weather" if "weather" in s.slots else "weather_unknown"


def _time(s: Situation) -> None:
    s.said = "time"
    s.scene = "time" if s.time else "time_unknown"


def _heal(s: Situation) -> None:
    s.said = "help_heal"
    s.scene = "help_heal" if s.role == "healer" else "help_heal_other"


def _repair(s: Situation) -> None:
    s.said = "help_repair"
    s.scene = "help_repair" if s.role == "smith" else "help_repair_other"


def _held(s: Situation) -> None:
    s.said = "held"
    s.scene = "held" if "held" in s.slots else "held_none"


def _near(s: Situation) -> None:
    s.said = "near"
    s.scene = "near" if s.near else "near_none"


def _who_is(s: Situation) -> None:
    s.said = "who_is"
    if s.near and s.rng.random() < 0.65:
        other, title = s.rng.choice(s.near)
        s.slots.update(other=other, other_title=title)
        s.scene = "who_is"
    else:
        s.slots["other"] = s.person()
        s.scene = "who_is_unknown"


def add_noise(s: Situation) -> None:
    """Facts that have nothing to do with what is asked: a mod sends its stall with every word."""
    rng = s.rng
    if s.topic in ("trade", "quest", "memory", "way", "find", "like", "told", "greeting", "approach", "fight"):
        return
    if rng.random() < 0.1:
        s.facts["stock"] = {s.item(): amount(rng) for _ in range(rng.choice((1, 2)))}
        if rng.random() < 0.5:
            s.facts["price"] = {thing: amount(rng) for thing in s.facts["stock"]}
    if rng.random() < 0.06:
        s.facts.update(need={s.item(): amount(rng)}, reward=amount(rng))
    if rng.random() < 0.08:
        s.facts["memory"] = f"{s.speaker or s.person()} {deed_text(s)}"
    if rng.random() < 0.06:
        s.facts["way"] = {names.site(rng, s.heldout): way_text(s)}
    if rng.random() < 0.1 and s.topic != "health":
        set_health(s, rng.random() < 0.15)


def _memory(s: Situation) -> None:
    s.said, s.scene = "memory", "memory_none"
    kept = []
    if s.rng.random() < 0.6:
        s.scene = "memory"
        s.slots["deed"] = deed_text(s)
        kept.append(f"{s.speaker} {s.slots['deed']}")
    if s.rng.random() < 0.3:
        kept.append(f"{s.person()} {deed_text(s)}")
    s.rng.shuffle(kept)
    if kept:
        s.facts["memory"] = kept


def _health(s: Situation) -> None:
    s.said = "health"
    low = s.rng.random() < 0.5
    set_health(s, low)
    s.scene = "health_low" if low else "health_good"


def set_health(s: Situation, low: bool) -> None:
    """The fact `health`, in one of the ways a mod may write it."""
    points = s.rng.randint(1, 6) if low else s.rng.randint(14, 20)
    words = ("low", "badly hurt", "hurt") if low else ("good", "fine", "full")
    s.facts["health"] = s.rng.choice((*words, f"{points} of 20", points))


def _told(s: Situation) -> None:
    kind = s.rng.choice(("home", "need", "friend"))
    s.said = f"told_{kind}"
    if s.rng.random() < 0.25:
        s.scene = "told_none"
        return
    thing = s.item()
    value = {"home": names.town(s.rng, s.heldout), "need": names.with_article(thing), "friend": s.person()}[kind]
    s.slots["told"] = value
    s.scene = s.said
    s.told.append((f"told_{kind}_fact", "ack"))


def _tells(s: Situation) -> None:
    kind = s.rng.choice(("home", "need", "friend", "talk", "talk"))
    thing = s.item()
    s.slots["told"] = {
        "home": names.town(s.rng, s.heldout), "need": names.with_article(thing), "friend": s.person(), "talk": "",
    }[kind]  # fmt: skip
    s.said = f"told_{kind}_fact" if kind != "talk" else "talk"
    s.scene = "ack"


def _quest(s: Situation) -> None:
    s.said = "quest"
    if s.rng.random() < 0.7:
        set_need(s)
        s.scene = "quest"
    else:
        s.scene = "quest_none"
    if s.rng.random() < 0.3:
        s.intent = "quest"


def set_need(s: Situation) -> tuple[str, int, int]:
    """Facts and slots of an errand: thing, how many, reward."""
    thing, count, reward = s.item(), amount(s.rng), coins(s.rng)
    s.facts.update(need={thing: count}, reward=reward)
    s.set_item(thing, count)
    s.slots["reward"] = str(reward)
    return thing, count, reward


def coins(rng: random.Random) -> int:
    """2 to 99, mostly small: one coin would want its own grammar."""
    return max(2, amount(rng))


def set_goods(s: Situation) -> tuple[str, int, int]:
    """Facts of a stall: one to three things with counts and prices; slots of the first."""
    goods = list(dict.fromkeys(s.item() for _ in range(s.rng.choice((1, 1, 2, 3)))))
    stock = {thing: amount(s.rng) for thing in goods}
    prices = {thing: coins(s.rng) for thing in goods}
    thing = goods[0]
    s.facts["stock"] = stock
    s.facts["price"] = prices[thing] if len(goods) == 1 else prices
    s.set_item(thing)
    return thing, stock[thing], prices[thing]


def _lacking(s: Situation) -> None:
    if s.rng.random() < 0.8:
        set_goods(s)
    taken = s.facts.get("stock", {})
    thing = s.item()
    while thing in taken:
        thing = s.item()
    s.set_item(thing)


def _trade(s: Situation) -> None:
    kind = s.rng.choice(("price", "price", "price", "stock", "stock_none", "lacking", "haggle", "haggle"))
    s.said = s.scene = kind
    if s.rng.random() < 0.25:
        s.intent = "trade"
    if kind == "stock_none":
        s.said = "stock"
        return
    if kind == "lacking":
        _lacking(s)
        return
    thing, count, price = set_goods(s)
    if kind == "stock":
        only = {thing: count}
        s.facts["stock"] = only
        if s.rng.random() < 0.5:
            s.facts["price"] = price
        else:
            del s.facts["price"]
        s.set_item(thing, count)
    s.slots["price"] = str(price)
    if kind == "haggle":
        _set_haggle(s, thing, count, price)


def _set_haggle(s: Situation, thing: str, count: int, price: int) -> bool:
    """An offer against the price; True where it is taken as it is."""
    price = max(price, 5) if price < 5 else price
    s.facts["stock"], s.facts["price"] = {thing: count}, price
    taken = s.rng.random() < 0.2
    offer = price + s.rng.choice((0, 0, 1, 2)) if taken else s.rng.randint(max(2, price // 3), max(2, price * 4 // 5))
    s.slots.update(price=str(price), offer=str(offer), counter=str((offer + price + 1) // 2))
    if taken:
        s.scene = "haggle_accept"
    return taken


def _fight(s: Situation) -> None:
    s.said, s.scene = "fight", "fight"
    if s.rng.random() < 0.25:
        s.said, s.scene = "fight_none", "fight_none"
        return
    raw = names.enemy(s.rng, s.heldout)
    s.slots["foe"] = names.foe(raw)
    if s.rng.random() < 0.6:
        s.facts["enemy"] = raw
    if s.rng.random() < 0.2:
        s.intent = "tactics"


def _banter(s: Situation) -> None:
    s.scene = "banter"
    s.said = s.rng.choice(("~mutter", "~work", "~mood", "~weather", "~banter", "~banter", "~rumour", "~ack"))


# ---- the JSON form -------------------------------------------------------------------------------------------

_QUEST_ACTS = ("offer_quest", "complete_quest", "give_item", "take_item")
_TRADE_ACTS = ("offer_trade", "give_item", "take_item")
_FIGHT_ACTS = ("attack", "flank", "guard", "hold", "retreat", "call_help", "flee")
_GESTURES = ("emote", "follow", "stay", "give_item")


def _j_quest(s: Situation) -> None:
    s.intent = "quest"
    roll = s.rng.random()
    if roll < 0.2:
        s.said, s.scene, s.do = "quest", "j_no_quest", NOTHING
        s.list_actions(("offer_quest",), _QUEST_ACTS)
        return
    thing, count, reward = set_need(s)
    if roll < 0.7:
        s.said, s.scene = s.rng.choice(("quest", "quest", "quest", None)), "j_offer_quest"
        s.do = {"action": "offer_quest", "item": thing, "count": count, "reward": reward}
        s.list_actions(("offer_quest",), _QUEST_ACTS)
    elif roll < 0.9:
        s.said, s.scene, s.do = "j_done", "j_complete_quest", {"action": "complete_quest"}
        s.list_actions(("complete_quest",), _QUEST_ACTS)
    else:
        wrong = s.item()
        while wrong == thing:
            wrong = s.item()
        s.slots["wrong"] = f"{amount(s.rng) + 1} {names.plural(wrong)}"
        s.said, s.scene, s.do = "j_not_done", "j_not_complete", NOTHING
        s.list_actions(("complete_quest",), _QUEST_ACTS)


def _j_trade(s: Situation) -> None:
    s.intent = "trade"
    s.list_actions(("offer_trade",), _TRADE_ACTS)
    kind = s.rng.choice(("buy", "buy", "buy", "haggle", "haggle", "lacking", "give", "take"))
    if kind == "lacking":
        s.said, s.scene, s.do = "lacking", "j_no_trade", NOTHING
        _lacking(s)
    elif kind == "take":
        thing = s.item()
        s.set_item(thing)
        s.said, s.scene, s.do = "j_take", "j_take", {"action": "take_item", "item": thing, "count": 1}
        s.list_actions(("take_item",), _TRADE_ACTS)
    else:
        thing, count, price = set_goods(s)
        s.slots["price"] = str(price)
        if kind == "buy":
            want = s.rng.randint(1, min(count, 20))
            s.slots.update(want=str(want), wanted=thing if want == 1 else names.plural(thing))
            s.said, s.scene = "j_trade", "j_offer_trade"
            s.do = {"action": "offer_trade", "item": thing, "count": want, "price": price}
        elif kind == "give":
            s.said, s.scene, s.do = "j_give", "j_give", {"action": "give_item", "item": thing, "count": 1}
            s.list_actions(("give_item",), _TRADE_ACTS)
        else:
            s.said, s.scene = "haggle", "j_haggle"
            taken = _set_haggle(s, thing, count, price)
            if taken:
                s.scene = "j_accept"
            agreed = int(s.slots["offer" if taken else "counter"])
            s.do = {"action": "offer_trade", "item": thing, "count": 1, "price": agreed}


def _j_tactics(s: Situation) -> None:
    s.intent = "tactics"
    if s.rng.random() < 0.12:
        s.said, s.scene, s.do = "fight_none", "j_calm", NOTHING
        s.list_actions(("attack",), _FIGHT_ACTS)
        return
    raw = names.enemy(s.rng, s.heldout)
    s.facts["enemy"] = raw
    bare = raw if raw[0].isupper() or "_" in raw else raw.split()[-1]
    s.slots.update(foe=names.foe(raw), foe_call=bare)
    s.said = s.rng.choice(("j_attack", "j_attack", None))
    if s.speaker and s.rng.random() < 0.15:
        s.said, s.scene, s.do = "j_guard", "j_guard", {"action": "guard", "target": s.speaker}
        s.list_actions(("guard",), _FIGHT_ACTS)
        return
    low = s.rng.random() < 0.3
    if low or s.rng.random() < 0.5:
        set_health(s, low)
    allies = [s.person() for _ in range(s.rng.choice((1, 1, 2)))] if s.rng.random() < 0.4 else []
    if allies:
        s.facts["allies"] = allies
        s.slots["ally"] = allies[0]
    s.list_actions(s.rng.choice((("attack", "retreat"), ("attack", "flee", "flank"), ("hold", "flank", "call_help"),
                                 ("attack", "flank", "retreat", "call_help"), ("hold", "flee"))), _FIGHT_ACTS)  # fmt: skip
    _decide(s, raw, low, bool(allies))


def _decide(s: Situation, raw: str, low: bool, allied: bool) -> None:
    """What is sensible: the hurt fall back, the meek run or call, with allies one flanks, else one strikes."""
    brave = s.role in BRAVE
    if low:
        order = ["retreat", "flee", "call_help", "hold"]
    elif not brave:
        order = ["flee", "call_help", "retreat", "hold"]
    else:
        order = ["flank", "attack", "hold"] if allied else ["attack", "hold", "call_help"]
    act = next((name for name in order if name in s.listed), "nothing")
    if act == "nothing":
        act = "hold"
        s.listed = (*s.listed, "hold")
    s.scene = f"j_{act}"
    if act == "flank":
        side = s.rng.choice(("left", "right"))
        s.slots["side"] = side
        s.do = {"action": "flank", "side": side, "target": raw}
    elif act == "attack":
        s.do = {"action": "attack", "target": raw}
    else:
        s.do = {"action": act}


def _j_gesture(s: Situation) -> None:
    s.intent = "gesture"
    kind = s.rng.choice(("follow", "stay", "wave", "bow", "laugh", "cry", "shrug", "nod", "dance"))
    s.said = s.scene = f"j_{kind}"
    if kind == "follow":
        s.do = {"action": "follow", "target": s.speaker}
        s.list_actions(("follow",), _GESTURES)
    elif kind == "stay":
        s.do = {"action": "stay"}
        s.list_actions(("stay",), _GESTURES)
    else:
        s.do = {"action": "emote", "kind": kind}
        s.list_actions(("emote",), _GESTURES)


def _j_small(s: Situation) -> None:
    """Small talk while a trade or a quest could be: words, and no action."""
    s.intent = s.rng.choice(("quest", "trade"))
    s.said = s.scene = s.rng.choice(("greeting", "thanks", "farewell", "who", "mood", "work"))
    s.do = NOTHING
    if s.intent == "quest":
        s.list_actions(("offer_quest",), _QUEST_ACTS)
        if s.rng.random() < 0.6:
            set_need(s)
    else:
        s.list_actions(("offer_trade",), _TRADE_ACTS)
        if s.rng.random() < 0.7:
            set_goods(s)


@dataclass(frozen=True)
class Topic:
    weight: float
    build: Callable[[Situation], None]
    json: bool = False


TOPICS: dict[str, Topic] = {
    "greeting": Topic(4.5, _greeting),
    "approach": Topic(4.5, _approach),
    "mutter": Topic(3.0, _mutter),
    "who": Topic(3.0, _same("who")),
    "way": Topic(4.5, _way),
    "here": Topic(1.5, _here),
    "rumour": Topic(3.5, _same("rumour")),
    "quest": Topic(4.0, _quest),
    "trade": Topic(5.0, _trade),
    "heal": Topic(4.0, _heal),
    "repair": Topic(3.5, _repair),
    "food": Topic(1.5, _same("help_food")),
    "thanks": Topic(2.0, _same("thanks")),
    "threat": Topic(1.8, _same("threat")),
    "insult": Topic(1.5, _same("insult")),
    "fight": Topic(2.5, _fight),
    "weather": Topic(2.0, _weather),
    "time": Topic(1.5, _time),
    "farewell": Topic(2.2, _same("farewell")),
    "mood": Topic(2.2, _same("mood")),
    "work": Topic(2.5, _same("work")),
    "held": Topic(1.5, _held),
    "near": Topic(1.5, _near),
    "who_is": Topic(1.5, _who_is),
    "memory": Topic(2.5, _memory),
    "health": Topic(1.2, _health),
    "unknown": Topic(2.0, _same("unknown")),
    "bot": Topic(0.8, _same("bot")),
    "praise": Topic(1.0, _same("praise")),
    "joke": Topic(1.0, _same("joke")),
    "sorry": Topic(0.8, _same("sorry")),
    "nonsense": Topic(1.0, _same("nonsense")),
    "your_name": Topic(0.8, _same("your_name")),
    "told": Topic(2.0, _told),
    "tells": Topic(1.6, _tells),
    "banter": Topic(4.5, _banter),
    "help": Topic(1.2, _same("help")),
    "age": Topic(0.6, _same("age")),
    "family": Topic(0.7, _same("family")),
    "live": Topic(0.8, _same("live")),
    "like": Topic(0.8, _thing("like")),
    "find": Topic(1.0, _thing("find")),
    "come": Topic(0.9, _same("come")),
    "village": Topic(0.9, _same("village")),
    "j_quest": Topic(8.0, _j_quest, json=True),
    "j_trade": Topic(10.0, _j_trade, json=True),
    "j_tactics": Topic(12.0, _j_tactics, json=True),
    "j_small": Topic(2.0, _j_small, json=True),
    "j_gesture": Topic(4.5, _j_gesture, json=True),
}
