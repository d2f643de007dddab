"""What of a text is spoken: words, figures and punctuation, as an engine reads them aloud.

Left out: colours of the game, emotes (`*waves*`), markup, addresses, emoji, what cannot be seen. An engine would spell
them, letter by letter, or fail. Time grows with the text and no faster, whoever wrote it. Pure.
"""

from __future__ import annotations

import re
import unicodedata

from llm_agentd.util.sanitize import single_line

_STARRED = re.compile(r"(?<!\*)\*(?!\*)([^*]{1,200})\*(?!\*)")
_ENDS_SENTENCE = frozenset(".!?…:»”\"'")
_LINK = re.compile(r"\[([^\[\]]{1,200})\]\([^()\s]{1,300}\)")
_ADDRESS = re.compile(r"\b(?:https?://|www\.)\S{1,300}")
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,100}>")
_GAME_END = re.compile(r"\x1b[A-Za-z]")  # of a translation; colours and their beginning single_line takes away
_MARKS = str.maketrans(dict.fromkeys("*_`~#|<>{}[]\\^=@", " "))
_RUN = re.compile(r"([^\W\d_])\1{3,}")  # Nooooo
_MANY_MARKS = re.compile(r"([!?,;:.…–—-])(?:\s*\1)+")
_GAP = re.compile(r"\s+(?=[,.;:!?…])")
# Of Unicode's categories: letters, digits, marks that belong to letters, punctuation, currency, + and the like.
_SPOKEN = ("L", "N", "M", "P", "Z", "Sc", "Sm")
_NO_START = " .,;:!?…–—-)»”"  # what is left of a text whose beginning is not spoken
RUN_MAX = 3  # of the same letter: an engine spells longer ones out


def spoken_text(text: str) -> str:
    """One line; "" where nothing of the text is spoken."""
    line = _GAME_END.sub("", text.encode("utf-8", "replace").decode())
    line = single_line(unicodedata.normalize("NFC", line))
    line = _TAG.sub(" ", _ADDRESS.sub(" ", _LINK.sub(r"\1", line)))
    line = _STARRED.sub(_without_emote, " ".join(line.split()))
    line = "".join(char if _is_spoken(char) else " " for char in line.translate(_MARKS))
    line = _RUN.sub(lambda run: run[1] * RUN_MAX, line)
    line = _GAP.sub("", " ".join(_MANY_MARKS.sub(r"\1", line).split()))
    return line.lstrip(_NO_START) if any(map(str.isalnum, line)) else ""


def _without_emote(starred: re.Match[str]) -> str:
    """Nothing for `*waves*` between sentences or at the end of all; the words of `I am *very* sure`."""
    line, inside = starred.string, starred[1].strip()
    before, after = (
        line[max(starred.start() - 2, 0) : starred.start()].strip()[-1:],
        line[starred.end() : starred.end() + 2].strip()[:1],
    )
    is_between = not before or before in _ENDS_SENTENCE
    return " " if not after or (is_between and (inside[:1].islower() or not after.islower())) else inside


def _is_spoken(char: str) -> bool:
    return char.isascii() or unicodedata.category(char).startswith(_SPOKEN)
