"""Numbers and goods in a spoken line, in the five languages of the mod. Pure; knows nothing of quests and offers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

# From two on: "one" is an article in four of the languages.
_WORDS = (
    "two zwei deux dos два две двух двое",
    "three drei trois tres три трёх трех трое",
    "four vier quatre cuatro четыре четырёх",
    "five fünf cinq cinco пять пяти",
    "six sechs seis шесть шести",
    "seven sieben sept siete семь семи",
    "eight acht huit ocho восемь восьми",
    "nine neun neuf nueve девять девяти",
    "ten zehn dix diez десять десяти",
    "eleven elf onze одиннадцать",
    "twelve zwölf douze doce двенадцать dozen",
)
_VALUES = {word: value for value, words in enumerate(_WORDS, start=2) for word in words.split()}
_VALUES |= {
    "fifteen": 15,
    "fünfzehn": 15,
    "quinze": 15,
    "quince": 15,
    "пятнадцать": 15,
    "twenty": 20,
    "zwanzig": 20,
    "vingt": 20,
}
_VALUES |= {"veinte": 20, "двадцать": 20}
# "Give heed" and "an elf" in German and English. The Spanish eleven is once in English, and left out.
_AMBIGUOUS = {"acht": r"habe? acht|gib acht|acht auf|gebt acht", "elf": r"\ban elf\b|\bthe elf\b"}
# What people of this village deal in: a word of a line → a part of the item's name. An empty part: nobody has it.
GOODS = {
    r"bread|loa(?:f|ves)|brote?|pain|pan(?:es)?|хлеб\w*": "bread",
    r"apples?|[äa]pfel\w*|pommes?|manzanas?|яблок\w*": "apple",
    r"wheat|weizen|blé|trigo|пшениц\w*": "wheat",
    r"torch(?:es)?|fackeln?|torches?|antorchas?|факел\w*": "torch",
    r"coal|kohle|charbon|carbón|уг(?:оль|ля|лём)": "coal",
    r"iron|eisen|fer|hierro|желез\w*": "iron",
    r"copper|kupfer|cuivre|cobre|мед[ьи]": "copper",
    r"swords?|schwerte?r?|épées?|espadas?|меч\w*": "sword",
    r"pick(?:axe)?s?|spitzhacken?|pioches?|picos?|кирк\w*": "pick",
    r"shovels?|schaufeln?|pelles?|palas?|лопат\w*": "shovel",
    r"leather|leder|cuir|cuero|кож\w*": "leather",
    r"fish(?:es)?|fische?|poissons?|pescados?|рыб\w*": "fish",
    r"books?|bücher|buch|livres?|libros?|книг\w*": "book",
    r"paper|papier|papel|бумаг\w*": "paper",
    r"mushrooms?|pilze?|champignons?|setas?|гриб\w*": "mushroom",
    r"roses?|rosen?|rosas?|роз\w*": "rose",
    r"dandelions?|löwenzahn|pissenlits?|одуванчик\w*": "dandelion",
    r"carrots?|karotten?|carottes?|zanahorias?|морков\w*": "carrot",
    r"seeds?|samen|graines?|semillas?|семен\w*|семя": "seed",
    r"(?:glass )?bottles?|flaschen?|bouteilles?|botellas?|бутыл\w*": "bottle",
    r"cobble(?:stone)?s?|bruchsteine?|pavés?|adoquines|булыжник\w*": "cobble",
    r"feathers?|federn?|plumes?|plumas?|перь\w*|перо": "feather",
    r"ale|beer|stew|cheese|milk|wine|honey|eggs?|potions?|rope|nets?": "",
}
_GOODS = {re.compile(rf"\b(?:{words})\b", re.IGNORECASE): part for words, part in GOODS.items()}
STEM = 5  # letters by which a word is known through its endings
_FILLERS = {"lump", "ingot", "block", "item", "with", "from", "node", "piece"}


def numbers(line: str) -> set[int]:
    """All numbers in a line but one."""
    found = {int(digits) for digits in re.findall(r"\d+", line)}
    lowered = line.lower()
    for word in re.findall(r"[^\W\d_]+", lowered):
        if word in _VALUES and not (word in _AMBIGUOUS and re.search(_AMBIGUOUS[word], lowered)):
            found.add(_VALUES[word])
    return found - {1}


def goods(line: str) -> set[str]:
    """What of the village's goods a line names, as parts of item names."""
    return {part for words, part in _GOODS.items() if words.search(line)}


def names_item(line: str, item: str, shown: Mapping[str, Any]) -> bool:
    """Does the line name an item, or a person or place, by one of its words? `shown`: item → names in languages."""
    lowered = line.lower()
    calls = [item.split(":")[-1].replace("_", " "), *shown.get(item, {}).values()]
    words = {word for call in calls for word in re.findall(r"[^\W\d_]{3,}", call.lower())} - _FILLERS
    parts = [words_ for words_, part in _GOODS.items() if part and part in item]
    return any(word[:STEM] in lowered for word in words) or any(words_.search(line) for words_ in parts)


def other_goods(line: str, items: Iterable[str]) -> set[str]:
    """Goods that the line names and that are none of these."""
    known = list(items)
    return {part for part in goods(line) if part and not any(part in item for item in known)}
