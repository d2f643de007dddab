"""Copying exercises: a list of names, things and numbers, then the same list once more in another shape.

Half of what an NPC says right is a word of its prompt said again, and a small network is slow to find that out by
itself. An exercise opens with <s>, which never stands in a chat, so it teaches the skill and no manners. Nothing that
the corpus holds out is used.
"""

from __future__ import annotations

import random
import string
from collections.abc import Iterator

from hearthling.corpus import names
from hearthling.tokenizer import BOS, EOS, Tokenizer

ENTRIES_MIN, ENTRIES_MAX = 8, 20  # about as long as a chat, so that batches mix both


def copy_tasks(tokenizer: Tokenizer, seed: int) -> Iterator[tuple[list[int], int]]:
    """Token ids, and how many of them are the list to be copied."""
    rng = random.Random(f"copy_task/{seed}")
    while True:
        entries = [random_entry(rng) for _ in range(rng.randint(ENTRIES_MIN, ENTRIES_MAX))]
        source = rng.choice(("\n", ", ", ": ")).join(entries)
        copy = rng.choice((", ", " and ", "\n")).join(entries)
        prompt = [BOS, *tokenizer.text(source), BOS]
        yield [*prompt, *tokenizer.text(rng.choice((" ", "")) + copy), EOS], len(prompt)


def random_entry(rng: random.Random) -> str:
    roll = rng.random()
    if roll < 0.5:
        return names.person(rng, False, player=rng.random() < 0.7)
    if roll < 0.65:
        return names.item(rng, False)
    if roll < 0.75:
        return names.town(rng, False)
    if roll < 0.85:
        return str(rng.randint(1, 10 ** rng.randint(1, 3)))
    return random_word(rng)


def random_word(rng: random.Random) -> str:
    """What players call themselves: letters as they come, now and then digits."""
    word = "".join(rng.choices(string.ascii_lowercase, k=rng.randint(3, 8)))
    if rng.random() < 0.5:
        word = word.capitalize()
    return word + (str(rng.randint(0, 99)) if rng.random() < 0.2 else "")
