"""Topics answered in the JSON form: what the NPC says, and the one action that is sensible.

Each public function is the `build` of a topic in `topics.py`. Pure.
"""

from __future__ import annotations

from llm_agentd.models.corpus import names
from llm_agentd.models.corpus.situation import (
    BRAVE,
    NOTHING,
    Situation,
    amount,
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
_GESTURES = ("emote", "follow", "stay", "give_item")


def quest(s: Situation) -> None:
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


def trade(s: Situation) -> None:
    s.intent = "trade"
    s.list_actions(("offer_trade",), _TRADE_ACTS)
    kind = s.rng.choice(("buy", "buy", "buy", "haggle", "haggle", "lacking", "give", "take"))
    if kind == "lacking":
        s.said, s.scene, s.do = "lacking", "j_no_trade", NOTHING
        set_lacking(s)
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
            taken = set_haggle(s, thing, count, price)
            if taken:
                s.scene = "j_accept"
            agreed = int(s.slots["offer" if taken else "counter"])
            s.do = {"action": "offer_trade", "item": thing, "count": 1, "price": agreed}


def tactics(s: Situation) -> None:
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
    s.list_actions(s.rng.choice(_FIGHT_CHOICES), _FIGHT_ACTS)
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


def gesture(s: Situation) -> None:
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
