"""Takes a model's thoughts out of its text: a block such as `<think>…</think>` before the first word. Pure.

Servers with a parser for reasoning send thoughts in a field of their own; others leave them in the text. A block opens
only where nothing was said yet: later such a tag is the model's own words, and the guard of a think looks after those.
"""

from __future__ import annotations

TAGS = ("think", "thinking", "thought", "reasoning")
_OPEN = tuple(f"<{tag}>" for tag in TAGS)


class ThoughtFilter:
    """`feed` text as it comes, get what is no thought; `end` gives what was held back.

    `is_thinking`: it begins with thoughts and no tag, as the chat template has opened the block already. A text of such
    a model that closes none is shown at its end.
    `closed_unopened`: a block was closed that was not opened: what was shown before were thoughts.
    """

    def __init__(self, *, is_thinking: bool = False) -> None:
        self.closed_unopened = False
        self.has_thoughts = is_thinking
        self._held = ""  # the beginning of a tag perhaps, or thoughts that may turn out to be words
        self._close = _close(TAGS[0]) if is_thinking else ""  # set inside of a block
        self._keeps = is_thinking
        self._has_begun = False
        self._tail = ""

    def feed(self, text: str) -> str:
        if self._has_begun:
            return self._watch(text)
        self._held += text
        while True:
            if self._close:
                if self._close not in self._held:
                    if not self._keeps:
                        self._held = self._held[-len(self._close) :]
                    return ""
                self._held = self._held.partition(self._close)[2]
                self._close, self._keeps = "", False
            start = self._held.lstrip()
            tag = next((tag for tag in _OPEN if start.lower().startswith(tag)), None)
            if tag is None:
                break
            self._held = start[len(tag) :]
            self._close, self.has_thoughts = f"</{tag[1:]}", True
        if not start or any(tag.startswith(start.lower()) for tag in _OPEN):
            return ""
        return self.end()

    def end(self, *, is_cut: bool = False) -> str:
        """What is held and is no thought; from here on all is shown. `is_cut`: the text ended at a limit, perhaps in
        the midst of thoughts.
        """
        if self._close and (is_cut or not self._keeps):
            return ""
        text, self._held = self._held, ""
        if self.has_thoughts and not self._keeps:
            text = text.lstrip()
        self._has_begun = True
        return self._watch(text)

    def _watch(self, text: str) -> str:
        tail = self._tail + text
        self.closed_unopened = self.closed_unopened or (not self.has_thoughts and _close(TAGS[0]) in tail)
        self._tail = tail[-len(_close(TAGS[0])) :]
        return text


def _close(tag: str) -> str:
    return f"</{tag}>"
