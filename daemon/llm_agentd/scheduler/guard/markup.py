"""Takes out what a chat would show as it was typed: `**bold**`, `*stage directions*`, headings, tags, emoji, braces.

Pure; engine thread. A state machine: each state is a method that takes one character and may make another the next
state. Marks go and their words stay, but for stage directions and thoughts, which are nobody's words. A heading, a code
fence or a rule behind words begins another text than a spoken line, and a line of facts (`[time evening; …`) or a token
of a chat template is the prompt again: they end the reply.
"""

from __future__ import annotations

import re

from llm_agentd.prompt.messages import FACT_ORDER

STAGE_MAX_CHARS = 160  # between two stars or brackets; longer ones are words that lost their mark
TAG_MAX_CHARS = 40  # a longer `<` is none
THOUGHTS = frozenset({"think", "thinking", "thought", "thoughts", "reasoning", "reflection", "scratchpad", "analysis"})
END_TAGS = frozenset({"s", "/s", "eos", "end_of_turn", "start_of_turn", "eot", "endoftext", "pad", "unk"})
FACTS = frozenset({*FACT_ORDER, "facts", "fact", "intent", "inst", "/inst", "system", "user", "assistant"})
_EMOJI = re.compile("[\U0001f000-\U0001faff\U000e0000-\U000e007f\u2600-\u27bf\u2b00-\u2bff]")
_JOINERS = "\u200d\u20e3\ufe0e\ufe0f"  # of emoji; the first also joins letters in some scripts
_SENTENCE_ENDS = frozenset(".!?…:\"”»')]。！？\n")
_CLOSE_UP = frozenset(".,!?;:…")  # no space before these where something between was taken out


