"""Topics answered in the JSON form: what the NPC says, and the one action that is sensible.

Each public function is the `build` of a topic in `topics.py`. Pure.
"""

from __future__ import annotations

from hearthling.corpus import names, offers
from hearthling.corpus.situation import (
    BRAVE,
    NOTHING,
    SIDES,
    Situation,
    amount,
    coins,
    set_goods,
    set_haggle,
    set_health,
    set_lacking,
    set_need,
)

_QUEST_ACTS = ("offer_quest", "complete_quest", "give_item", "take_item")
_TRADE_ACTS = ("offer_trade", "give_item", "take_item")
_FIGHT_ACTS = ("attack", "flank", "guard", "hold", "retreat", "call_help", "flee")
_FIGHT_CHOICES = (
    ("attack", "retreat"),
    ("attack", "flee", "flank"),
    ("hold", "flank", "call_help"),
    ("attack", "flank", "retreat", "call_help"),
    ("hold", "flee"),
)
_ALLY_DOES = (
    "attacks", "attacks", "holds", "flanks left", "flanks right", "falls back", "calls for help", "runs",
)  # fmt: skip
_IN_TALK_SHARE = 0.65  # of quests, trades and gestures: asked for in plain talk, where much else is on offer too


def offer(s: Situation, intent: str, needed: tuple[str, ...], others: tuple[str, ...]) -> None:
    """What may be chosen: a few actions of the same kind, or in plain talk all that can be done now."""
    if s.rng.random() < _IN_TALK_SHARE:
        offers.add_affairs(s)
        offers.in_talk(s, needed)
    else:
        s.intent = intent
        s.list_actions(needed, others)


def quest(s: Situation) -> None:
    roll = s.rng.random()
    if roll < 0.2:
        s.said, s.scene, s.do = "quest", "j_no_quest", NOTHING
        offer(s, "quest", (), ()) if s.rng.random() < 0.3 else offer(s, "quest", ("offer_quest",), _QUEST_ACTS)
        return
    thing, count, reward = set_need(s)
    if roll < 0.7:
        s.said, s.scene = s.rng.choice(("quest", "quest", "quest", None)), "j_offer_quest"
        s.do = {"action": "offer_quest", "item": thing, "count": count, "reward": reward}
        offer(s, "quest", ("offer_quest",), _QUEST_ACTS)
    elif roll < 0.9:
        s.said, s.scene, s.do = "j_done", "j_complete_quest", {"action": "complete_quest"}
        offer(s, "quest", ("complete_quest",), _QUEST_ACTS)
    else:
        wrong = s.item()
        while wrong == thing:
            wrong = s.item()
        s.slots["wrong"] = f"{amount(s.rng) + 1} {names.plural(wrong)}"
        s.said, s.scene, s.do = "j_not_done", "j_not_complete", NOTHING
        offer(s, "quest", ("complete_quest",), _QUEST_ACTS)


def trade(s: Situation) -> None:
    kind = s.rng.choice(("buy", "buy", "buy", "price", "haggle", "haggle", "lacking", "stock", "sell", "give", "take"))
    needed = {"give": "give_item", "take": "take_item"}.get(kind, "offer_trade")
    if kind == "lacking":
        s.said, s.scene, s.do = "lacking", "j_no_trade", NOTHING
        set_lacking(s)
    elif kind == "sell":
        _buy(s)
    elif kind == "take":
        thing = s.item()
        s.set_item(thing)
        if s.rng.random() < 0.5:
            s.facts["held"] = thing
        s.said, s.scene, s.do = "j_take", "j_take", {"action": "take_item", "item": thing, "count": 1}
    else:
        thing, count, price = set_goods(s)
        s.slots["price"] = str(price)
        _sell(s, kind, thing, count, price)
    offer(s, "trade", (needed,), _TRADE_ACTS)


def _buy(s: Situation) -> None:
    """The player has something to sell; the mod says what it is worth here."""
    thing, price, count = s.item(), coins(s.rng), s.rng.choice((1, 1, amount(s.rng)))
    s.buys, s.facts["price"] = thing, price
    s.set_item(thing, count)
    s.slots.update(price=str(price), wanted=thing if count == 1 else names.plural(thing), want=str(count))
    if s.rng.random() < 0.7:
        s.facts["held"] = thing
    s.said, s.scene = ("o_sell_one" if count == 1 else "o_sell"), "j_buy"
    s.do = {"action": "offer_trade", "item": thing, "count": count, "price": price}


