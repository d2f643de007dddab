"""Role files that the tests write."""

from __future__ import annotations

from pathlib import Path

FERRYMAN = """\
title: the ferryman
persona: >
  The ferryman knows the river
  and takes a coin.
knowledge:
  - The ford lies north of Oakford.
  - "Storms: they come from the west."
manner: slow and dry
voice: old_man
actions: [offer_trade, wave]
greetings: ["Mind the step, {player}."]
fallback:
  - The river is loud today, {player}.
quick:
  - Take me across!
language: de
"""


def put(folder: Path, name: str, text: str) -> Path:
    """A file as an editor leaves it: another inode each time, so that no clock of a disk is too coarse."""
    folder.mkdir(exist_ok=True)
    fresh = folder / f".{name}.tmp"
    fresh.write_text(text, encoding="utf-8")
    return fresh.rename(folder / f"{name}.yaml")


def short(title: str) -> str:
    return f"title: {title}\npersona: Somebody.\n"
