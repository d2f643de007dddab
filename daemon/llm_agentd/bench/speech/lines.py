"""What is said: sentences of a village, no two the same, so that none comes from the store of rendered ones. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product

WHO = ("The miller", "Old Hilda", "A fisher from the lake", "My brother", "The smith", "Our priest", "Nobody here")
DOES = ("carried", "sold", "found", "lost", "hid", "counted", "looked for")
WHAT = ("twelve sacks of flour", "a silver ring", "the key of the shrine", "three grey sheep", "a bundle of letters")
WHERE = ("", "by the bridge", "behind the old mill", "on the road to Oakford", "near the lake", "under the red roof")
WHEN = ("", "this morning", "last winter", "before the storm", "at the end of summer")
MORE = ("", "and the whole village heard of it", "which is why I never walk there after dark any more")
SEED = 19


def sentences() -> Iterator[str]:
    """22,050 of 6 to 33 words, 19 in the mean, in the same order each time."""
    all_parts = list(product(WHO, DOES, WHAT, WHERE, WHEN, MORE))
    random.Random(SEED).shuffle(all_parts)
    for *parts, more in all_parts:
        sentence = " ".join(filter(None, parts))
        yield f"{sentence}, {more}." if more else f"{sentence}."
