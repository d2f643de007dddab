"""What an NPC says in the place of words that were held back, in the languages that the mod speaks. Pure.

The same occasion gives the same line: NPCs differ, and one NPC does not waver.
"""

from __future__ import annotations

from collections.abc import Mapping
from zlib import crc32

# Said to who spoke foully, and where the model's own words are not for the listener.
_REBUKES = {
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
_EVASIONS = {
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


def rebuke(language: str, occasion: str) -> str:
    """To a player whose words were held back. `language`: a code such as de or de_AT; English where there is none."""
    return _one(_REBUKES, language, occasion)


def evasion(language: str, occasion: str) -> str:
    """In the place of a reply that was held back."""
    return _one(_EVASIONS, language, occasion)


def _one(lines: Mapping[str, tuple[str, ...]], language: str, occasion: str) -> str:
    known = lines.get(language.lower().replace("-", "_").split("_")[0], lines["en"])
    return known[crc32(occasion.encode("utf-8", "replace")) % len(known)]
