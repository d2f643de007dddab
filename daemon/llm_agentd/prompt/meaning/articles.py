"""Articles and plurals of English things, as a model with placeholders needs them: `a_item`, `items`, `foe`. Pure."""

from __future__ import annotations

_UNCOUNTED = frozenset(
    [
        "wheat",
        "bread",
        "flour",
        "cotton",
        "paper",
        "wool",
        "leather",
        "honey",
        "cheese",
        "milk",
        "salt",
        "sandstone",
        "obsidian",
        "rope",
        "flint",
        "coal",
        "iron",
        "gold",
        "copper",
        "tin",
        "steel",
        "bronze",
        "stone",
        "sand",
        "gravel",
        "dirt",
        "clay",
        "wood",
        "glass",
        "water",
        "lava",
        "ice",
        "snow",
        "meat",
        "beef",
        "pork",
        "mutton",
        "chicken",
        "fish",
        "rice",
        "corn",
        "sugar",
        "butter",
        "oil",
        "wine",
        "beer",
        "ale",
        "mead",
        "cider",
        "tea",
        "silver",
        "cloth",
        "silk",
        "straw",
        "hay",
        "grass",
        "bacon",
        "ham",
        "soup",
        "stew",
        "food",
        "armour",
        "armor",
        "gunpowder",
        "dust",
        "ash",
        "moss",
        "string",
        "thread",
        "charcoal",
        "papyrus",
        "cactus",
        "money",
        "bone",
        "meal",
    ]
)
_IRREGULAR = {
    "wolf": "wolves", "leaf": "leaves", "loaf": "loaves", "knife": "knives", "shelf": "shelves", "foot": "feet",
    "mouse": "mice", "sheep": "sheep", "deer": "deer", "man": "men", "woman": "women", "tooth": "teeth",
    "goose": "geese", "potato": "potatoes", "tomato": "tomatoes", "staff": "staffs",
}  # fmt: skip
_SILENT_H = ("hour", "honest", "heir", "honour")


def is_counted(thing: str) -> bool:
    last = thing.lower().split()[-1] if thing.split() else ""
    return last not in _UNCOUNTED


def plural(thing: str) -> str:
    """`iron ingot` → `iron ingots`; what is not counted, and what is plural already, stays."""
    head, _, last = thing.rpartition(" ")
    small = last.lower()
    if not small or not is_counted(thing) or (small.endswith("s") and not small.endswith(("ss", "us"))):
        return thing
    if small in _IRREGULAR:
        last = _IRREGULAR[small]
    elif small.endswith(("ss", "sh", "ch", "x", "z", "us")):
        last += "es"
    elif small.endswith("y") and small[-2:-1] not in "aeiou":
        last = last[:-1] + "ies"
    else:
        last += "s"
    return f"{head} {last}".strip()


def as_many(count: float, name: str) -> str:
    """The thing as `count` wants it: one apple, two apples."""
    return name if count == 1 else plural(name)


def with_article(thing: str) -> str:
    """`an apple`, `a torch`, `some wheat`, `some apples`."""
    if not thing:
        return thing
    small = thing.lower()
    if not is_counted(thing) or (small.endswith("s") and not small.endswith(("ss", "us"))):
        return f"some {thing}"
    has_vowel = small[0] in "aeio" or (small[0] == "u" and not small.startswith("uni")) or small.startswith(_SILENT_H)
    return f"an {thing}" if has_vowel else f"a {thing}"


def is_name(words: str) -> bool:
    """Whether it is called by a name and not by its kind: `Bram`, `xX_wolf_Xx`; not `stone monster`."""
    return words[:1].isupper() or "_" in words or any(char.isdigit() for char in words)


def the(words: str) -> str:
    """`mill` → `the mill`; a name stays bare."""
    return (
        words
        if is_name(words) or words.lower().startswith(("the ", "my ", "your ")) or words == "home"
        else f"the {words}"
    )


def listed(parts: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""