def _sell(s: Situation, kind: str, thing: str, count: int, price: int) -> None:
    """A thing of the stall is asked for: to buy, for its price, cheaper, or as a gift; or what there is at all."""
    s.do = {"action": "offer_trade", "item": thing, "count": 1, "price": price}
    if kind == "buy":
        want = s.rng.randint(1, min(count, 20))
        s.slots.update(want=str(want), wanted=thing if want == 1 else names.plural(thing))
        s.said, s.scene, s.do["count"] = "j_trade", "j_offer_trade", want
    elif kind == "price":
        s.said = s.scene = "price"
    elif kind == "stock":
        s.facts["stock"] = {thing: count}
        s.facts["price"] = price
        s.set_item(thing, count)
        s.said, s.scene, s.do = "stock", "stock", NOTHING
    elif kind == "give":
        s.said, s.scene, s.do = "j_give", "j_give", {"action": "give_item", "item": thing, "count": 1}
    else:
        s.said, s.scene = "haggle", "j_haggle"
        taken = set_haggle(s, thing, count, price)
        if taken:
            s.scene = "j_accept"
        s.do["price"] = int(s.slots["offer" if taken else "counter"])


def tactics(s: Situation) -> None:
    s.intent = "tactics"
    if s.rng.random() < 0.1:
        s.said, s.scene, s.do = "fight_none", "j_calm", NOTHING
        s.list_actions(("attack",), _FIGHT_ACTS)
        return
    raw = enemies(s)
    s.said = s.rng.choice(("j_attack", None, None))
    if s.said is None and s.rng.random() < 0.75:
        s.speaker = None  # the fight itself asks
        del s.slots["speaker"]
    if s.speaker and s.rng.random() < 0.15:
        s.said, s.scene, s.do = "j_guard", "j_guard", {"action": "guard", "target": s.speaker}
        s.list_actions(("guard",), _FIGHT_ACTS)
        return
    low = s.rng.random() < 0.3
    if low or s.rng.random() < 0.5:
        set_health(s, low)
        if s.facts["health"] == "hurt" or (not low and s.rng.random() < 0.4):
            s.facts["health"] = "badly hurt" if low else "hurt"  # who is hurt but not badly fights on
    fronted = _squad(s) if s.rng.random() < 0.4 else False
    if s.rng.random() < 0.7:
        s.show(_orders_of(s))
    else:
        s.list_actions(s.rng.choice(_FIGHT_CHOICES), _FIGHT_ACTS)
    _decide(s, raw, low, fronted)


def _squad(s: Situation) -> bool:
    """Who fights beside it, and what they do; True where one stands before the enemy, or may."""
    allies = [s.person() for _ in range(s.rng.choice((1, 1, 2)))]
    s.facts["allies"] = allies
    s.slots["ally"] = allies[0]
    if s.rng.random() < 0.4:
        return True
    does = [s.rng.choice(_ALLY_DOES) for _ in allies]
    s.facts["orders"] = [f"{ally} {order}" for ally, order in zip(allies, does, strict=True)]
    s.sides = tuple(side for side in SIDES if f"flanks {side}" not in does) or SIDES
    return "attacks" in does or "holds" in does


def _orders_of(s: Situation) -> set[str]:
    """What the mod lets such a one choose from in a fight."""
    may_call = {"call_help"} if s.rng.random() < 0.6 else set()
    if s.role not in BRAVE:
        return {"flee", "retreat"} | may_call
    some = {"flank"} if "allies" in s.facts else set()
    some |= {"guard"} if s.rng.random() < 0.4 else set()
    return {"attack", "flee", "hold", "retreat"} | some | may_call


def enemies(s: Situation) -> str:
    """One enemy or several; who asks for a blow means the first, which a mod puts there as the nearest."""
    raw = names.enemy(s.rng, s.heldout)
    others = [names.enemy(s.rng, s.heldout) for _ in range(s.rng.choice((0, 0, 0, 1, 2)))]
    s.facts["enemy"] = list(dict.fromkeys((raw, *others))) if others or s.rng.random() < 0.2 else raw
    bare = raw if raw[0].isupper() or "_" in raw else raw.split()[-1]
    s.slots.update(foe=names.foe(raw), foe_call=bare)
    return raw


def _decide(s: Situation, raw: str, low: bool, fronted: bool) -> None:
    """What is sensible: the meek run, the badly hurt fall back, one takes the flank of an enemy whom a friend holds."""
    if s.role not in BRAVE:
        order = ["flee", "call_help", "retreat"]
    elif low:
        order = ["retreat", "flee", "call_help"]
    else:
        order = ["flank", "attack"] if fronted else ["attack"]
    act = next((name for name in order if name in s.listed), "hold")
    s.show({*s.listed, act})
    s.scene = f"j_{act}"
    s.do = {"action": act}
    if act == "flank":
        s.slots["side"] = s.do["side"] = s.rng.choice(s.sides)
    if act in ("flank", "attack"):
        s.do["target"] = raw


def small(s: Situation) -> None:
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
