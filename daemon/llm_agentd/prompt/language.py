"""Which language an NPC's words are in: the one that is asked for, where the model has it, else one that it has.

A model's file or the admin says which languages it has; where neither does nothing is known, and the one asked for is
asked of the model. Also how a line that was said is asked for in another language. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from llm_agentd.errors import BadRequest
from llm_agentd.prompt.sanitize import plain, words
from llm_agentd.types import Message

CODE_MAX_CHARS = 32  # zh_Hant_TW and the like are shorter

# What a model was told most often is a language's English name; for other codes the code has to do.
_NAMES = {
    **{
        "ar": "Arabic",
        "bg": "Bulgarian",
        "ca": "Catalan",
        "cs": "Czech",
        "da": "Danish",
        "de": "German",
        "el": "Greek",
    },
    **{"en": "English", "eo": "Esperanto", "es": "Spanish", "et": "Estonian", "fi": "Finnish", "fr": "French"},
    **{"he": "Hebrew", "hi": "Hindi", "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "ja": "Japanese"},
    **{"ko": "Korean", "lt": "Lithuanian", "lv": "Latvian", "nb": "Norwegian", "nl": "Dutch", "pl": "Polish"},
    **{"pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sl": "Slovenian", "sr": "Serbian"},
    **{"sv": "Swedish", "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "vi": "Vietnamese", "zh": "Chinese"},
}


def base(code: str) -> str:
    """`de` of `de_AT`: a model that has German has Austria's."""
    return plain(code).replace("-", "_").partition("_")[0].lower()


def has(languages: Sequence[str], code: str) -> bool:
    """Whether a model of these languages speaks `code`; True where nothing is known of it."""
    return not languages or base(code) in map(base, languages)


def spoken(wanted: str, languages: Sequence[str], default: str) -> str:
    """The language that the words will be in: `wanted`, `default`, or the model's first, the first of these it has."""
    for code in (wanted, default):
        if has(languages, code):
            return plain(code)[:CODE_MAX_CHARS]
    return languages[0]


def check_has(languages: Sequence[str], code: str) -> None:
    """Raises BadRequest for a language that the model is known to lack."""
    if not has(languages, code):
        raise BadRequest(
            f"lang: the model does not speak {plain(code)[:CODE_MAX_CHARS]}; it speaks {', '.join(languages)} (as its "
            "file or model.languages says)"
        )


def translation(line: str, code: str) -> tuple[Message, ...]:
    """The question for `line` in another language. No NPC is in it: whoever says the line, it is asked once."""
    name = _NAMES.get(base(code), plain(code)[:CODE_MAX_CHARS])
    return (
        Message("system", f"You translate what people in a game say into {name}. Answer with the translation alone."),
        Message("user", words(line)),
    )
