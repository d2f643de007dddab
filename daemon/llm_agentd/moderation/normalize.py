"""Text as a bad word may hide in it: how it is brought into forms in which a list can find it.

`clean` undoes what only looks different (widths, unseen characters, piled-up marks); `fold` goes on to plain letters,
as a reader takes f.ü.(k for what it means; `spelled` joins letters that stand alone; `decoded`
reads base64 and hex. Pure.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterator

_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
# Letters of other alphabets, and small capitals, that are read as Latin ones.
_LOOKS_LATIN = str.maketrans(
    "аеорсухіјѕԁһӏɡɑαοενυικρτωѵԛԝвкмнтցոսօրʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢƒʃıłøđβџцип",
    "aeopcyxijsdhlgaaoevuikptwvqwbkmhtgnuopbcdefghijklmnoprstuvwyzfsilodbuuun",
)
_LOOKS_CYRILLIC = str.maketrans("aeopcyxkmhtbiu3u", "аеорсухкмнтвии3и")
_LEET = str.maketrans("0134578@$!|€£+¡µ", "oieastbasiielti" + "u")
_CYRILLIC_LEET = str.maketrans("01346@$", "оизчбас")
_MASK = re.compile(r"(?<=\w)[^\w\s]{1,2}(?=\w)|_")
_ALONE = re.compile(r"(?<![^\W_])[^\W_](?:[\W_]{1,3}[^\W_](?![^\W_])){2,}")
_BASE64 = re.compile(r"(?<![\w+/])[A-Za-z0-9+/]{8,400}={0,2}(?![\w+/])")
_HEX = re.compile(r"(?<!\w)(?:0x)?((?:[0-9a-fA-F]{2}[ ,:\\x]{0,2}){4,200})(?!\w)")
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_LATIN = re.compile("[a-z]")
DECODED_MIN_CHARS = 3


def clean(text: str) -> str:
    """The same letters in their usual width and order, without what nobody sees. ё, ñ and ü stay letters."""
    text = unicodedata.normalize("NFKC", _UNSEEN.sub("", text))
    if text.isascii():
        return text
    return "".join(char for char in text if unicodedata.category(char) not in ("Mn", "Me", "Cf"))


def fold(word: str) -> tuple[str, ...]:
    """The forms of one cleaned word: in plain small letters, without accents and what stands between letters.

    One that mixes alphabets is read as Latin and as Cyrillic.
    """
    return tuple(_forms(word.casefold()))


def _forms(word: str) -> Iterator[str]:
    bare = word.strip(".,;:?\"'()[]{}«»„“”‚‘’…-–—*~`<>")
    if not bare:
        return
    plain = "".join(c for c in unicodedata.normalize("NFD", bare) if unicodedata.category(c) != "Mn" or c == "\u0306")
    if _CYRILLIC.search(plain):
        own = unicodedata.normalize("NFC", plain if not _LATIN.search(plain) else plain.translate(_LOOKS_CYRILLIC))
        yield _MASK.sub("", own.translate(_CYRILLIC_LEET))
        if not _LATIN.search(plain) and not _all_look_latin(plain):
            return
    latin = plain.translate(_LOOKS_LATIN)
    if not latin.isascii():
        latin = "".join(char for char in latin if char.isascii() or char.isalnum())
    solid = _MASK.sub("", latin.translate(_LEET) if _LATIN.search(latin) else latin)
    yield solid
    if "_" in bare or "-" in bare:  # parts that are words of their own
        for part in re.split(r"[_-]+", latin.translate(_LEET)):
            if len(part) > 2:
                yield part


def _all_look_latin(word: str) -> bool:
    return _CYRILLIC.search(word.translate(_LOOKS_LATIN)) is None


def spelled(cleaned: str) -> tuple[str, ...]:
    """Words spelled out in letters that stand alone: `f u c k`, `f.u.c.k`."""
    return tuple("".join(c for c in found.group() if c.isalnum()) for found in _ALONE.finditer(cleaned.casefold()))


def decoded(cleaned: str) -> tuple[str, ...]:
    """What base64 and hexadecimal words in it hold, where that is text."""
    found = []
    for match in _BASE64.finditer(cleaned):
        word = match.group().rstrip("=")
        if len(word) % 4 != 1 and not word.isdigit() and not word.islower():
            found.append(_text_of(_unbase64(word)))
    for match in _HEX.finditer(cleaned):
        digits = re.sub(r"[^0-9a-fA-F]", "", match.group(1))
        found.append(_text_of(bytes.fromhex(digits[: len(digits) // 2 * 2])))
    return tuple(filter(None, found))


def _unbase64(word: str) -> bytes:
    try:
        return base64.b64decode(word + "=" * (-len(word) % 4))
    except (binascii.Error, ValueError):
        return b""


def _text_of(data: bytes) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return text if len(text) >= DECODED_MIN_CHARS and text.isprintable() else ""
