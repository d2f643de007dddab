"""Gives what must make room another name beside its old one, so that nothing is lost. Any thread."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path


def keep_aside(path: Path, why: str, suffixes: Sequence[str] = ("",)) -> Path:
    """Renames a file or folder to `NAME.WHY-TIME`, with those that have one of `suffixes` behind its name.

    Returns the new name. Raises OSError.
    """
    aside = name_aside(path, why)
    for suffix in reversed(suffixes):  # the file itself last: a kill in between leaves it in its place
        part = Path(f"{path}{suffix}")
        if part.exists():
            part.rename(f"{aside}{suffix}")
    return aside


def name_aside(path: Path, why: str) -> Path:
    """`NAME.WHY-TIME`, or where that is taken `NAME.WHY-TIME-2` and so on."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    aside = Path(f"{path}.{why}-{stamp}")
    number = 1
    while aside.exists():
        number += 1
        aside = Path(f"{path}.{why}-{stamp}-{number}")
    return aside
