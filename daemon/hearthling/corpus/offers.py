"""What an NPC may do at a moment: the actions on offer, each with the schema that a mod would send with it.

A schema holds only what the situation has: goods of the stall, enemies in sight, prices within bounds. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from hearthling.corpus import names
from hearthling.corpus.situation import ACTIONS, EMOTES, Situation, amount, coins, deed_text, memory_lines
from llm_agentd.types import Action

COUNT_MAX = 99  # of a thing the player has, where nothing else bounds it
OTHER_MODS_SHARE = 0.12
# How likely an action is on offer in plain talk: where the facts have what it needs, and where they have not.
_LIKELY = {
    "emote": ("", 0.9, 0.9), "follow": ("", 0.8, 0.8), "stay": ("", 0.5, 0.5), "go_to": ("", 0.6, 0.6),
    "open_door": ("", 0.3, 0.3), "flee": ("enemy", 0.7, 0.15), "take_item": ("held", 0.6, 0.2),
    "give_item": ("stock", 0.6, 0.3), "offer_trade": ("stock", 0.9, 0.4), "offer_quest": ("need", 0.8, 0.3),
    "complete_quest": ("need", 0.3, 0.1), "attack": ("enemy", 0.8, 0.05), "flank": ("enemy", 0.4, 0.03),
    "guard": ("", 0.4, 0.4), "hold": ("enemy", 0.4, 0.05), "retreat": ("enemy", 0.4, 0.05),
    "call_help": ("enemy", 0.5, 0.05),
}  # fmt: skip


DOES = {
    "offer_quest": "asks the player for a favour and promises a reward",
    "complete_quest": "takes what the player has done for the quest and pays the promised reward",
    "offer_trade": "offers goods to the player", "give_item": "gives the player something of its own as a gift",
    "take_item": "takes what the player holds and gives away", "attack": "strikes an enemy",
    "flank": "strikes an enemy from the side", "guard": "stands by somebody", "hold": "stands its ground",
    "retreat": "falls back", "call_help": "calls for help", "follow": "goes along with somebody",
    "stay": "stays where it is", "flee": "runs away", "emote": "makes a gesture",
    "go_to": "walks to a place or to somebody", "open_door": "opens the nearest door",
}  # fmt: skip


def in_talk(s: Situation, needed: Collection[str] = (), without: Collection[str] = ()) -> None:
    """Shows what may be offered with any word of a player: `needed`, and what the facts make likely."""
    chosen = set(needed)
    for name, (fact, there, otherwise) in _LIKELY.items():
        if s.rng.random() < (there if not fact or fact in s.facts else otherwise):
            chosen.add(name)
    if s.rng.random() < OTHER_MODS_SHARE:
        s.own.append(names.chore(s.rng, s.heldout).replace(" ", "_"))
    s.show((chosen - set(without)).union(s.own))


def actions(s: Situation) -> tuple[Action, ...]:
    """What is shown, as a request would bring it."""
    return tuple(Action(name, _described(s, name), _params(s, name)) for name in s.listed)


def _described(s: Situation, name: str) -> str:
    """What it does, in words: for those of other mods now and then, seldom for all."""
    if name in s.own:
        return names.done(name) if s.is_described or s.rng.random() < 0.5 else ""
    return DOES[name] if s.is_described else ""


def add_affairs(s: Situation) -> None:
    """Facts of a talk in which actions are on offer: the stall, the errand, what is kept."""
    rng = s.rng
    has_stall = s.buys or "stock" in s.facts or s.topic in ("trade", "food", "like", "find")
    if not has_stall and rng.random() < 0.15:
        goods = list(dict.fromkeys(s.item() for _ in range(rng.choice((1, 2, 3)))))
        s.facts["stock"] = {thing: amount(rng) for thing in goods}
        if rng.random() < 0.8:
            s.facts["price"] = {thing: coins(rng) for thing in goods}
    if "need" not in s.facts and s.topic not in ("quest", "work", "help", "j_quest") and rng.random() < 0.3:
        s.facts.update(need={s.item(): amount(rng)}, reward=coins(rng))
    if "memory" not in s.facts and s.topic not in ("memory", "greeting", "j_order") and rng.random() < 0.3:
        kept = memory_lines(s, deed_text(s) if s.speaker and rng.random() < 0.5 else None)
        if kept:
            s.facts["memory"] = kept


def _params(s: Situation, name: str) -> dict[str, Any]:
    known = _known(s, name)
    properties = {} if name in s.own else dict(ACTIONS[name]["properties"])
    if not s.as_mod:  # by the alphabet, as the game's JSON writer puts them where nobody asks for an order
        properties = dict(sorted(properties.items()))
    return {"type": "object", "properties": {key: known.get(key, kind) for key, kind in properties.items()}}


def _known(s: Situation, name: str) -> dict[str, dict[str, Any]]:
    """Bounds of an action's parameters by what the situation holds."""
    facts = s.facts
    if name in ("offer_trade", "give_item"):
        return _goods({s.buys: COUNT_MAX} if s.buys else facts.get("stock"), facts.get("price"), "price")
    if name == "offer_quest":
        thing, count = next(iter(facts.get("need", {"apple": 1}).items()))
        due = {"item": _one_of([thing]), "count": count, "reward": facts.get("reward", 1)}
        return {key: _only(value) if isinstance(value, int) else value for key, value in due.items()}
    if name == "take_item":
        thing = facts.get("held", s.slots.get("item", "apple"))
        return _goods({s.slots.get("item", thing): COUNT_MAX, thing: COUNT_MAX}, None, "")
    if name in ("attack", "flank"):
        enemy = facts.get("enemy", "wolf")
        return {"target": _one_of([enemy] if isinstance(enemy, str) else enemy), "side": _one_of(s.sides)}
    if name in ("follow", "guard"):
        company = (s.speaker, *facts.get("allies", ()), *(other for other, _ in s.near))
        return {"target": _one_of([who for who in company if who] or ["anybody"])}
    if name == "go_to":
        return {"place": _one_of(s.places or list(facts.get("way", ())) or ["market"])}
    return {"kind": _one_of(EMOTES)} if name == "emote" else {}


def _one_of(choices: Collection[str]) -> dict[str, Any]:
    return {"type": "string", "enum": list(dict.fromkeys(choices))}


def _only(number: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": number, "maximum": number}


def _goods(
    counts: Mapping[str, int] | None, worth: Mapping[str, int] | int | None, key: str
) -> dict[str, dict[str, Any]]:
    """Bounds of item, count and of the parameter `key`, for which half and half again as much may be asked."""
    counts = counts or {"apple": 1}
    asked = list(worth.values()) if isinstance(worth, Mapping) else [worth or 1]
    low, high = min(asked) // 2, max(asked)
    return {
        "item": _one_of(counts),
        "count": {"type": "integer", "minimum": 1, "maximum": max(counts.values())},
        key: {"type": "integer", "minimum": max(1, low), "maximum": high + max(2, high // 2)},
    }
