"""A question as the mod words it (`mods/llm_agent/think/request.lua`), with made-up contents of the same size.

Pure. The words are simple and few, but no two questions that are not meant to be the same are: the facts of the moment
differ, as they do in a game.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

ROLES = ("innkeeper", "smith", "farmer", "guard", "healer", "merchant", "miner", "fisher", "hunter", "elder")
NAMES = ("Bram", "Tilda", "Mira", "Osric", "Hilda", "Ana", "Piet", "Greta", "Finn", "Elsa", "Jory", "Wenna")
MANNERS = ("patient", "proud", "shy", "merry", "stern", "tired", "curious", "kind", "sly", "quiet")
MOODS = ("cheerful", "worried", "calm")
PLACES = ("the market", "the gate", "the mill", "the well", "the old tower", "the harbour")
SEEN = ("a chest", "a furnace", "an oak", "a field of wheat", "a well", "a stone wall", "a lantern", "a boat")
WEATHERS = ("clear", "rain", "fog", "snow")
GOODS = ("bread", "torch", "iron ingot", "apple", "rope", "wool", "coal", "fish")
QUESTIONS = (
    "What news from the road?",
    "Can you help me find {thing}?",
    "Have you seen my brother near {place}?",
    "Is there any work for me here?",
    "Who lives in the house by {place}?",
    "How do I get from {place} to the next village?",
    "Why is everybody afraid of the caves?",
    "Do you remember what I owe you for the {thing}?",
)
PRICES = ("What does a {thing} cost?", "I would sell you {count} {thing}. How much?", "That is too dear for a {thing}!")
OPENERS = ("Any news?", "How is work?", "Did you sleep well?", "What is for supper?", "Seen any travellers?")
ENEMIES = ("a bandit", "a wolf", "two wolves", "a dungeon master")
DIALOGUE_KINDS = ("question", "trade")


def _action(name: str, about: str, **params: Mapping[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "properties": params, "required": list(params), "additionalProperties": False}
    return {"name": name, "description": about, "params": schema}


_ITEM = {"type": "string", "enum": list(GOODS)}
_COUNT = {"type": "integer", "minimum": 1, "maximum": 99}
ACTIONS = (
    _action("offer_quest", "ask the player to bring something", item=_ITEM, count=_COUNT, reward=_COUNT),
    _action("offer_trade", "offer goods for coins", item=_ITEM, count=_COUNT, price=_COUNT),
    _action("give_item", "give something away", item=_ITEM, count=_COUNT),
    _action("follow", "walk with the player"),
    _action("stay", "stay here"),
    _action("emote", "show a feeling", kind={"type": "string", "enum": ["wave", "nod", "shrug", "laugh"]}),
)
ORDERS = (
    _action("attack", "go at an enemy", target={"type": "string", "enum": list(ENEMIES)}),
    _action("flank", "go around", side={"type": "string", "enum": ["left", "right"]}),
    _action("retreat", "go back"),
    _action("hold", "stay where you are"),
)


def new_record(kind: str, game: int, number: int, hour: float, chance: random.Random) -> dict[str, Any]:
    """The `think` of the game's `number`-th NPC, without id, priority and deadline."""
    npc = _npc(game, number)
    record: dict[str, Any] = {"op": "think", "npc": npc, "context": _facts(hour, chance)}
    if kind in DIALOGUE_KINDS:
        lines = PRICES if kind == "trade" else QUESTIONS
        words = chance.choice(lines).format(
            thing=chance.choice(GOODS), place=chance.choice(PLACES), count=chance.randint(2, 20)
        )
        intent = "trade" if kind == "trade" else "dialogue"
        return record | {"player": _player(game, chance), "utterance": words, "intent": intent} | _spoken()
    if kind == "order":
        return record | {"intent": "tactics", "actions": list(ORDERS), "context": _fight(chance)}
    if kind == "greeting":
        return record | {"player": _player(game, chance), "remember": False}
    return record | {"player": chance.choice(NAMES), "utterance": chance.choice(OPENERS), "remember": False}


def _npc(game: int, number: int) -> dict[str, Any]:
    role, name, manner = ROLES[number % len(ROLES)], NAMES[number % len(NAMES)], MANNERS[number % len(MANNERS)]
    return {
        "id": f"g{game}-npc-{number}",
        "name": name if number < len(NAMES) else f"{name} {number // len(NAMES)}",
        "role": role,
        "persona": f"A {manner} {role} who has lived in village {game} for years and knows everybody by name.",
        "mood": MOODS[number % len(MOODS)],
        "pos": [number * 3 % 200, 8, number * 7 % 200],
    }


def _player(game: int, chance: random.Random) -> str:
    return f"player{game}_{chance.randrange(25)}"


def _spoken() -> dict[str, Any]:
    return {"actions": list(ACTIONS), "stream": True}


def _facts(hour: float, chance: random.Random) -> dict[str, Any]:
    return {
        "time": "evening" if hour < 22 else "night",
        "weather": chance.choice(WEATHERS),
        "place": chance.choice(PLACES),
        "sees": chance.sample(SEEN, 3),
        "near": chance.sample(NAMES, 3),
        "held": f"{chance.randint(1, 99)} {chance.choice(GOODS)}",
    }


def _fight(chance: random.Random) -> dict[str, Any]:
    return {
        "enemies": [f"{chance.choice(ENEMIES)}, {chance.randint(2, 30)} steps away"],
        "friends": chance.randint(0, 11),
        "health": chance.choice(("well", "hurt", "badly hurt")),
    }
