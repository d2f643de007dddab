"""Topics answered in plain words: what is said, which facts are known, which scene answers.

Each public function builds the topic of its name in topics.yaml. Pure.
"""

from __future__ import annotations

from hearthling.corpus import names
from hearthling.corpus.situation import (
    FACTS,
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
from hearthling.data import load

BANTER = load().conversation.banter


def greeting(s: Situation) -> None:
    s.player_scene = s.reply_scene = "greeting"
    if s.rng.random() < 0.12:
        s.npc_scene = "greeting"
    _recall_deed(s)


def approach(s: Situation) -> None:
    s.reply_scene = "greeting"
    _recall_deed(s)


def _recall_deed(s: Situation) -> None:
    """What the speaker once did, now and then."""
    if s.rng.random() < 0.2:
        s.slots["deed"] = deed_text(s)
        s.facts["memory"] = [f"{s.speaker} {s.slots['deed']}"]


def mutter(s: Situation) -> None:
    s.reply_scene, s.speaker = "mutter", None


def way(s: Situation) -> None:
    goal = names.site(s.rng, s.heldout)
    ways = {goal: way_text(s)}
    while s.rng.random() < 0.4 and len(ways) < 3:
        ways.setdefault(names.site(s.rng, s.heldout), way_text(s))
    s.player_scene = s.reply_scene = "way"
    s.slots.update(target=names.target(goal), way=ways[goal])
    if s.rng.random() < 0.33:
        del ways[goal]
        s.reply_scene = "way_unknown"
        del s.slots["way"]
    if ways:
        s.facts["way"] = ways


def who_is(s: Situation) -> None:
    s.player_scene = "who_is"
    if s.near and s.rng.random() < 0.65:
        other, title = s.rng.choice(s.near)
        s.slots.update(other=other, other_title=title)
        s.reply_scene = "who_is"
    else:
        s.slots["other"] = s.person()
        s.reply_scene = "who_is_unknown"


def memory(s: Situation) -> None:
    s.player_scene, s.reply_scene = "memory", "memory_none"
    roll = s.rng.random()
    if roll < 0.6:
        s.reply_scene = "memory"
        s.slots["deed"] = deed_text(s)
    lines = memory_lines(s, s.slots.get("deed"))
    if roll > 0.85:
        lines = _last_fight(s, lines)
    if lines:
        s.facts["memory"] = lines


def _last_fight(s: Situation, lines: list[str]) -> list[str]:
    """The player asks about the NPC's last fight: the only one among the lines."""
    raw = names.enemy(s.rng, s.heldout)
    s.player_scene, s.reply_scene = "beaten", s.rng.choice(("beaten", "victory"))
    s.slots["foe"] = names.foe(raw)
    outcome = FACTS.fight_lost if s.reply_scene == "beaten" else FACTS.fight_won
    lines = [line for line in lines if " beat " not in line]
    lines.insert(s.rng.randint(0, len(lines)), outcome.replace("{foe}", s.slots["foe"]))
    return lines


def health(s: Situation) -> None:
    s.player_scene = "health"
    low = s.rng.random() < 0.5
    set_health(s, low)
    s.reply_scene = "health_low" if low else "health_good"


def told(s: Situation) -> None:
    """The player asks for something that was said earlier, or never."""
    kind = s.rng.choice(("home", "need", "friend"))
    s.player_scene = f"told_{kind}"
    if s.rng.random() < 0.25:
        s.reply_scene = "told_none"
        return
    s.slots["told"] = _told_value(s, kind)
    s.reply_scene = s.player_scene
    s.earlier_turns.append((f"told_{kind}_fact", "ack"))


def tells(s: Situation) -> None:
    kind = s.rng.choice(("home", "need", "friend", "talk", "talk"))
    s.slots["told"] = _told_value(s, kind)
    s.player_scene = f"told_{kind}_fact" if kind != "talk" else "talk"
    s.reply_scene = "ack"


def _told_value(s: Situation, kind: str) -> str:
    """What the player says. All values are drawn, whichever is used."""
    item = s.item()
    home, need, friend = names.town(s.rng, s.heldout), names.with_article(item), s.person()
    return {"home": home, "need": need, "friend": friend}.get(kind, "")


def quest(s: Situation) -> None:
    s.player_scene = "quest"
    if s.rng.random() < 0.7:
        set_need(s)
        s.reply_scene = "quest"
    else:
        s.reply_scene = "quest_none"
    if s.rng.random() < 0.3:
        s.intent = "quest"


def trade(s: Situation) -> None:
    kind = s.rng.choice(("price", "price", "price", "stock", "stock_none", "lacking", "haggle", "haggle"))
    s.player_scene = s.reply_scene = kind
    if s.rng.random() < 0.25:
        s.intent = "trade"
    if kind == "stock_none":
        s.player_scene = "stock"
        return
    if kind == "lacking":
        set_lacking(s)
        return
    item, count, price = set_goods(s)
    if kind == "stock":
        s.facts["stock"] = {item: count}
        if s.rng.random() < 0.5:
            s.facts["price"] = price
        else:
            del s.facts["price"]
        s.set_item(item, count)
    s.slots["price"] = str(price)
    if kind == "haggle":
        set_haggle(s, item, count, price)


def fight(s: Situation) -> None:
    s.player_scene = s.reply_scene = "fight"
    if s.rng.random() < 0.25:
        s.player_scene = s.reply_scene = "fight_none"
        return
    raw = names.enemy(s.rng, s.heldout)
    s.slots["foe"] = names.foe(raw)
    if s.rng.random() < 0.6:
        s.facts["enemy"] = raw
    if s.rng.random() < 0.2:
        s.intent = "tactics"


def banter(s: Situation) -> None:
    s.reply_scene = "banter"
    s.npc_scene = s.rng.choice(BANTER)