class MarkupFilter:
    """`ended`: "echo" or "markup" where the text was ended. `removed`: of those and "stage", "thought", "emoji"."""

    def __init__(self) -> None:
        self.ended = ""
        self.removed: set[str] = set()
        self._take = self._plain
        self._out: list[str] = []
        self._held = ""  # of the construct that is being read
        self._mark = ""  # the character that it began with
        self._thought = ""
        self._stressed = ""  # the mark before a word with stress, while it waits for its second
        self._before = ""  # the character before it, whether or not that is shown
        self._last = ""  # the last one shown that is no space
        self._spaces = ""  # shown with the next character, or not at all where something was taken out
        self._is_gap = False  # something was taken out since the last character shown
        self._is_line_start = True

    def feed(self, text: str) -> str:
        self._out.clear()
        for char in text:
            if self.ended:
                break
            self._take(char)
        return "".join(self._out)

    def end(self) -> str:
        """What is held and no mark after all; what was opened and never closed is gone."""
        self._out.clear()
        is_in_word = self._take == self._marks and self._mark == "_" and self._before.isalnum()
        is_one_mark = self._take in (self._hashes, self._dashes) and len(self._held) == 1
        if self._take == self._tag or is_in_word or is_one_mark:
            self._show_text(self._held)
        elif self._take == self._bracket and self._is_fact_line():
            self._end("echo")
        elif self._held:
            self._remove("markup")
        if not self._is_gap:
            self._out.append(self._spaces)
        return "".join(self._out)

    # -- what becomes of a character ---------------------------------------------------------------

    def _show(self, char: str) -> None:
        if char in "{}":  # here, at the only way out, so that none ever passes
            self._remove("brace")
        elif char == "\n":
            self._out.append("" if self._is_gap else self._spaces)
            self._out.append(char)
            self._spaces, self._is_line_start = "", True
        elif char.isspace():
            self._spaces += char
        else:
            spaces = self._spaces
            if self._is_gap:
                spaces = "" if char in _CLOSE_UP or not self._last or self._is_line_start else spaces[:1]
            self._out += (spaces, char)
            self._spaces, self._last, self._is_gap, self._is_line_start = "", char, False, False
        self._before = char

    def _show_text(self, text: str) -> None:
        for char in text:
            self._show(char)

    def _remove(self, reason: str) -> None:
        self.removed.add(reason)
        self._is_gap = True
        self._held = ""
        self._take = self._plain

    def _end(self, reason: str) -> None:
        self.ended = reason

    def _open(self, state: object, char: str) -> None:
        self._mark = self._held = char
        self._take = state  # type: ignore[assignment]

    @property
    def _is_in_sentence(self) -> bool:
        return bool(self._last) and not self._is_line_start and self._last not in _SENTENCE_ENDS

    # -- states ------------------------------------------------------------------------------------

    def _plain(self, char: str) -> None:
        if char == "\\":
            self._open(self._escape, char)
        elif char in "*_`~":
            self._open(self._marks, char)
        elif char == "<":
            self._open(self._tag, char)
        elif char == "[":
            self._open(self._bracket, char)
        elif char == "#" and self._is_line_start:
            self._open(self._hashes, char)
        elif char in "->•" and self._is_line_start:
            self._open(self._dashes, char)
        elif _EMOJI.match(char) or (char in _JOINERS and self._is_gap):
            self._remove("emoji")
        else:
            self._show(char)

    def _escape(self, char: str) -> None:
        """Behind a backslash that no JSON form has read: a torn form's."""
        self.removed.add("markup")
        self._resume("\n" if char == "n" else char)

    def _marks(self, char: str) -> None:
        """Behind stars, underscores, ticks or tildes, of which there may be more."""
        if char == self._mark:
            self._held += char
            return
        mark, count, before = self._mark, len(self._held), self._before
        is_bullet = mark == "*" and char == " " and self._is_line_start
        if mark == "`" and count >= 3:
            self._fence(char)
        elif (mark == "_" and before.isalnum() and char.isalnum()) or (mark == "~" and count == 1):  # a_name
            self._show_text(self._held)
            self._resume(char)
        elif mark in "*_" and count >= 3 and self._is_line_start and char == "\n":
            self._rule(char)
        elif is_bullet:
            self._remove("markup")
            self._plain(char)
        elif mark in "*_" and count == 1 and self._opens_stage(char):
            self._held, self._take = "", self._stage
            self._stage(char)
        else:
            self._strip_mark(char)

    def _strip_mark(self, char: str) -> None:
        """Only the mark goes: no space of the words beside it may go with it."""
        self.removed.add("markup")
        is_opener = self._stressed != self._mark and not self._before.isalnum()
        self._stressed = self._mark if len(self._held) == 1 and is_opener else ""
        self._resume(char)

    def _resume(self, char: str) -> None:
        self._held = ""
        self._take = self._plain
        self._plain(char)

    def _opens_stage(self, char: str) -> bool:
        """`*smiles*` stands where a sentence may begin; inside a sentence `*three*` is a word with stress."""
        is_closer = self._stressed == self._mark or self._before.isalnum()
        return not (char.isspace() or is_closer or self._is_in_sentence)

    def _stage(self, char: str) -> None:
        if char == self._mark:
            self._remove("stage")
        elif char == "\n":
            self._remove("stage")
            self._plain(char)
        else:
            self._held += char
            if len(self._held) > STAGE_MAX_CHARS:
                held, self._held, self._take = self._held, "", self._plain
                for one in held:
                    if not self.ended:
                        self._take(one)

    def _fence(self, char: str) -> None:
        if self._last:
            self._end("markup")
            return
        self._remove("markup")
        self._take = self._fence_line
        self._fence_line(char)

    def _fence_line(self, char: str) -> None:
        """The name of a language behind a fence, up to the end of its line."""
        if char == "\n":
            self._take = self._plain

    def _rule(self, char: str) -> None:
        if self._last:
            self._end("markup")
        else:
            self._remove("markup")
            self._plain(char)

    def _hashes(self, char: str) -> None:
        if char == "#":
            self._held += char
        elif char == " " or len(self._held) > 1:
            self._rule(char)
        else:
            self._show_text(self._held)
            self._resume(char)

    def _dashes(self, char: str) -> None:
        """A bullet, a quotation or a rule at the beginning of a line; else what it looks like."""
        if char == self._mark == "-":
            self._held += char
        elif len(self._held) >= 3:
            self._rule(char)
        elif len(self._held) == 1 and char == " ":
            self._remove("markup")
        else:
            self._show_text(self._held)
            self._resume(char)

    def _tag(self, char: str) -> None:
        if len(self._held) == 1 and not (char.isalpha() or char in "/|!"):
            self._show_text(self._held)
            self._resume(char)
            return
        if char == ">":
            self._close_tag(self._held[1:].strip().casefold())
            return
        self._held += char
        if self._held == "<|":
            self._end("echo")
        elif char in "\n<" or len(self._held) > TAG_MAX_CHARS:
            held, self._held, self._take = self._held[:-1], "", self._plain
            self._show_text(held)
            self._plain(char)

    def _close_tag(self, name: str) -> None:
        if name in END_TAGS:
            self._end("echo")
        elif name in THOUGHTS:
            self._remove("thought")
            self._thought = f"</{name}>"
            self._take = self._in_thought
        else:
            self._remove("markup")

    def _in_thought(self, char: str) -> None:
        self._held = (self._held + char.casefold())[-len(self._thought) :]
        if self._held == self._thought:
            self._remove("thought")

    def _bracket(self, char: str) -> None:
        """`[smiles]` goes; a line of facts, whole or too long for anything else, is the prompt again."""
        if char == "]":
            if self._is_fact_line():
                self._end("echo")
            else:
                self._remove("stage")
            return
        self._held += char
        if char in "\n;" or len(self._held) > STAGE_MAX_CHARS or (char == " " and self._is_fact_line()):
            self._end("echo")

    def _is_fact_line(self) -> bool:
        words = self._held[1:].casefold().split()
        return bool(words) and words[0] in FACTS
