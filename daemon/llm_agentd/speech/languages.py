"""Codes of languages, and which language a line is read as. Pure."""

from __future__ import annotations

import re

DEFAULT = "en"
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
# Scripts, and the languages that are written in them: the first is whose a line is that claims to be of another script.
_SCRIPTS = (
    (re.compile(r"[Ѐ-ӿ]"), ("ru", "uk", "be", "bg", "kk", "ky", "mk", "sr", "tt", "ba", "cv")),
    (re.compile(r"[Ͱ-Ͽἀ-῿]"), ("el", "grc")),
    (re.compile(r"[぀-ヿ]"), ("ja",)),
    (re.compile(r"[가-힯]"), ("ko",)),
    (re.compile(r"[一-鿿]"), ("zh", "cmn", "yue", "hak", "ja")),
    (re.compile(r"[֐-׿]"), ("he", "yi")),
    (re.compile(r"[؀-ۿ]"), ("ar", "fa", "ur", "sd", "ug", "ku")),
    (re.compile(r"[ऀ-ॿ]"), ("hi", "mr", "ne", "kok")),
    (re.compile(r"[฀-๿]"), ("th",)),
)


def base_code(lang: str) -> str:
    """`pt` of `pt_BR` and `PT-br`; English where none is named."""
    return lang.replace("_", "-").partition("-")[0].casefold() or DEFAULT


def read_as(text: str, lang: str) -> str:
    """`lang`, but where no letter of the text is Latin a language of its script: another would spell it."""
    if text.isascii() or _LATIN.search(text):
        return lang or DEFAULT
    for script, languages in _SCRIPTS:
        if script.search(text):
            return lang if base_code(lang) in languages else languages[0]
    return lang or DEFAULT
