"""Names of people, things and places: drawn from the lists of names.yaml, or made up from its syllables and parts.

A made-up word belongs to the held-out half or to training by its own hash, so no held-out word is ever
trained on. Decided by the `random.Random` handed in. Pure.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable

from hearthling.data import load

LISTS = load().names
_UNCOUNTABLE = frozenset(LISTS.uncountable)


def is_heldout(word: str) -> bool:
    """True for about one made-up word in five: those are kept for the held-out half."""
    return zlib.crc32(word.lower().encode()) % 5 == 0


def _fresh(make: Callable[[], str], heldout: bool) -> str:
    while True:
        word = make()
        if is_heldout(word) == heldout:
            return word


def _coined(rng: random.Random) -> str:
    middle = "".join(rng.choice(LISTS.name_middles) for _ in range(rng.choice((0, 1, 1, 2))))
    return rng.choice(LISTS.name_beginnings) + middle + rng.choice(LISTS.name_endings)


def person(rng: random.Random, heldout: bool, player: bool = False) -> str:
    """A name: often listed, more often made up; players now and then bear digits and underscores."""
    name = rng.choice(LISTS.people) if rng.random() < 0.38 else _fresh(lambda: _coined(rng), heldout)
    if not player and rng.random() < 0.06:
        name = rng.choice(LISTS.two_word_names).format(name, _fresh(lambda: _coined(rng), heldout))
    if player and rng.random() < 0.12:
        tag = rng.choice(LISTS.player_names)
        name = tag.format(*([name] + [rng.choice(LISTS.people)] * (tag.count("{}") - 1)))
    if player and rng.random() < 0.15:
        name = name.lower()
    return name


def item(rng: random.Random, heldout: bool) -> str:
    roll = rng.random()
    if roll < 0.6:
        return rng.choice(LISTS.items)
    if roll < 0.85:
        return _fresh(lambda: f"{rng.choice(LISTS.item_substances)} {rng.choice(LISTS.item_kinds)}", heldout)
    if roll < 0.93:
        return _fresh(lambda: f"{rng.choice(LISTS.item_qualities)} {rng.choice(LISTS.item_kinds)}", heldout)
    return _fresh(lambda: f"{_coined(rng).lower()} {rng.choice(LISTS.item_kinds)}", heldout)


def town(rng: random.Random, heldout: bool) -> str:
    if rng.random() < 0.4:
        return rng.choice(LISTS.towns)
    return _fresh(lambda: _coined(rng) + rng.choice(LISTS.town_endings), heldout)


def site(rng: random.Random, heldout: bool) -> str:
    """A goal to walk to: a common site ("mill"), or a town."""
    return rng.choice(LISTS.sites) if rng.random() < 0.6 else town(rng, heldout)


def enemy(rng: random.Random, heldout: bool) -> str:
    roll = rng.random()
    if roll < 0.6:
        return rng.choice(LISTS.enemies)
    if roll < 0.8:
        return _fresh(lambda: f"{rng.choice(LISTS.item_substances)} {rng.choice(LISTS.enemies)}", heldout)
    return person(rng, heldout)


def chore(rng: random.Random, heldout: bool) -> str:
    """What another mod may have taught an NPC: `ring the bell` is its action ring_bell."""
    return _fresh(lambda: f"{rng.choice(LISTS.chore_verbs)} {rng.choice(LISTS.chore_things)}", heldout)


def describe_chore(action: str) -> str:
    """What the action `ring_bell` does: `rings the bell`."""
    verb, thing = action.split("_")
    ending = "es" if verb.endswith(("sh", "ch")) else "s"
    return f"{verb[:-1] + 'ies' if verb == 'carry' else verb + ending} the {thing}"


def plural(thing: str) -> str:
    """`iron ingot` → `iron ingots`; what is not counted stays."""
    if thing.endswith("wolf"):
        return thing[:-1] + "ves"
    if thing in _UNCOUNTABLE:
        return thing
    if thing.endswith("sh") and not thing.endswith("fish"):
        return thing + "es"
    if thing.endswith("ss"):
        return thing
    if thing.endswith("berry"):
        return thing[:-1] + "ies"
    if thing.endswith("leaf"):
        return thing[:-1] + "ves"
    if thing.endswith(("torch", "potato")):
        return thing + "es"
    return thing if thing.endswith("s") else thing + "s"


def with_article(thing: str) -> str:
    """`an apple`, `a torch`, `some wheat`."""
    if thing in _UNCOUNTABLE:
        return f"some {thing}"
    return f"an {thing}" if thing[0].lower() in "aeiou" else f"a {thing}"


def is_person(raw: str) -> bool:
    """Whether an enemy is somebody with a name, not one of a kind."""
    return raw[0].isupper() or "_" in raw


def foe(raw: str) -> str:
    """How one speaks of an enemy: a kind with its article, a person by the bare name."""
    return raw if is_person(raw) else f"the {raw}"


def target(raw: str) -> str:
    """`mill` → `the mill`; a town keeps its bare name."""
    return raw if raw[0].isupper() else f"the {raw}"
