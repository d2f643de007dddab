"""Finds literals and character classes of a GBNF grammar that no text can ever follow. Pure.

Where no token fits, llama.cpp throws a C++ exception, which ends the process.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TypeAlias

_BY_NUMBER = re.compile(r"\\[xuU]|\0")  # a literal without it holds only characters that a text can have
_CHAR = re.compile(r"\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}|\\.|.", re.DOTALL)
_PLAIN_ESCAPES = {"\\n": "\n", "\\r": "\r", "\\t": "\t"}
CODE_MAX = 0x10FFFF
Ranges: TypeAlias = tuple[tuple[int, int], ...]  # first and last code point of each
SURROGATES = range(0xD800, 0xE000)  # halves of a pair, which no UTF-8 has


def unwritable(terminal: str) -> str:
    """Why no token could ever follow this one, for the user; "" if nothing of the kind is in it."""
    if terminal.startswith('"'):
        is_text = not _BY_NUMBER.search(terminal) or all(map(_is_char, _codes(terminal[1:-1])))
        return "" if is_text else f"{terminal[:40]} holds a character that no text has"
    if terminal.startswith("<"):
        return f"{terminal[:40]} names a token of the model; write the text itself"
    if terminal.startswith("[") and not _holds_a_char(terminal):
        return f"{terminal[:40]} leaves no character to choose"
    return ""


def char_ranges(terminal: str) -> list[Ranges]:
    """The characters that may follow for it, one after the other: of a literal each its own, of a class any of many."""
    if terminal.startswith('"'):
        return [((_number(code), _number(code)),) for code in _codes(terminal[1:-1])]
    if terminal in ("[]", "[^]"):
        return []
    if terminal.startswith("[^"):
        return [_others(_ranges(_codes(terminal[2:-1])))]
    return [tuple(_ranges(_codes(terminal[1:-1])))] if terminal.startswith("[") else [((1, CODE_MAX),)]


def _others(ranges: list[tuple[int, int]]) -> Ranges:
    """What is in none of them."""
    found: list[tuple[int, int]] = []
    code = 1
    for first, last in sorted(ranges):
        if first > code:
            found.append((code, first - 1))
        code = max(code, last + 1)
    return (*found, (code, CODE_MAX)) if code <= CODE_MAX else tuple(found)


@lru_cache(maxsize=256)  # [0-9] and the like stand in every grammar
def _holds_a_char(char_class: str) -> bool:
    if char_class.startswith("[^"):
        ranges = _others(_ranges(_codes(char_class[2:-1])))
    else:
        ranges = tuple(_ranges(_codes(char_class[1:-1])))
    return any(_is_char(code) for first, last in ranges for code in _ends(first, last))


def _ends(first: int, last: int) -> tuple[int, ...]:
    """A few of a range, one of which is a character if any is: its ends, cut to what characters can be."""
    low, high = max(first, 1), min(last, CODE_MAX)
    return (low, high, SURROGATES.stop) if low <= SURROGATES.stop <= high else (low, high) if low <= high else ()


def _codes(inner: str) -> list[int | str]:
    """Code points, and "-" where a class has a range's bare dash."""
    return [_code(char[0]) for char in _CHAR.finditer(inner)]


def _code(char: str) -> int | str:
    if char == "-":
        return "-"
    hexadecimal = re.fullmatch(r"\\[xuU]([0-9A-Fa-f]+)", char)
    return int(hexadecimal[1], 16) if hexadecimal else ord(_PLAIN_ESCAPES.get(char, char[-1]))


def _ranges(codes: list[int | str]) -> list[tuple[int, int]]:
    """First and last code point of each; one that runs backwards holds nothing and is left out."""
    found: list[tuple[int, int]] = []
    at = 0
    while at < len(codes):
        first = _number(codes[at])
        last = first
        if at + 2 < len(codes) and codes[at + 1] == "-":
            last = _number(codes[at + 2])
            at += 2
        at += 1
        if first <= last:
            found.append((first, last))
    return found


def _number(code: int | str) -> int:
    return code if isinstance(code, int) else ord("-")


def _is_char(code: int | str) -> bool:
    return code == "-" or (isinstance(code, int) and 0 < code <= CODE_MAX and code not in SURROGATES)
