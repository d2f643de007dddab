"""The guard of a think's words: takes out what no chat shows, and ends a reply where it stops being one.

Pure; engine thread, one `SpeechGuard` a sequence, between the words of a model (`reply_json.py`) and what ends them
whole (`reply_text.py`). Three filters in a row, each with `feed`, `end` and `ended`: `markup` (bold type, stage
directions, thoughts, tags, emoji, braces), `echo` (names before words, lines of the prompt, debris of the JSON form)
and `repeats` (loops). Each looks at one character after the other, so how the words were cut into pieces changes
nothing; each holds back what may still be a cut, and nothing else. It knows nothing of requests, and is not used for
`infer`: that text is the client's own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from llm_agentd.scheduler.guard.echo import EchoFilter
from llm_agentd.scheduler.guard.markup import MarkupFilter
from llm_agentd.scheduler.guard.repeats import RepeatFilter

__all__ = ["SpeechGuard"]


class _Filter(Protocol):
    @property
    def ended(self) -> str: ...
    @property
    def removed(self) -> set[str]: ...
    def feed(self, text: str) -> str: ...
    def end(self) -> str: ...


class SpeechGuard:
    """`feed` words and get those that may be shown; `end` once for what was held back.

    `names`: of all who may speak in this think; of the NPC too. `cut`: why the reply was ended, "" where it was not.
    `reasons`: all that was taken out, and `cut`.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._filters: tuple[_Filter, ...] = (MarkupFilter(), EchoFilter(names), RepeatFilter())

    @property
    def cut(self) -> str:
        """The last filter that ended the text ended it first: it is given no more than the others let pass."""
        return next((one.ended for one in reversed(self._filters) if one.ended), "")

    @property
    def reasons(self) -> frozenset[str]:
        return frozenset().union(*(one.removed for one in self._filters), {self.cut} - {""})

    def feed(self, text: str) -> str:
        return "" if self.cut else self._pass(text, is_last=False)

    def end(self) -> str:
        return "" if self.cut else self._pass("", is_last=True)

    def _pass(self, text: str, *, is_last: bool) -> str:
        """Where a filter ends the text, those behind it give out what they hold, as nothing follows."""
        for one in self._filters:
            text = one.feed(text)
            if is_last and not one.ended:
                text += one.end()
            is_last = is_last or bool(one.ended)
        return text
