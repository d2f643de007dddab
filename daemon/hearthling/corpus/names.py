"""Names of people, things and places: lists, and makers of new ones from syllables.

A made-up word belongs to the held-out half or to training by its own hash, so no held-out word is ever
trained on. Decided by the `random.Random` handed in. Pure.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable


def words(text: str) -> list[str]:
    """A list written as text, parted by blanks."""
    return text.split()


def phrases(text: str) -> list[str]:
    """A list of phrases written as text, parted by bars or line ends."""
    return text.replace("\n", "|").strip("|").split("|")


PEOPLE = words("""
Ana Bram Tilda Greta Odo Wim Kai Mira Jonas Edda Hilda Rolf Sven Ingrid Tom Lena Otto Frida Hugo Nora Pavel
Olga Ivan Marta Jan Piet Emma Lukas Mia Noah Finn Ella Ben Clara Max Ida Paul Anton Rosa Karl Lotte Emil Greg
Alice Robin Marian Will John Mary Peter Susan Edmund Lucy Arthur Gwen Percy Elaine Tristan Isolde Roland
Oliver Harold Edith Godwin Mildred Aldo Bianca Carlo Dora Enzo Fiona Gino Helga Igor Julia Klaus Livia Marco
Nina Oscar Petra Quentin Rita Sami Tara Ulf Vera Walter Xenia Yuri Zoe Aino Eero Kaisa Lauri Matti Salla Bjorn
Astrid Leif Sigrid Erik Freya Gunnar Torsten Dagny Yusuf Amira Omar Leila Hassan Fatima Ravi Priya Arjun Meera
Kenji Yuki Hana Taro Li Wei Mei Chen Nuno Ines Rui Diego Carmen Pablo Luz Mateo Sofia Andre Chloe Luc Margot
Remy Celine Padraig Siobhan Ewan Isla Angus Morag Dylan Rhys Carys Alex Sam Steve Dan Mike Laura Kate
singleplayer admin Player Tester
""")

ITEMS = phrases("""
iron ingot|copper ingot|tin ingot|bronze ingot|gold ingot|steel ingot|wheat|apple|blueberry
bronze sword|steel sword|stone sword|mese sword|diamond sword|torch|coal lump|iron lump|gold lump
copper lump|tin lump|mese crystal|mese shard|diamond|flint|clay lump|clay brick|wooden pickaxe
stone pickaxe|steel pickaxe|bronze axe|steel axe|stone axe|steel shovel|wooden shovel|stick|cotton
string|paper|book|map|bread|flour|seed|sapling|cactus|papyrus|ladder|chest|furnace|bucket
glass bottle|healing potion|bandage|red mushroom|brown mushroom|rose|tulip|dandelion|wool|leather
feather|bow|arrow|fishing rod|fish|net|rope|lantern|candle|oak plank|pine log|stone brick
sandstone|obsidian|snowball|egg|carrot|potato|pumpkin|melon|honey|cheese|milk|salt|shield|helmet
key|ring|hammer|nail|horseshoe|cart|boat|blanket|barrel|needle
""")

MASS = frozenset(
    words("""
