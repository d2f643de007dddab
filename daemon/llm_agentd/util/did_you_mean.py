"""The nearest known name to a mistyped one, for the message of an error. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like `name`; None where none is like it."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1)), None)


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """To end a message with: `, did you mean 'x'?`, or `otherwise` where nothing is near."""
    near = nearest(name, known)
    return otherwise if near is None else f", did you mean {near!r}?"
