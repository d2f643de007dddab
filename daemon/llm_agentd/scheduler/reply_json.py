"""The words of a reply in the JSON form, {"say": words, "do": action}, as they come.

Pure; used by the engine thread, one assembler a sequence, with the interface of `TextAssembler`. `WordsReader` decodes
the string behind "say" piece by piece; `JsonAssembler` gives its words to a guard, which takes out what is no speech,
and then to a `TextAssembler`, so that spoken words end whole here too, and keeps all that came for the action, which
`prompt/actions.py` reads. A model without a grammar may
answer in plain words, put the form into a code fence or write "do" first: its words are found all the same.

Why not a partial JSON parser (`pydantic_core.from_json`, allow_partial="trailing-strings"): it is strict. Half of a
surrogate pair, an unknown escape or a raw line break, as models without a grammar write them, make it refuse the whole
text, so that the words behind are lost; and plain words before the form need a reader of their own anyway. It fails
three tests of tests/scheduler/test_reply_json.py. It takes 0.6 µs a piece instead of 1.1, of a token's milliseconds.
"""

from __future__ import annotations

import codecs
from typing import Literal

from llm_agentd.scheduler.guard import SpeechGuard
from llm_agentd.scheduler.reply_text import TextAssembler
from llm_agentd.types import Finish

FENCE_MAX_CHARS = 12  # "```json" and a line end
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_HEX = frozenset("0123456789abcdefABCDEF")
_REPLACEMENT = "\ufffd"


class WordsReader:
    """`feed` bytes, get decoded words. `chars`: how many characters of `say` came, an escape being one."""

    def __init__(self) -> None:
        self.closed = False  # the string has ended; what follows is no word
        self.begun = False  # words may come now: of `say`, or plain ones
        self.in_form = False  # of `say`, so an action may follow
        self.chars = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._take = self._before
        self._out: list[str] = []
        self._fence = ""
        self._depth = 0
        self._string = ""  # the last one at depth 1: perhaps a key
        self._hex = ""
        self._high = 0  # the first half of a surrogate pair, waiting for its second

    def feed(self, data: bytes) -> str:
        """Words in `data`; half a character or half an escape waits for the next piece."""
        self._out.clear()
        for char in self._decoder.decode(data):
            if self.closed:
                break
            self._take(char)
        return "".join(self._out)

    # A state machine: each of these methods is a state. It takes one character and may make another the next state.

    def _before(self, char: str) -> None:
        if char.isspace() and not self._fence:
            return
        if char == "{":
            self._open()
        elif char == "`" or self._fence:
            self._fence += char
            if len(self._fence) > FENCE_MAX_CHARS:
                self._out.append(self._fence)
                self._plain_from_here()
        else:
            self._plain_from_here()
            self._plain(char)

    def _plain_from_here(self) -> None:
        self.begun = True
        self._take = self._plain

    def _plain(self, char: str) -> None:
        if char == "{":  # braces are never spoken
            self._open()
        else:
            self._out.append(char)

    def _open(self) -> None:
        self._depth, self._string = 1, ""
        self._take = self._between

    def _between(self, char: str) -> None:
        if char == '"':
            self._string = ""
            self._take = self._other
        elif char == ":" and self._depth == 1 and self._string == "say":
            self._take = self._value
        elif char in "{[":
            self._depth += 1
        elif char in "}]":
            self._depth -= 1
            if self._depth == 0 and self.begun:
                self._take = self._plain

    def _other(self, char: str) -> None:
        """Inside a string that is not `say`: a key, or a value on the way."""
        if char == '"':
            self._take = self._between
        elif char == "\\":
            self._take = self._other_escape
        else:
            self._string += char

    def _other_escape(self, char: str) -> None:
        self._string += "\\" + char
        self._take = self._other

    def _value(self, char: str) -> None:
        if char == '"':
            self.begun = self.in_form = True
            self._take = self._words
        elif not char.isspace():
            self._string = ""
            self._take = self._between
            self._between(char)

    def _words(self, char: str) -> None:
        if char == "\\":
            self._take = self._escape
        elif char == '"':
            self._lone_half()
            self.closed = True
        else:
            self._say(char)

    def _escape(self, char: str) -> None:
        if char == "u":
            self._hex = ""
            self._take = self._digits
        else:
            self._take = self._words
            self._say(_ESCAPES.get(char, char))

    def _digits(self, char: str) -> None:
        if char not in _HEX:  # only without a grammar
            self._take = self._words
            self._say(_REPLACEMENT)
            self._words(char)
            return
        self._hex += char
        if len(self._hex) < 4:
            return
        self._take = self._words
        code = int(self._hex, 16)
        if 0xDC00 <= code < 0xE000 and self._high:
            joined = chr(0x10000 + (self._high - 0xD800 << 10) + (code - 0xDC00))
            self._high = 0
            self._say(joined)
        elif 0xD800 <= code < 0xDC00:
            self._lone_half()
            self._high = code
        else:
            self._say(_REPLACEMENT if code == 0 or 0xDC00 <= code < 0xE000 else chr(code))

    def _say(self, char: str) -> None:
        self._lone_half()
        self._out.append(char)
        self.chars += 1

    def _lone_half(self) -> None:
        if self._high:
            self._high = 0
            self._out.append(_REPLACEMENT)
            self.chars += 1


