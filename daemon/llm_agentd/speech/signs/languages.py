"""The sign languages whose fingerspelling the package `signwriting` has, by their codes of ISO 639-3.

Pure. Names are the reference names of ISO 639-3; the two that are not in English there (sfb, vgt) are named as
Ethnologue does. `tests/speech/signs` compares the codes with what the installed package has.
"""

from __future__ import annotations

DEFAULT_LANGUAGE = "ase"

LANGUAGES = {
    "ase": "American Sign Language",
    "bfi": "British Sign Language",
    "bzs": "Brazilian Sign Language",
    "csl": "Chinese Sign Language",
    "dsl": "Danish Sign Language",
    "fsl": "French Sign Language",
    "gsg": "German Sign Language",
    "gss": "Greek Sign Language",
    "hds": "Honduras Sign Language",
    "ise": "Italian Sign Language",
    "isg": "Irish Sign Language",
    "isr": "Israeli Sign Language",
    "jsl": "Japanese Sign Language",
    "kvk": "Korean Sign Language",
    "mfs": "Mexican Sign Language",
    "ncs": "Nicaraguan Sign Language",
    "nsl": "Norwegian Sign Language",
    "psr": "Portuguese Sign Language",
    "sfb": "French Belgian Sign Language",
    "sgg": "Swiss-German Sign Language",
    "ssp": "Spanish Sign Language",
    "swl": "Swedish Sign Language",
    "tsq": "Thai Sign Language",
    "vgt": "Flemish Sign Language",
}

# Where the package's file has another name: `ko` is the spoken language.
FILES = {"kvk": "ko"}