wheat flour bread cotton string paper papyrus wool leather fish honey cheese milk salt sandstone obsidian rope
flint
""")
)
UNHOLDABLE = frozenset(("cart", "boat", "furnace", "chest", "barrel"))

PLACES = phrases("""
Oakford|Millbrook|Stonebridge|Ravenhill|Eastwatch|Greenhollow|Ashwick|Thornfield|Riverbend|Highmoor
Deepdale|Fairhaven|Winterhold|Goldmere|Redcliff|Silverlake|Blackmoor|Foxglen|Wolfsgate|Elmstead
Brightwater|Coldspring|Dunmere|Frosthaven|Harrowdale|Kingsrest|Larkspur|Mistvale|Northwick|Pinecrest
""")
SITES = phrases("""
mill|well|inn|market|forge|shrine|bridge|gate|harbour|old tower|mine|ruins|lake|forest|farm
temple|castle|graveyard|library|waterfall|cave|lighthouse|barracks|stable|bakery|town hall|smithy
dock|ferry|watchtower
""")

ENEMIES = phrases("""
wolf|bandit|skeleton|zombie|spider|stone monster|dirt monster|oerkki|mese monster|dungeon master
bear|troll|goblin|ghost|sand monster|tree monster|lava flan|giant rat|raider|pirate|dragon|ogre
snake|slime|boar
""")

_CHORE = words("""
ring light sweep cook tell raise lower sharpen repair read dig sing play feed close lock row hide paint clean
carry bless polish count bake brew fill stack draw break
""")
_OBJECT = words("""
bell lamp floor soup story flag bridge sword roof letter hole song lute hens gate chest boat treasure fence barn
bucket shrine shield sheep bread potion barrel wood map wall
""")

_START = words("""
Ka Zo Mi Tar Vel Bro Sha Ni Que Dra El Fi Gor Hu Ja Lor Mor Ny Os Pra Ri Sy Thu Ul Wy Ar Bel Cor Den Fa
Gi Yo Xan
""")
_MIDDLE = words("la ri no ve da mi to ku sa ze lo ra ne bi du ga he po xi vo")
_END = words("n k th ra lis don mar vik zan ric na bor wen dil gard mo ta sk rin us el ox")
_THING = words("""
moon frost ember shadow sun star ghost dragon thorn mist ash iron sky blood river bone glow storm rune
silver
""")
_KIND = words("""
stone blade root berry dust crystal ring lamp shell leaf coin spear seed brick potion gem horn cloak hook
wheel
""")
_QUALITY = words("old black fine rusty tiny golden strange holy broken red blue carved heavy cursed polished")
_PLACE_END = words("ford burg ton wick dale mere haven fell stead moor by hold gate vale")
_TWO_WORDS = ("Old {}", "Captain {}", "Little {}", "Mother {}", "Father {}", "{} {}", "{} {}", "{} of {}")
_TAGS = phrases("xX_{}_Xx|{}_99|{}42|the_{}|{}_{}|{}7|_{}_|{}1234|Lord{}|{}Gamer")


def is_heldout(word: str) -> bool:
    """True for about one made-up word in five: those are kept for the held-out half."""
    return zlib.crc32(word.lower().encode()) % 5 == 0


def _fresh(make: Callable[[], str], heldout: bool) -> str:
    while True:
        word = make()
        if is_heldout(word) == heldout:
            return word


def _coined(rng: random.Random) -> str:
    middle = "".join(rng.choice(_MIDDLE) for _ in range(rng.choice((0, 1, 1, 2))))
    return rng.choice(_START) + middle + rng.choice(_END)


def person(rng: random.Random, heldout: bool, player: bool = False) -> str:
    """A name: often listed, more often made up; players now and then bear digits and underscores."""
    name = rng.choice(PEOPLE) if rng.random() < 0.38 else _fresh(lambda: _coined(rng), heldout)
    if not player and rng.random() < 0.06:
        name = rng.choice(_TWO_WORDS).format(name, _fresh(lambda: _coined(rng), heldout))
    if player and rng.random() < 0.12:
        tag = rng.choice(_TAGS)
        name = tag.format(*([name] + [rng.choice(PEOPLE)] * (tag.count("{}") - 1)))
    if player and rng.random() < 0.15:
        name = name.lower()
    return name


def item(rng: random.Random, heldout: bool) -> str:
    roll = rng.random()
    if roll < 0.6:
        return rng.choice(ITEMS)
    if roll < 0.85:
        return _fresh(lambda: f"{rng.choice(_THING)} {rng.choice(_KIND)}", heldout)
    if roll < 0.93:
        return _fresh(lambda: f"{rng.choice(_QUALITY)} {rng.choice(_KIND)}", heldout)
    return _fresh(lambda: f"{_coined(rng).lower()} {rng.choice(_KIND)}", heldout)


def town(rng: random.Random, heldout: bool) -> str:
    if rng.random() < 0.4:
        return rng.choice(PLACES)
    return _fresh(lambda: _coined(rng) + rng.choice(_PLACE_END), heldout)


def site(rng: random.Random, heldout: bool) -> str:
    """A goal to walk to: a common site ("mill"), or a town."""
    return rng.choice(SITES) if rng.random() < 0.6 else town(rng, heldout)


def enemy(rng: random.Random, heldout: bool) -> str:
    roll = rng.random()
    if roll < 0.6:
        return rng.choice(ENEMIES)
    if roll < 0.8:
        return _fresh(lambda: f"{rng.choice(_THING)} {rng.choice(ENEMIES)}", heldout)
    return person(rng, heldout)


def chore(rng: random.Random, heldout: bool) -> str:
    """What another mod may have taught an NPC: `ring the bell` is its action ring_bell."""
    return _fresh(lambda: f"{rng.choice(_CHORE)} {rng.choice(_OBJECT)}", heldout)


def done(action: str) -> str:
    """What the action `ring_bell` does: `rings the bell`."""
    verb, thing = action.split("_")
    ending = "es" if verb.endswith(("sh", "ch")) else "s"
    return f"{verb[:-1] + 'ies' if verb == 'carry' else verb + ending} the {thing}"


def plural(thing: str) -> str:
    """`iron ingot` → `iron ingots`; what is not counted stays."""
    if thing.endswith("wolf"):
        return thing[:-1] + "ves"
    if thing in MASS:
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
    if thing in MASS:
        return f"some {thing}"
    return f"an {thing}" if thing[0].lower() in "aeiou" else f"a {thing}"


def foe(raw: str) -> str:
    """How one speaks of an enemy: a kind with its article, a person by the bare name."""
    return raw if raw[0].isupper() or "_" in raw else f"the {raw}"


def target(raw: str) -> str:
    """`mill` → `the mill`; a town keeps its bare name."""
    return raw if raw[0].isupper() else f"the {raw}"
