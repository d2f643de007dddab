"""Whether an NPC's words belong to what it did: what lines claim, deny and merely grant, in the mod's languages. Pure.

A line belongs to a deed if it claims it or grants the wish ("Aye, as you say"), and neither denies it nor claims
another. Where nothing was done a line must not promise a deed at once ("I'll come with you"). words.yaml has the
lists: where a reader finds a line right that they do not know, or wrong where they let it pass, they are mended.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

WORDS_FILE = Path(__file__).parent / "words.yaml"
_WORDS: dict[str, Any] = yaml.safe_load(WORDS_FILE.read_text(encoding="utf-8"))


def _any(parts: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{part})" for part in parts), re.IGNORECASE)


ACK, DENY, FAREWELL, CONFUSED, TASK = (_any(_WORDS[key]) for key in ("ack", "deny", "farewell", "confused", "task"))
CLAIMS, PROMISES = ({deed: _any(parts) for deed, parts in _WORDS[key].items()} for key in ("claims", "promises"))
COMBAT = ("attack", "flank", "hold", "retreat", "call_help")  # orders in a fight
UNASKED = (*COMBAT, "flee", "guard")  # deeds that nobody asked for, where a fight makes them
_NOT_DENIED = ("stay", "attack", "flee", "guard")  # "I won't move", "you can't hide", "don't hurt me", "nobody will …"
_DENIED_BEFORE = 30  # characters: "I cannot leave the gate and come with you"


def family(deed: str) -> str:
    """Orders in a fight are one deed to who hears them."""
    return "attack" if deed in COMBAT else deed


def claims(line: str, deed: str) -> bool:
    """Says it, and does not deny it just before."""
    pattern = CLAIMS.get(family(deed))
    return pattern is not None and any(not _is_denied(line, found.start()) for found in pattern.finditer(line))


def promised(line: str) -> list[str]:
    """Deeds that the line promises or says it does."""
    return [
        deed
        for deed, pattern in PROMISES.items()
        if any(not _is_denied(line, found.start()) for found in pattern.finditer(line))
    ]


def _is_denied(line: str, at: int) -> bool:
    clause = re.split(r"[.!?;…]", line[max(0, at - _DENIED_BEFORE) : at])[-1]
    return bool(DENY.search(clause))


def disagreement(line: str, deed: str) -> str | None:
    """Why the line does not belong to the deed that was done, or None."""
    if deed == "emote" or not line:
        return None
    others = [other for other in promised(line) if other != family(deed) and not _is_kin(other, deed)]
    if others:
        return f"it does {deed} and says {others[0]}"
    if claims(line, deed):
        return None
    if family(deed) not in _NOT_DENIED and DENY.search(line):
        return f"it does {deed} and refuses"
    if not ACK.search(line):
        return f"it does {deed}, and the line has nothing to do with it"
    return None


def _is_kin(one: str, other: str) -> bool:
    return {one, family(other)} in (
        {"follow", "guard"},
        {"follow", "go_to"},
        {"give_item", "offer_trade"},
        {"give_item", "take_item"},
        {"give_item", "complete_quest"},
        {"attack", "guard"},
        {"go_to", "flee"},
        {"go_to", "attack"},
        {"offer_trade", "complete_quest"},
        {"go_to", "open_door"},
        {"give_item", "open_door"},
    )
