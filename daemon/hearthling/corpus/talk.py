"""Topics answered in plain words: what is said, which facts are known, which scene answers.

Each public function is the `build` of a topic in `topics.py`. Pure.
"""

from __future__ import annotations

from collections.abc import Callable

from hearthling.corpus import names
from hearthling.corpus.situation import (
    Situation,
    deed_text,
    memory_lines,
    set_goods,
    set_haggle,
    set_health,
    set_lacking,
    set_need,
    way_text,
)


def same(said: str) -> Callable[[Situation], None]:
    def build(s: Situation) -> None:
        s.said = s.scene = said

    return build


def greeting(s: Situation) -> None:
    s.said = s.scene = "greeting"
    if s.rng.random() < 0.12:
        s.said = "~greeting"
    _recall(s)


def approach(s: Situation) -> None:
    s.said, s.scene = None, "greeting"
    _recall(s)


def _recall(s: Situation) -> None:
    """What the speaker once did, now and then."""
    if s.rng.random() < 0.2:
        s.slots["deed"] = deed_text(s)
        s.facts["memory"] = [f"{s.speaker} {s.slots['deed']}"]


def thing(said: str) -> Callable[[Situation], None]:
    def build(s: Situation) -> None:
        s.said = s.scene = said
        s.set_item(s.item())

    return build


def mutter(s: Situation) -> None:
    s.said, s.scene, s.speaker = None, "mutter", None


def way(s: Situation) -> None:
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


def here(s: Situation) -> None:
    s.said = "here"
    s.scene = "here" if "place" in s.slots else "here_unknown"


def weather(s: Situation) -> None:
    s.said = "weather"
    s.scene = "weather" if "weather" in s.slots else "weather_unknown"


def time(s: Situation) -> None:
    s.said = "time"
    s.scene = "time" if s.time else "time_unknown"


def heal(s: Situation) -> None:
    s.said = "help_heal"
    s.scene = "help_heal" if s.role == "healer" else "help_heal_other"


def repair(s: Situation) -> None:
    s.said = "help_repair"
    s.scene = "help_repair" if s.role == "smith" else "help_repair_other"


def held(s: Situation) -> None:
    s.said = "held"
    s.scene = "held" if "held" in s.slots else "held_none"


def near(s: Situation) -> None:
    s.said = "near"
    s.scene = "near" if s.near else "near_none"


def who_is(s: Situation) -> None:
    s.said = "who_is"
    if s.near and s.rng.random() < 0.65:
        other, title = s.rng.choice(s.near)
        s.slots.update(other=other, other_title=title)
        s.scene = "who_is"
    else:
        s.slots["other"] = s.person()
        s.scene = "who_is_unknown"


def memory(s: Situation) -> None:
    s.said, s.scene = "memory", "memory_none"
    roll = s.rng.random()
    if roll < 0.6:
        s.scene = "memory"
        s.slots["deed"] = deed_text(s)
    kept = memory_lines(s, s.slots.get("deed"))
    if roll > 0.85:
        raw = names.enemy(s.rng, s.heldout)
        s.said, s.scene = "beaten", s.rng.choice(("beaten", "victory"))
        s.slots["foe"] = names.foe(raw)
        luck = f"{s.slots['foe']} beat me" if s.scene == "beaten" else f"I beat {s.slots['foe']}"
        kept = [line for line in kept if " beat " not in line]
        kept.insert(s.rng.randint(0, len(kept)), luck)
    if kept:
        s.facts["memory"] = kept


def health(s: Situation) -> None:
    s.said = "health"
    low = s.rng.random() < 0.5
    set_health(s, low)
    s.scene = "health_low" if low else "health_good"


def told(s: Situation) -> None:
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


def tells(s: Situation) -> None:
    kind = s.rng.choice(("home", "need", "friend", "talk", "talk"))
    thing = s.item()
    s.slots["told"] = {
        "home": names.town(s.rng, s.heldout), "need": names.with_article(thing), "friend": s.person(), "talk": "",
    }[kind]  # fmt: skip
    s.said = f"told_{kind}_fact" if kind != "talk" else "talk"
    s.scene = "ack"


def quest(s: Situation) -> None:
    s.said = "quest"
    if s.rng.random() < 0.7:
        set_need(s)
        s.scene = "quest"
    else:
        s.scene = "quest_none"
    if s.rng.random() < 0.3:
        s.intent = "quest"


def trade(s: Situation) -> None:
    kind = s.rng.choice(("price", "price", "price", "stock", "stock_none", "lacking", "haggle", "haggle"))
    s.said = s.scene = kind
    if s.rng.random() < 0.25:
        s.intent = "trade"
    if kind == "stock_none":
        s.said = "stock"
        return
    if kind == "lacking":
        set_lacking(s)
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
        set_haggle(s, thing, count, price)


def fight(s: Situation) -> None:
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


def banter(s: Situation) -> None:
    s.scene = "banter"
    s.said = s.rng.choice(("~mutter", "~work", "~mood", "~weather", "~banter", "~banter", "~rumour", "~ack"))
