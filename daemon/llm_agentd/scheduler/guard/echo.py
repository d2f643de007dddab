"""Cuts names before words, and ends a reply where it goes on with the prompt or with somebody else's words.

Pure; engine thread. At the beginning `NPC:` goes, as often as it stands there. Where a line or a sentence begins behind
words, a name and a colon are the next speaker: the reply is over. So it is at `user:` and `system:`, at a line that
only prompts have, and at a key of the JSON form that stands among the words (a form torn by a model without a grammar).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

HELD_MAX_CHARS = 160  # longer than any name with its colon; also ends a run of spaces
OWN = ("assistant", "say", "reply", "answer", "npc")  # before the first words they are the NPC's
OTHERS = ("user", "system", "human", "player", "narrator", "your manner", "speak this language", "actions")
LINES = ("(do not repeat", "(nobody speaks", "speak in character,", "answer as json")
KEYS = ("say", "do", "action")
_SENTENCE_ENDS = frozenset(".!?…\"”»')。！？")
_LABEL = re.compile(r"[^\W\d_][\w'’-]{,23}")
_PLACEHOLDER_FIRST, _PLACEHOLDER_LAST = "\ue000", "\uf8ff"  # one such character stands for a name


def _beginnings(forms: frozenset[str]) -> frozenset[str]:
    return frozenset(form[:length] for form in forms for length in range(len(form) + 1))


_OWN = frozenset(f"{label}:" for label in (*OWN, *(f'{key}"' for key in KEYS)))  # `say": "…`: it lost its beginning
_OTHERS = frozenset({*(f"{label}:" for label in OTHERS), *LINES})
_KEYS = frozenset(f'{before}"{key}":' for before in ("", '"', ",", '",') for key in KEYS)
_BEGINNINGS = _beginnings(_OWN | _OTHERS | _KEYS)


class EchoFilter:
    """`names`: of all who may speak. `ended`: "echo" or "json". `removed`: of those and "name"."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.ended = ""
        self.removed: set[str] = set()
        labels = {_normal(name) for name in names}
        labels |= {word for label in labels for word in label.split()[:1] if len(word) > 2}  # `Bram:` of Bram Miller
        names_own = frozenset(f"{label}:" for label in labels - {*OTHERS, ""})
        self._own = names_own | _OWN
        self._starts = self._own | _OTHERS
        self._beginnings = _beginnings(names_own) | _BEGINNINGS  # of all that may be cut
        self._held = ""
        self._forms = self._starts  # what the held text may become
        self._is_head = True  # nothing was shown yet
        self._last = ""  # the last character shown that is no space
        self._may_start = True  # a line or a sentence may begin here
        self._is_new_line = False  # a line behind words begins here
        self._is_key_read = False  # the words are the value of a torn form's key, from its quotation mark on

    def feed(self, text: str) -> str:
        out: list[str] = []
        for char in text:
            self._take(char, out)
            if self.ended:
                break
        return "".join(out)

    def end(self) -> str:
        out: list[str] = []
        while self._held and not self.ended:
            self._release(out)
        return "".join(out)

    def _take(self, char: str, out: list[str]) -> None:
        if self._is_key_read and self._take_quote(char):
            return
        if not self._held and not self._begins(char):
            self._show(char, out)
            return
        self._held += char
        held = _normal(self._held) if self._forms is self._starts else _without_spaces(self._held)
        if held in self._forms or self._is_label(held):
            self._hit(held)
        elif len(self._held) > HELD_MAX_CHARS or not self._may_become(held):
            self._release(out)

    def _take_quote(self, char: str) -> bool:
        """The mark that opens the value of a key goes, and spaces before it."""
        self._is_key_read = char.isspace()
        return char.isspace() or char in "\"'"

    def _begins(self, char: str) -> bool:
        """Whether `char` may be the first of something to cut; sets what that may be."""
        if char in "\"',":
            self._forms = _KEYS
            return True
        self._forms = self._starts
        return self._may_start and not char.isspace()

    def _may_become(self, held: str) -> bool:
        return held in self._beginnings or self._is_label(f"{held}:")

    def _is_label(self, held: str) -> bool:
        """`Anybody:` at a new line, though nobody has that name; and a placeholder's, wherever names are looked for."""
        if self._forms is _KEYS or len(held) < 2 or held[-1] != ":":
            return False
        is_placeholder = len(held) == 2 and _PLACEHOLDER_FIRST <= held[0] <= _PLACEHOLDER_LAST
        return is_placeholder or (self._is_new_line and _LABEL.fullmatch(self._held.rstrip(" :：")) is not None)

    def _release(self, out: list[str]) -> None:
        """The first held character is no beginning; one behind it may be."""
        first, rest, self._held = self._held[0], self._held[1:], ""
        self._show(first, out)
        for char in rest:
            if not self.ended:
                self._take(char, out)

    def _show(self, char: str, out: list[str]) -> None:
        out.append(char)
        if char == "\n":
            self._may_start, self._is_new_line = True, not self._is_head
        elif char.isspace():
            self._may_start = self._may_start or self._last in _SENTENCE_ENDS
        else:
            self._may_start = self._is_head = self._is_new_line = False
            self._last = char

    def _hit(self, held: str) -> None:
        self._held = ""
        is_key = self._forms is _KEYS or '"' in held
        if self._is_head and (is_key or held in self._own or self._is_label(held)):
            self.removed.add("json" if is_key else "name")
            self._may_start, self._is_key_read = True, is_key
        else:
            self.ended = "json" if is_key else "echo"


def _normal(text: str) -> str:
    """Lower case, one space for many, none before a colon, and the colon of East Asia as ours."""
    return " ".join(text.casefold().replace("：", ":").replace(":", " :").split()).replace(" :", ":")


def _without_spaces(text: str) -> str:
    return "".join(text.split()).replace("'", '"')
