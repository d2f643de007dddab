"""One moment of one NPC: who stands where, what is known, what is said and which scene answers it.

Holds the facts every topic shares and the helpers that set them. Decided by the `random.Random` in it.
Pure; knows nothing of tokens or of the checker.
"""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from hearthling.corpus import names

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
DEEDS = names.phrases("""
brought herbs|brought {a_item}|fixed the fence|saved my life|paid for the roof|bought an apple
fought the wolf at my side|found my lost ring|carried water for me|asked the way to {target}
bought {a_item} from me|sold me {a_item}|told a good story|helped with the harvest|painted a window
drove the bandits away|slept at the inn|planted a tree by the gate|lost at dice|gave me {count} coins
brought {count} {items}|sang at the feast|mended the bridge|came from {town}|fed my hens
bought {count} {items} for {coins} coins|sold me {count} {items} for {coins} coins
bought {count} {items} for {coins} coins|refused my price of {coins} coins for {a_item}
refused my price of {coins} coins for {a_item}|lost the wager
brought {count} {items} for {coins} coins|did not bring the {items}|gave me {a_item}|took {a_item} as a gift
went with me to {target}|won the fight with {foe}|ran from {foe}|refused my errand
""")
OUTCOMES = names.phrases("""
{foe} beat me|I beat {foe}|{foe} ran from me|I fell in the fight with {foe}|I waited for {speaker} in vain
I sold {count} {items} today|nobody wanted my {items}|I could not reach {target}|the door to {target} was shut
""")
_WAYS_A = names.words("north south east west uphill downhill left right straight")
_WAYS_B = names.phrases("""
past the well|over the bridge|along the river|behind the inn|through the forest|by the old oak
at the crossroads|across the field|beyond the hill|next to the shrine|by the water|up the stone stairs
past two red houses|after the gate|under the cliff|around the lake|behind the {town} sign
behind the old wall|near the big rock|along the wall
""")
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
    "go_to": ("place:string",),
    "open_door": (),
}
ACTIONS: dict[str, dict[str, Any]] = {
    name: {"type": "object", "properties": {p.split(":")[0]: {"type": p.split(":")[1]} for p in params}}
    for name, params in _SIGNATURES.items()
}
NOTHING: dict[str, Any] = {"action": "nothing"}
EMOTES = ("wave", "point", "nod", "bow", "shrug", "laugh", "cry", "dance")
SIDES = ("left", "right")


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
    as_mod: bool = True  # actions by the alphabet, parameters in the order that the mod asks for
    is_described: bool = False  # actions say what they do, as a mod may have it
    places: list[str] = field(default_factory=list)  # that the NPC could go to
    buys: str | None = None  # what the player wants to sell
    sides: tuple[str, ...] = SIDES  # of an enemy, where no ally stands yet
    own: list[str] = field(default_factory=list)  # actions on offer that other mods made

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
        self.show({*needed, *extra})

    def show(self, chosen: Collection[str]) -> None:
        """Shows these actions: by the alphabet as the mod does, or in random order."""
        listed = sorted(chosen)
        if not self.as_mod:
            self.rng.shuffle(listed)
        self.listed = tuple(listed)


def amount(rng: random.Random) -> int:
    """1 to 99, mostly small."""
    return rng.randint(1, 12) if rng.random() < 0.6 else rng.randint(2, 99)


def coins(rng: random.Random) -> int:
    """2 to 99, mostly small: one coin would want its own grammar."""
    return max(2, amount(rng))


def way_text(s: Situation) -> str:
    second = s.rng.choice(_WAYS_B).replace("{town}", names.town(s.rng, s.heldout))
    return f"{s.rng.choice(_WAYS_A)} {second}" if s.rng.random() < 0.75 else second


def _outcome(s: Situation, texts: list[str]) -> str:
    thing, count = s.item(), s.rng.randint(2, 20)
    return (
        s.rng.choice(texts)
        .replace("{a_item}", names.with_article(thing))
        .replace("{items}", names.plural(thing))
        .replace("{count}", str(count))
        .replace("{target}", names.target(names.site(s.rng, s.heldout)))
        .replace("{town}", names.town(s.rng, s.heldout))
        .replace("{coins}", str(coins(s.rng)))
        .replace("{foe}", names.foe(names.enemy(s.rng, s.heldout)))
        .replace("{speaker}", s.speaker or s.npc)
    )


def deed_text(s: Situation) -> str:
    """What somebody did: the rest of a sentence that begins with who."""
    return _outcome(s, DEEDS)


def memory_lines(s: Situation, own: str | None = None) -> list[str]:
    """What an NPC keeps: deeds of others and its own luck, and `own`, which the speaker did, somewhere among them."""
    kept = [f"{s.person()} {deed_text(s)}" for _ in range(s.rng.choice((0, 0, 0, 1, 1, 2)))]
    kept += [_outcome(s, OUTCOMES) for _ in range(s.rng.choice((0, 0, 0, 1, 1, 2)))]
    if own:
        kept.append(f"{s.speaker} {own}")
    s.rng.shuffle(kept)
    return kept


def set_need(s: Situation) -> tuple[str, int, int]:
    """Facts and slots of an errand: thing, how many, reward."""
    thing, count, reward = s.item(), amount(s.rng), coins(s.rng)
    roll = s.rng.random()
    if roll < 0.06:
        thing = f"slain {s.rng.choice(names.ENEMIES)}"
    elif roll < 0.14:  # a thing to carry or a place to see is asked for as one thing, too
        where = names.target(names.site(s.rng, s.heldout))
        thing, count = s.rng.choice((f"report from {where}", f"delivery to {s.person()}")), 1
    s.facts.update(need={thing: count}, reward=reward)
    s.set_item(thing, count)
    s.slots["reward"] = str(reward)
    return thing, count, reward


def set_goods(s: Situation) -> tuple[str, int, int]:
    """Facts of a stall: one to three things with counts and prices; slots of the first."""
    goods = list(dict.fromkeys(s.item() for _ in range(s.rng.choice((1, 1, 1, 2, 3)))))
    stock = {thing: amount(s.rng) for thing in goods}
    prices = {thing: coins(s.rng) for thing in goods}
    thing = goods[0]
    s.facts["stock"] = stock
    s.facts["price"] = prices[thing] if len(goods) == 1 else prices
    s.set_item(thing)
    return thing, stock[thing], prices[thing]


def set_health(s: Situation, low: bool) -> None:
    """The fact `health`, in one of the ways a mod may write it."""
    points = s.rng.randint(1, 6) if low else s.rng.randint(14, 20)
    words = ("low", "badly hurt", "hurt") if low else ("good", "fine", "full")
    s.facts["health"] = s.rng.choice((*words, f"{points} of 20", points))


def set_haggle(s: Situation, thing: str, count: int, price: int) -> bool:
    """An offer against the price; True where it is taken as it is."""
    price = max(price, 5) if price < 5 else price
    s.facts["stock"], s.facts["price"] = {thing: count}, price
    taken = s.rng.random() < 0.2
    offer = price + s.rng.choice((0, 0, 1, 2)) if taken else s.rng.randint(max(2, price // 3), max(2, price * 4 // 5))
    s.slots.update(price=str(price), offer=str(offer), counter=str((offer + price + 1) // 2))
    if taken:
        s.scene = "haggle_accept"
    return taken


def set_lacking(s: Situation) -> None:
    """A thing that is not among the goods, with or without a stall."""
    if s.rng.random() < 0.8:
        set_goods(s)
    taken = s.facts.get("stock", {})
    thing = s.item()
    while thing in taken:
        thing = s.item()
    s.set_item(thing)


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
