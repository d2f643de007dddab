"""Names of people, things and places: drawn from the lists of names.yaml, or made up from its syllables and parts.

Decided by the `random.Random` handed in. Pure.
"""

from __future__ import annotations

import random

from hearthling.data import load

LISTS = load().names


def _coined(rng: random.Random) -> str:
    middle = "".join(rng.choice(LISTS.name_middles) for _ in range(rng.choice((0, 1, 1, 2))))
    return rng.choice(LISTS.name_beginnings) + middle + rng.choice(LISTS.name_endings)


def person(rng: random.Random) -> str:
    return rng.choice(LISTS.people) if rng.random() < 0.5 else _coined(rng)


def item(rng: random.Random) -> str:
    roll = rng.random()
    if roll < 0.65:
        return rng.choice(LISTS.items)
    if roll < 0.85:
        return f"{rng.choice(LISTS.item_substances)} {rng.choice(LISTS.item_kinds)}"
    return f"{rng.choice(LISTS.item_qualities)} {rng.choice(LISTS.item_kinds)}"


def site(rng: random.Random) -> str:
    """A goal to walk to: a common site ("mill"), or a town."""
    if rng.random() < 0.6:
        return rng.choice(LISTS.sites)
    return rng.choice(LISTS.towns) if rng.random() < 0.5 else _coined(rng) + rng.choice(LISTS.town_endings)


def enemy(rng: random.Random) -> str:
    return rng.choice(LISTS.enemies) if rng.random() < 0.8 else person(rng)


def chore(rng: random.Random) -> str:
    """What another mod may have taught an NPC: `ring the bell` is its action ring_bell."""
    return f"{rng.choice(LISTS.chore_verbs)} the {rng.choice(LISTS.chore_things)}"
