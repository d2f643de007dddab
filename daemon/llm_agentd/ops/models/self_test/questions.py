"""What the self-test asks, and what of an answer can be judged without a reader. Pure.

It is no measure of how well a model talks (`bench mind` is one): it finds what no player should meet, such as a model
that does not stop, that writes both sides of a talk, or that cannot hold a form.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

PLAYER = "Ana"
# A role of its own, which nobody ships: so no model can know it but from the prompt.
ROLE = {
    "title": "the ferryman",
    "persona": "Bram the ferryman takes travellers over the river, for two coins each.",
    "knowledge": ["The ford lies north of Oakford.", "The bridge fell in spring."],
}
NPC = {"id": "self-test", "name": "Bram", "role": "villager"}


@dataclass(frozen=True, slots=True)
class Question:
    """`told`: one of these words shows that the answer uses what the prompt says; none where any answer will do."""

    text: str
    told: tuple[str, ...] = ()


QUESTIONS = (
    Question("Good evening! Who are you?", ("bram", "ferry")),
    Question("where is the ford", ("north",)),
    Question("What does it cost to cross the river?", ("two", "2 ")),
    Question("Why does nobody use the bridge any more?", ("fell", "fall", "broke", "collapse", "gone", "spring")),
    Question("I am tired. It was a long way."),
    Question("Tell me something about yourself."),
)

ACTIONS: tuple[dict[str, Any], ...] = (
    {
        "name": "give_item",
        "description": "gives the player something",
        "params": {
            "type": "object",
            "properties": {
                "item": {"type": "string", "enum": ["bread", "rope"]},
                "count": {"type": "integer", "minimum": 1, "maximum": 3},
            },
            "required": ["item", "count"],
        },
    },
    {"name": "wave", "description": "waves at the player"},
)
# What a player asks for, and the action that it is.
ORDERS = (
    ("Please give me two ropes.", "give_item"),
    ("Could I have a bread, please?", "give_item"),
    ("Wave at me!", "wave"),
)
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"mood": {"type": "string", "enum": ["glad", "sad"]}, "coins": {"type": "integer"}},
    "required": ["mood", "coins"],
}

# Languages that the mod itself speaks: a greeting, and words that hardly a sentence of theirs lacks.
GREETINGS = {
    "en": "Good evening! How is the weather today?",
    "de": "Guten Abend! Wie ist das Wetter heute?",
    "fr": "Bonsoir ! Quel temps fait-il aujourd'hui ?",
    "es": "¡Buenas tardes! ¿Qué tiempo hace hoy?",
    "ru": "Добрый вечер! Какая сегодня погода?",
}
_FUNCTION_WORDS = {
    "en": "i am the and you is it a to of my in not are we but good for with what this",
    "de": "ich und der die das ist nicht ein eine bin sie du es wir aber gut zu mit auf den heute",
    "fr": "je suis le la les et vous est un une pas tu nous mais bon il de que dans c'est aujourd'hui",
    "es": "yo soy el la los y usted es un una no pero bueno de que en con hoy hace muy está",
}
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_LETTER = re.compile(r"[^\W\d_]")
_WORDS = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_MARKUP = re.compile(r"[{}<>]|\[/?INST|\*\*|^#", re.MULTILINE)
_SPEAKER = re.compile(r"^\W*(?:user|assistant|system|player|ana|bram)\s*:", re.IGNORECASE | re.MULTILINE)
REPEAT_WORDS = 4  # so many words in a row, three times, is a loop


def problem_of(answer: str, question: str, finish: str) -> str:
    """What is wrong with an answer, in a few words; empty where nothing shows."""
    if not _LETTER.search(answer):
        return "says nothing"
    if "<think>" in answer:
        return "thinks aloud"
    if _SPEAKER.search(answer):
        return "writes both sides of the talk"
    if _MARKUP.search(answer):
        return "writes markup"
    if _fold(question) in _fold(answer):
        return "says the question again"
    if _loops(answer):
        return "repeats itself"
    return "does not come to an end" if finish == "length" else ""


def uses(answer: str, told: tuple[str, ...]) -> bool:
    return any(word in f"{answer.lower()} " for word in told)


def language_of(text: str) -> str:
    """The code of the one of GREETINGS that the text is most likely in; empty where it shows none."""
    letters = len(_LETTER.findall(text))
    if letters and 2 * len(_CYRILLIC.findall(text)) > letters:
        return "ru"
    words = [word.lower() for word in _WORDS.findall(text)]
    counts = {code: sum(word in known.split() for word in words) for code, known in _FUNCTION_WORDS.items()}
    best = max(counts, key=lambda code: counts[code])
    return best if counts[best] else ""


def fits_schema(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and set(value) == {"mood", "coins"}
        and value["mood"] in ("glad", "sad")
        and type(value["coins"]) is int
    )


def is_offered(action: Any) -> bool:
    """Whether an action is one of ACTIONS, its parameters as they say."""
    if not isinstance(action, dict):
        return False
    params = action.get("params") or {}
    if action.get("name") == "wave":
        return not params
    if action.get("name") != "give_item" or set(params) != {"item", "count"}:
        return False
    return params["item"] in ("bread", "rope") and params["count"] in (1, 2, 3)


def _fold(text: str) -> str:
    return " ".join(_WORDS.findall(text.lower()))


def _loops(text: str) -> bool:
    words = _WORDS.findall(text.lower())
    runs = Counter(tuple(words[at : at + REPEAT_WORDS]) for at in range(len(words) - REPEAT_WORDS + 1))
    return any(count >= 3 for count in runs.values())
