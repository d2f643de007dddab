"""Text with halves of surrogate pairs, which Python strings may hold and UTF-8 may not. Pure."""

from __future__ import annotations


def repair_surrogates(text: str) -> str:
    """`text` with each lone half replaced by U+FFFD; two halves that make a pair become its character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
