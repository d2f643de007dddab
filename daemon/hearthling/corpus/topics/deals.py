"""Topics of quests and trade answered in the JSON form: what the NPC says, and the one action that is right.

Each public function builds a topic `j_…` of topics.yaml. Pure.
"""

from __future__ import annotations

from hearthling.corpus import names
from hearthling.corpus.situation import (
    NOTHING,
    Situation,
    amount,
    coins,
    set_goods,
    set_haggle,
    set_lacking,
    set_need,
)
from hearthling.corpus.topics import offers
from hearthling.data import load

GROUPS = load().actions.groups


def quest(s: Situation) -> None:
    roll = s.rng.random()
    if roll < 0.2:
        s.player_scene, s.reply_scene, s.decision = "quest", "j_no_quest", NOTHING
        if s.rng.random() < 0.3:
            offers.offer(s, "quest", (), ())
        else:
            offers.offer(s, "quest", ("offer_quest",), GROUPS.quest)
        return
    item, count, reward = set_need(s)
    if roll < 0.7:
        s.player_scene, s.reply_scene = s.rng.choice(("quest", "quest", "quest", None)), "j_offer_quest"
        s.decision = {"action": "offer_quest", "item": item, "count": count, "reward": reward}
        offers.offer(s, "quest", ("offer_quest",), GROUPS.quest)
    elif roll < 0.9:
        s.player_scene, s.reply_scene, s.decision = "j_done", "j_complete_quest", {"action": "complete_quest"}
        offers.offer(s, "quest", ("complete_quest",), GROUPS.quest)
    else:
        other = s.item()
        while other == item:
            other = s.item()
        s.slots["wrong"] = f"{amount(s.rng) + 1} {names.plural(other)}"
        s.player_scene, s.reply_scene, s.decision = "j_not_done", "j_not_complete", NOTHING
        offers.offer(s, "quest", ("complete_quest",), GROUPS.quest)


def trade(s: Situation) -> None:
    kind = s.rng.choice(("buy", "buy", "buy", "price", "haggle", "haggle", "lacking", "stock", "sell", "give", "take"))
    needed = {"give": "give_item", "take": "take_item"}.get(kind, "offer_trade")
    if kind == "lacking":
        s.player_scene, s.reply_scene, s.decision = "lacking", "j_no_trade", NOTHING
        set_lacking(s)
    elif kind == "sell":
        _player_sells(s)
    elif kind == "take":
        _player_gives(s)
    else:
        item, count, price = set_goods(s)
        s.slots["price"] = str(price)
        _npc_sells(s, kind, item, count, price)
    offers.offer(s, "trade", (needed,), GROUPS.trade)


def _player_gives(s: Situation) -> None:
    item = s.item()
    s.set_item(item)
    if s.rng.random() < 0.5:
        s.facts["held"] = item
    s.player_scene = s.reply_scene = "j_take"
    s.decision = {"action": "take_item", "item": item, "count": 1}


def _player_sells(s: Situation) -> None:
    """The player has something to sell; the mod says what it is worth here."""
    item, price, count = s.item(), coins(s.rng), s.rng.choice((1, 1, amount(s.rng)))
    s.player_sells, s.facts["price"] = item, price
    s.set_item(item, count)
    s.slots.update(price=str(price), wanted=item if count == 1 else names.plural(item), want=str(count))
    if s.rng.random() < 0.7:
        s.facts["held"] = item
    s.player_scene, s.reply_scene = ("o_sell_one" if count == 1 else "o_sell"), "j_buy"
    s.decision = {"action": "offer_trade", "item": item, "count": count, "price": price}


def _npc_sells(s: Situation, kind: str, item: str, count: int, price: int) -> None:
    """A thing of the stall is asked for: to buy, for its price, cheaper, or as a gift; or what there is at all."""
    s.decision = {"action": "offer_trade", "item": item, "count": 1, "price": price}
    if kind == "buy":
        want = s.rng.randint(1, min(count, 20))
        s.slots.update(want=str(want), wanted=item if want == 1 else names.plural(item))
        s.player_scene, s.reply_scene, s.decision["count"] = "j_trade", "j_offer_trade", want
    elif kind == "price":
        s.player_scene = s.reply_scene = "price"
    elif kind == "stock":
        s.facts["stock"] = {item: count}
        s.facts["price"] = price
        s.set_item(item, count)
        s.player_scene, s.reply_scene, s.decision = "stock", "stock", NOTHING
    elif kind == "give":
        s.player_scene = s.reply_scene = "j_give"
        s.decision = {"action": "give_item", "item": item, "count": 1}
    else:
        s.player_scene = "haggle"
        accepted = set_haggle(s, item, count, price)
        s.reply_scene = "j_accept" if accepted else "j_haggle"
        s.decision["price"] = int(s.slots["offer" if accepted else "counter"])


def small_talk(s: Situation) -> None:
    """Small talk while a trade or a quest could be: words, and no action."""
    s.intent = s.rng.choice(("quest", "trade"))
    s.player_scene = s.reply_scene = s.rng.choice(("greeting", "thanks", "farewell", "who", "mood", "work"))
    s.decision = NOTHING
    if s.intent == "quest":
        s.offer_some(("offer_quest",), GROUPS.quest)
        if s.rng.random() < 0.6:
            set_need(s)
    else:
        s.offer_some(("offer_trade",), GROUPS.trade)
        if s.rng.random() < 0.7:
            set_goods(s)
