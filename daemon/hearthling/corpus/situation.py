"""One moment of one NPC: who stands where, what is known, what is said and which scene answers it.

Holds the facts that every topic shares, and the helpers that set them. Decided by the `random.Random` in it.
Pure; knows nothing of tokens or of the checker.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from hearthling.corpus import names
from hearthling.data import load

FACTS = load().facts
BRAVE = frozenset(load().folk.brave)
NOTHING: dict[str, Any] = {"action": "nothing"}
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
    facts: dict[str, Any] = field(default_factory=dict)  # as a mod sends them
    slots: dict[str, str] = field(default_factory=dict)  # placeholder → value
    near: list[tuple[str, str]] = field(default_factory=list)  # name, title
    player_scene: str | None = None  # scene of what is said
    npc_scene: str | None = None  # or the scene from which another NPC speaks
    reply_scene: str = ""
    intent: str = "dialogue"
    offered: tuple[str, ...] = ()  # actions shown in the prompt
    decision: dict[str, Any] | None = None  # the right action with its parameters; None: a reply in plain words
    earlier_turns: list[tuple[str, str]] = field(default_factory=list)  # player's scene, scene of the reply
    in_mod_order: bool = True  # actions by the alphabet, parameters in the order that the mod asks for
    is_described: bool = False  # actions say what they do, as a mod may have it
    places: list[str] = field(default_factory=list)  # that the NPC could go to
    player_sells: str | None = None  # the item
    sides: tuple[str, ...] = SIDES  # of an enemy, where no ally stands yet
    chores: list[str] = field(default_factory=list)  # actions on offer that other mods made

    def item(self) -> str:
        return names.item(self.rng, self.heldout)

    def person(self) -> str:
        return names.person(self.rng, self.heldout)

    def set_item(self, item: str, count: int | None = None) -> None:
        """Placeholders around one thing; the plural follows the count."""
        self.slots.update(item=item, a_item=names.with_article(item), items=item)
        if count is not None:
            self.slots["count"] = str(count)
        if count != 1:
            self.slots["items"] = names.plural(item)

    def offer_some(self, needed: Sequence[str], others: Sequence[str]) -> None:
        """Offers `needed` and up to three of `others`."""
        extra = self.rng.sample(others, k=self.rng.randint(0, min(3, len(others))))
        self.offer({*needed, *extra})

    def offer(self, actions: Collection[str]) -> None:
        """Offers these actions: by the alphabet as the mod does, or in random order."""
        offered = sorted(actions)
        if not self.in_mod_order:
            self.rng.shuffle(offered)
        self.offered = tuple(offered)


def amount(rng: random.Random) -> int:
    """1 to 99, mostly small."""
    return rng.randint(1, 12) if rng.random() < 0.6 else rng.randint(2, 99)


def coins(rng: random.Random) -> int:
    """2 to 99, mostly small: one coin would want its own grammar."""
    return max(2, amount(rng))


def way_text(s: Situation) -> str:
    description = s.rng.choice(FACTS.ways).replace("{town}", names.town(s.rng, s.heldout))
    return f"{s.rng.choice(FACTS.directions)} {description}" if s.rng.random() < 0.75 else description


def _event(s: Situation, texts: Sequence[str]) -> str:
    """One of `texts` with its placeholders filled. All values are drawn, whether used or not."""
    item, count = s.item(), s.rng.randint(2, 20)
    return (
        s.rng.choice(texts)
        .replace("{a_item}", names.with_article(item))
        .replace("{items}", names.plural(item))
        .replace("{count}", str(count))
        .replace("{target}", names.target(names.site(s.rng, s.heldout)))
        .replace("{town}", names.town(s.rng, s.heldout))
        .replace("{coins}", str(coins(s.rng)))
        .replace("{foe}", names.foe(names.enemy(s.rng, s.heldout)))
        .replace("{speaker}", s.speaker or s.npc)
    )


def deed_text(s: Situation) -> str:
    """What somebody did: the rest of a sentence that begins with who."""
    return _event(s, FACTS.deeds)


def memory_lines(s: Situation, speaker_deed: str | None = None) -> list[str]:
    """What an NPC remembers: deeds of others, its own luck, and what the speaker did somewhere among them."""
    lines = [f"{s.person()} {deed_text(s)}" for _ in range(s.rng.choice((0, 0, 0, 1, 1, 2)))]
    lines += [_event(s, FACTS.outcomes) for _ in range(s.rng.choice((0, 0, 0, 1, 1, 2)))]
    if speaker_deed:
        lines.append(f"{s.speaker} {speaker_deed}")
    s.rng.shuffle(lines)
    return lines


def set_need(s: Situation) -> tuple[str, int, int]:
    """Facts and placeholders of a quest: thing, how many, reward."""
    item, count, reward = s.item(), amount(s.rng), coins(s.rng)
    roll = s.rng.random()
    if roll < 0.06:
        item = FACTS.kill_quest.replace("{enemy}", s.rng.choice(names.LISTS.enemies))
    elif roll < 0.14:  # a thing to carry or a place to see is asked for as one thing, too
        target = names.target(names.site(s.rng, s.heldout))
        person = s.person()
        item, count = s.rng.choice(FACTS.errand_quests).replace("{target}", target).replace("{person}", person), 1
    s.facts.update(need={item: count}, reward=reward)
    s.set_item(item, count)
    s.slots["reward"] = str(reward)
    return item, count, reward


def set_goods(s: Situation) -> tuple[str, int, int]:
    """Facts of a stall: one to three things with counts and prices; placeholders of the first."""
    goods = list(dict.fromkeys(s.item() for _ in range(s.rng.choice((1, 1, 1, 2, 3)))))
    stock = {item: amount(s.rng) for item in goods}
    prices = {item: coins(s.rng) for item in goods}
    item = goods[0]
    s.facts["stock"] = stock
    s.facts["price"] = prices[item] if len(goods) == 1 else prices
    s.set_item(item)
    return item, stock[item], prices[item]


def set_health(s: Situation, low: bool) -> None:
    """The fact `health`, in one of the ways a mod may write it."""
    points = s.rng.randint(1, 6) if low else s.rng.randint(14, 20)
    words = FACTS.health_low if low else FACTS.health_good
    s.facts["health"] = s.rng.choice((*words, f"{points} of 20", points))


def set_haggle(s: Situation, item: str, count: int, price: int) -> bool:
    """An offer against the price; True where it is accepted as it is."""
    price = max(price, 5)
    s.facts["stock"], s.facts["price"] = {item: count}, price
    accepted = s.rng.random() < 0.2
    if accepted:
        offer = price + s.rng.choice((0, 0, 1, 2))
    else:
        offer = s.rng.randint(max(2, price // 3), max(2, price * 4 // 5))
    s.slots.update(price=str(price), offer=str(offer), counter=str((offer + price + 1) // 2))
    if accepted:
        s.reply_scene = "haggle_accept"
    return accepted


def set_lacking(s: Situation) -> None:
    """A thing that is not among the goods, with or without a stall."""
    if s.rng.random() < 0.8:
        set_goods(s)
    stock = s.facts.get("stock", {})
    item = s.item()
    while item in stock:
        item = s.item()
    s.set_item(item)


def add_noise(s: Situation) -> None:
    """Facts that have nothing to do with what is asked: a mod sends its stall with every word."""
    rng = s.rng
    if s.topic in ("trade", "quest", "memory", "way", "find", "like", "told", "greeting", "approach", "fight"):
        return
    if rng.random() < 0.1:
        s.facts["stock"] = {s.item(): amount(rng) for _ in range(rng.choice((1, 2)))}
        if rng.random() < 0.5:
            s.facts["price"] = {item: amount(rng) for item in s.facts["stock"]}
    if rng.random() < 0.06:
        s.facts.update(need={s.item(): amount(rng)}, reward=amount(rng))
    if rng.random() < 0.08:
        s.facts["memory"] = f"{s.speaker or s.person()} {deed_text(s)}"
    if rng.random() < 0.06:
        s.facts["way"] = {names.site(rng, s.heldout): way_text(s)}
    if rng.random() < 0.1 and s.topic != "health":
        set_health(s, rng.random() < 0.15)
