"""What an NPC says in the place of a text that moderation held back, in the languages that the mod speaks. Pure.

`seed` picks the line: the same seed gives the same line, so that one NPC does not change its answer to one text.
"""

from __future__ import annotations

from collections.abc import Mapping
from zlib import crc32

_REFUSALS = {
    "en": (
        "I will not listen to such talk.",
        "Mind your tongue, friend.",
        "Such words do not belong here. Say it another way.",
    ),
    "de": (
        "Solches Gerede höre ich mir nicht an.",
        "Hüte deine Zunge, Freund.",
        "Solche Worte gehören nicht hierher. Sag es anders.",
    ),
    "fr": (
        "Je n'écoute pas de tels propos.",
        "Surveille ta langue, l'ami.",
        "Ces mots n'ont pas leur place ici. Dis-le autrement.",
    ),
    "es": ("No escucho palabras así.", "Cuida tu lengua, amigo.", "Esas palabras sobran aquí. Dilo de otra manera."),
    "ru": ("Таких речей я не слушаю.", "Следи за языком, друг.", "Таким словам здесь не место. Скажи иначе."),
}
_DEFLECTIONS = {
    "en": (
        "Let us speak of something else.",
        "I lost my thread. What were we saying?",
        "Hm. Better that I say nothing of that.",
    ),
    "de": (
        "Reden wir von etwas anderem.",
        "Ich habe den Faden verloren. Wo waren wir?",
        "Hm. Davon sage ich lieber nichts.",
    ),
    "fr": ("Parlons d'autre chose.", "J'ai perdu le fil. Que disions-nous ?", "Hm. Mieux vaut que je n'en dise rien."),
    "es": ("Hablemos de otra cosa.", "He perdido el hilo. ¿Qué decíamos?", "Hm. Mejor no digo nada de eso."),
    "ru": ("Поговорим о другом.", "Сбился с мысли. О чём мы говорили?", "Хм. Об этом лучше промолчу."),
}


def refusal(language: str, seed: str) -> str:
    """The answer to a player whose words were held back. `language`: a code such as de or de_AT; else English."""
    return _pick(_REFUSALS, language, seed)


def deflection(language: str, seed: str) -> str:
    """What stands in the place of a reply that was held back."""
    return _pick(_DEFLECTIONS, language, seed)


def _pick(lines: Mapping[str, tuple[str, ...]], language: str, seed: str) -> str:
    choices = lines.get(language.lower().replace("-", "_").split("_")[0], lines["en"])
    return choices[crc32(seed.encode("utf-8", "replace")) % len(choices)]
