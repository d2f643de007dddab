"""Chooses the language of a reply, and builds the prompt that translates a line.

The model's file or the admin (`model.languages`) lists the languages that the model speaks. With an empty list nothing
is known, and the requested language is passed on to the model. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from llm_agentd.errors import BadRequest
from llm_agentd.types import Message
from llm_agentd.util import sanitize

CODE_MAX_CHARS = 32  # zh_Hant_TW and the like are shorter

# A model has read a language's English name far more often than its code. Codes that are missing here are used as such.
_ENGLISH_NAMES = {
    "ar": "Arabic",
    "bg": "Bulgarian",
    "ca": "Catalan",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "eo": "Esperanto",
    "es": "Spanish",
    "et": "Estonian",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "lt": "Lithuanian",
    "lv": "Latvian",
    "nb": "Norwegian",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sk": "Slovak",
    "sl": "Slovenian",
    "sr": "Serbian",
    "sv": "Swedish",
    "th": "Thai",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Chinese",
}


def base_code(code: str) -> str:
    """`de` of `de_AT` and `de-AT`: a model that speaks German counts as speaking its regional forms."""
    return sanitize.single_line(code).replace("-", "_").partition("_")[0].lower()


def is_supported(languages: Sequence[str], code: str) -> bool:
    """Whether a model of these languages speaks `code`. True where `languages` is empty: nothing is known."""
    return not languages or base_code(code) in map(base_code, languages)


def choose(requested: str, languages: Sequence[str], default: str) -> str:
    """The first of these that the model speaks: `requested`, `default`, the model's first language."""
    for code in (requested, default):
        if is_supported(languages, code):
            return sanitize.single_line(code)[:CODE_MAX_CHARS]
    return languages[0]


def require_supported(languages: Sequence[str], code: str) -> None:
    """Raises BadRequest for a language that the model is known not to speak."""
    if not is_supported(languages, code):
        shown = sanitize.single_line(code)[:CODE_MAX_CHARS]
        raise BadRequest(
            f"lang: the model does not speak {shown}; it speaks {', '.join(languages)} (as its file or"
            " model.languages says)"
        )


def translation_messages(line: str, code: str) -> tuple[Message, ...]:
    """The prompt that translates `line`. It names no NPC, so that all who say the line share one cached reply."""
    language = _ENGLISH_NAMES.get(base_code(code), sanitize.single_line(code)[:CODE_MAX_CHARS])
    return (
        Message(
            "system", f"You translate what people in a game say into {language}. Answer with the translation alone."
        ),
        Message("user", sanitize.utterance(line)),
    )
