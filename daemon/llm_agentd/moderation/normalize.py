"""Undoes disguises of words, so that a word list can find them: `f.ü.(k`, fullwidth and Cyrillic letters, base64.

Pure. `normalize_text` undoes what does not change how a text reads; `word_forms` goes on to what a reader takes one
word for; `spelled_words` joins letters that stand alone; `decoded_texts` reads base64 and hex.

The look-alike tables are ours. Tried in their place, on tests/vectors/attacks.json and harmless.json: the package
confusable_homoglyphs (Unicode's list). Alone it misses 3 of 223 attacks against our 1, as `ц` for `u` and some small
capitals are not in it; added to ours it finds what ours finds. Neither raises a false alarm on 275 harmless lines. It
costs 15 MB of memory and 40 ms at import.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterator

DECODED_MIN_CHARS = 3
PART_MIN_CHARS = 3  # of a part of `some_word` or `some-word` that counts as a word of its own

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
# Letters of other alphabets, and small capitals, that are read as Latin ones.
_LOOKS_LATIN = str.maketrans(
    "аеорсухіјѕԁһӏɡɑαοενυικρτωѵԛԝвкмнтցոսօրʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢƒʃıłøđβџцип",
    "aeopcyxijsdhlgaaoevuikptwvqwbkmhtgnuopbcdefghijklmnoprstuvwyzfsilodbuuun",
)
# Latin letters and digits that stand for Cyrillic ones within a Cyrillic word.
_LOOKS_CYRILLIC = str.maketrans("aeopcyxkmhtbiu3u", "аеорсухкмнтвии3и")
# Digits and signs that stand for letters.
_LEET = str.maketrans("0134578@$!|€£+¡µ", "oieastbasiielti" + "u")
_CYRILLIC_LEET = str.maketrans("01346@$", "оизчбас")
_MASK = re.compile(r"(?<=\w)[^\w\s]{1,2}(?=\w)|_")  # what stands between letters: `f.u-c*k`
_LONE_LETTERS = re.compile(r"(?<![^\W_])[^\W_](?:[\W_]{1,3}[^\W_](?![^\W_])){2,}")  # `f u c k`, `f.u.c.k`
_BASE64 = re.compile(r"(?<![\w+/])[A-Za-z0-9+/]{8,400}={0,2}(?![\w+/])")
_HEX = re.compile(r"(?<!\w)(?:0x)?((?:[0-9a-fA-F]{2}[ ,:\\x]{0,2}){4,200})(?!\w)")
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_LATIN = re.compile("[a-z]")
_BREVE = "\u0306"  # of й: without it the letter is another one, и


def normalize_text(text: str) -> str:
    """The same text in the usual width of letters, without what nobody sees. Letters such as ё, ñ and ü stay."""
    if text.isascii():  # nothing in it is invisible, and NFKC leaves it as it is
        return text
    # First the invisible characters: one between a letter and its accent would keep NFKC from joining them.
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
    if text.isascii():
        return text
    # Marks that NFKC did not join to a letter are piled on it to hide it.
    return "".join(char for char in text if unicodedata.category(char) not in ("Mn", "Me", "Cf"))


def as_latin(word: str) -> str:
    """With Latin letters in the place of those of other alphabets that look like them."""
    return word.translate(_LOOKS_LATIN)


def as_cyrillic(word: str) -> str:
    """With Cyrillic letters in the place of Latin ones that look like them."""
    return word.translate(_LOOKS_CYRILLIC)


def word_forms(word: str) -> tuple[str, ...]:
    """What a reader may take one word of a normalized text for, in small letters without accents.

    A word that mixes alphabets has a Latin and a Cyrillic form; one with `_` or `-` also its parts.
    """
    return tuple(_forms(word.casefold()))


def _forms(word: str) -> Iterator[str]:
    """The order of the steps matters:

    1. Punctuation around the word goes, before step 4 takes it for a mask within the word.
    2. Accents go (NFD), but for the breve of й. So `fück` and `fuck` are one word.
    3. With a Cyrillic letter, Latin look-alikes become Cyrillic, and digits the Cyrillic letters they stand for. A word
       that is Cyrillic throughout, with letters that look like no Latin one, ends here.
    4. Look-alikes become Latin; only then digits and signs become letters, and only beside a Latin letter: `45` is no
       word. What still stands between letters goes last, as `$` and `!` are letters until here.
    """
    bare = word.strip(".,;:?\"'()[]{}«»„“”‚‘’…-–—*~`<>")
    if not bare:
        return
    decomposed = unicodedata.normalize("NFD", bare)
    plain = "".join(char for char in decomposed if unicodedata.category(char) != "Mn" or char == _BREVE)
    has_latin = _LATIN.search(plain) is not None
    if _CYRILLIC.search(plain):
        cyrillic = unicodedata.normalize("NFC", plain.translate(_LOOKS_CYRILLIC) if has_latin else plain)
        yield _MASK.sub("", cyrillic.translate(_CYRILLIC_LEET))
        if not has_latin and not _looks_latin(plain):
            return
    latin = plain.translate(_LOOKS_LATIN)
    if not latin.isascii():
        latin = "".join(char for char in latin if char.isascii() or char.isalnum())
    yield _MASK.sub("", latin.translate(_LEET) if _LATIN.search(latin) else latin)
    if "_" in bare or "-" in bare:
        for part in re.split(r"[_-]+", latin.translate(_LEET)):
            if len(part) >= PART_MIN_CHARS:
                yield part


def _looks_latin(word: str) -> bool:
    """Whether each Cyrillic letter of the word looks like a Latin one."""
    return _CYRILLIC.search(word.translate(_LOOKS_LATIN)) is None


def spelled_words(text: str) -> tuple[str, ...]:
    """Words of a normalized text that are spelled in single letters: `f u c k`, `f.u.c.k`."""
    return tuple(
        "".join(char for char in found.group() if char.isalnum()) for found in _LONE_LETTERS.finditer(text.casefold())
    )


def decoded_texts(text: str) -> tuple[str, ...]:
    """What the base64 and hexadecimal words of a normalized text hold, where that is readable text."""
    texts = []
    for found in _BASE64.finditer(text):
        word = found.group().rstrip("=")
        # Ordinary long words and numbers are valid base64 too; encoded text nearly always has a capital letter.
        if len(word) % 4 != 1 and not word.isdigit() and not word.islower():
            texts.append(_readable(_decode_base64(word)))
    for found in _HEX.finditer(text):
        digits = re.sub(r"[^0-9a-fA-F]", "", found.group(1))
        texts.append(_readable(bytes.fromhex(digits[: len(digits) // 2 * 2])))
    return tuple(filter(None, texts))


def _decode_base64(word: str) -> bytes:
    try:
        return base64.b64decode(word + "=" * (-len(word) % 4))
    except (binascii.Error, ValueError):
        return b""


def _readable(data: bytes) -> str:
    """ "" for what is no text."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return text if len(text) >= DECODED_MIN_CHARS and text.isprintable() else ""
