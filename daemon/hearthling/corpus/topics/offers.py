"""What an NPC may do at a moment: the actions on offer, each with the schema that a mod would send with it.

A schema holds only what the situation has: goods of the stall, enemies in sight, prices within bounds. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from hearthling.corpus import names
from hearthling.corpus.situation import Situation, amount, coins, deed_text, memory_lines
from hearthling.data import load
from llm_agentd.types import Action

ACTIONS, GESTURES = load().actions.actions, load().actions.gestures
COUNT_MAX = 99  # of a thing the player has, where nothing else bounds it
OTHER_MODS_SHARE = 0.12
IN_TALK_SHARE = 0.65  # of quests, trades and gestures: asked for in plain talk, where much else is on offer too


def offer(s: Situation, intent: str, needed: Sequence[str], others: Sequence[str]) -> None:
    """What may be chosen: a few actions of the same kind, or in plain talk all that can be done now."""
    if s.rng.random() < IN_TALK_SHARE:
        add_background_facts(s)
        offer_in_talk(s, needed)
    else:
        s.intent = intent
        s.offer_some(needed, others)


def offer_in_talk(s: Situation, needed: Collection[str] = (), without: Collection[str] = ()) -> None:
    """Offers what may stand beside any word of a player: `needed`, and what the facts make likely."""
    offered = set(needed)
    for name, action in ACTIONS.items():
        in_talk = action.in_talk
        is_known = in_talk.fact is None or in_talk.fact in s.facts
        if s.rng.random() < (in_talk.with_fact if is_known else in_talk.without):
            offered.add(name)
    if s.rng.random() < OTHER_MODS_SHARE:
        s.chores.append(names.chore(s.rng, s.heldout).replace(" ", "_"))
    s.offer((offered - set(without)).union(s.chores))


def offered_actions(s: Situation) -> tuple[Action, ...]:
    """What is on offer, as a request would bring it."""
    return tuple(Action(name, _description(s, name), _params(s, name)) for name in s.offered)


def _description(s: Situation, name: str) -> str:
    """What it does, in words: for those of other mods now and then, seldom for all."""
    if name in s.chores:
        return names.describe_chore(name) if s.is_described or s.rng.random() < 0.5 else ""
    return ACTIONS[name].does if s.is_described else ""


def add_background_facts(s: Situation) -> None:
    """Facts of a talk in which actions are on offer: the stall, the quest, what is remembered."""
    rng = s.rng
    has_stall = s.player_sells or "stock" in s.facts or s.topic in ("trade", "food", "like", "find")
    if not has_stall and rng.random() < 0.15:
        goods = list(dict.fromkeys(s.item() for _ in range(rng.choice((1, 2, 3)))))
        s.facts["stock"] = {item: amount(rng) for item in goods}
        if rng.random() < 0.8:
            s.facts["price"] = {item: coins(rng) for item in goods}
    if "need" not in s.facts and s.topic not in ("quest", "work", "help", "j_quest") and rng.random() < 0.3:
        s.facts.update(need={s.item(): amount(rng)}, reward=coins(rng))
    if "memory" not in s.facts and s.topic not in ("memory", "greeting", "j_order") and rng.random() < 0.3:
        lines = memory_lines(s, deed_text(s) if s.speaker and rng.random() < 0.5 else None)
        if lines:
            s.facts["memory"] = lines


def _params(s: Situation, name: str) -> dict[str, Any]:
    """The JSON schema of the action's parameters at this moment."""
    known = _known(s, name)
    properties = {} if name in s.chores else {key: {"type": kind} for key, kind in ACTIONS[name].parameters.items()}
    if not s.in_mod_order:  # by the alphabet, as the game's JSON writer puts them where nobody asks for an order
        properties = dict(sorted(properties.items()))
    return {"type": "object", "properties": {key: known.get(key, kind) for key, kind in properties.items()}}


def _known(s: Situation, name: str) -> dict[str, dict[str, Any]]:
    """Bounds of an action's parameters by what the situation holds."""
    facts = s.facts
    if name in ("offer_trade", "give_item"):
        stock = {s.player_sells: COUNT_MAX} if s.player_sells else facts.get("stock")
        return _goods(stock, facts.get("price"), "price")
    if name == "offer_quest":
        item, count = next(iter(facts.get("need", {"apple": 1}).items()))
        due = {"item": _one_of([item]), "count": count, "reward": facts.get("reward", 1)}
        return {key: _only(value) if isinstance(value, int) else value for key, value in due.items()}
    if name == "take_item":
        item = facts.get("held", s.slots.get("item", "apple"))
        return _goods({s.slots.get("item", item): COUNT_MAX, item: COUNT_MAX}, None, "")
    if name in ("attack", "flank"):
        enemy = facts.get("enemy", "wolf")
        return {"target": _one_of([enemy] if isinstance(enemy, str) else enemy), "side": _one_of(s.sides)}
    if name in ("follow", "guard"):
        company = (s.speaker, *facts.get("allies", ()), *(other for other, _ in s.near))
        return {"target": _one_of([who for who in company if who] or ["anybody"])}
    if name == "go_to":
        return {"place": _one_of(s.places or list(facts.get("way", ())) or ["market"])}
    return {"kind": _one_of(GESTURES)} if name == "emote" else {}


def _one_of(choices: Collection[str]) -> dict[str, Any]:
    return {"type": "string", "enum": list(dict.fromkeys(choices))}


def _only(number: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": number, "maximum": number}


def _goods(
    counts: Mapping[str, int] | None, worth: Mapping[str, int] | int | None, key: str
) -> dict[str, dict[str, Any]]:
    """Bounds of item, count and of the parameter `key`, for which half and half again as much may be asked."""
    counts = counts or {"apple": 1}
    prices = list(worth.values()) if isinstance(worth, Mapping) else [worth or 1]
    low, high = min(prices) // 2, max(prices)
    return {
        "item": _one_of(counts),
        "count": {"type": "integer", "minimum": 1, "maximum": max(counts.values())},
        key: {"type": "integer", "minimum": max(1, low), "maximum": high + max(2, high // 2)},
    }