class JsonAssembler:
    """`text` is always the joined deltas, the words alone; `raw` is all that came, for whoever reads the action.

    `max_tokens` and `max_chars` bound the words: where the grammar closed `say` at `max_chars`, they were cut.
    `has_action` False: nobody reads an action, so the reply is finished when its words are. `guard` None: the words are
    taken as they are. Words that the guard ended have their `cut`; an action behind them is waited for all the same.
    """

    def __init__(
        self,
        *,
        stop: tuple[str, ...] = (),
        whole_sentences: bool = False,
        max_tokens: int,
        max_chars: int = 0,
        has_action: bool = True,
        guard: SpeechGuard | None = None,
    ) -> None:
        self._reader = WordsReader()
        self._words = TextAssembler(stop=stop, whole_sentences=whole_sentences, max_tokens=max_tokens)
        self._guard = guard
        self._max_chars = max_chars
        self._has_action = has_action
        self._raw = bytearray()
        self._ended: Finish | None = None  # how the words ended, while the action may still come

    @property
    def text(self) -> str:
        return self._words.text

    @property
    def raw(self) -> str:
        return self._raw.decode("utf-8", "replace")

    @property
    def cut(self) -> str:
        """Why the guard ended the words, or "empty" where it left none; "" where it did neither."""
        if self._guard is None:
            return ""
        return self._guard.cut or ("empty" if self._guard.reasons and not self.text.strip() else "")

    @property
    def reasons(self) -> frozenset[str]:
        """Of all that the guard took out."""
        return self._guard.reasons if self._guard else frozenset()

    @property
    def finished(self) -> Literal["", "stop", "sentence"]:
        """In the form only a stop string ends a reply before its action."""
        finished = self._words.finished
        if not self._has_action:
            return finished or ("stop" if self._ended is not None else "")
        if self._reader.in_form:
            return "" if finished == "sentence" or self._is_guard_cut else finished
        return finished or ("stop" if self._is_guard_cut else "")

    @property
    def _is_guard_cut(self) -> bool:
        return self._guard is not None and bool(self._guard.cut)

    def feed(self, data: bytes, tokens: int) -> str:
        self._raw += data
        if self._ended is not None:
            return ""
        words = self._reader.feed(data)
        delta = self._speak(words, tokens if self._reader.begun else 0, is_last=self._reader.closed)
        if self._reader.closed or self._is_guard_cut:
            is_cut = self._max_chars and self._reader.chars >= self._max_chars
            last, self._ended = self._end_words("length" if is_cut else "stop")
            delta += last
        return delta

    def end(self, reason: Literal["stop", "length"]) -> tuple[str, Finish]:
        """As of TextAssembler; "length" also where the words are whole and the action was cut off."""
        is_action_cut = self._has_action and reason == "length" and self._reader.in_form
        if self._ended is not None:
            return "", "length" if is_action_cut else self._ended
        delta = ""
        if not self._reader.begun and '"' not in self.raw:  # no form at all, but words in braces perhaps
            delta = self._speak(self.raw.strip(" {}`\n"), 0)
        delta += self._speak("", 0, is_last=True)
        last, finish = self._end_words(reason)
        return delta + last, "length" if is_action_cut else finish

    def _speak(self, words: str, tokens: int, *, is_last: bool = False) -> str:
        """Words through the guard. `is_last`: none follow, so what it holds back is shown too."""
        if self._guard:
            words = self._guard.feed(words)
            words += self._guard.end() if is_last else ""
        return self._words.feed(words.encode(), tokens)

    def _end_words(self, reason: Literal["stop", "length"]) -> tuple[str, Finish]:
        """A loop ends like a reply at its limit, with a whole sentence if it can; whatever else is cut leaves one."""
        if self._is_guard_cut:
            reason = "length" if self._guard and self._guard.cut == "repeat" else "stop"
        return self._words.end(reason)
