"""How much of what is remembered fits a prompt, by characters: who counts has no tokenizer at hand.

Pure. A guess on the safe side for plain talk; where it fails (a text of rare letters), the engine falls back on the
prompt without memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from llm_agentd.types import Message

ANY_ROOM = 1 << 20
CHARS_PER_TOKEN = 3  # of plain Latin letters; models have 3.5 to 4.5
MESSAGE_TOKENS = 6  # a turn's own tokens in a chat template
MEMORY_SHARE = 1 / 3  # of the room that is left: a reply, and what the game adds, must fit beside it
MEMORY_MAX_TOKENS = 600  # of large contexts: each token of it is computed anew with each question


def of(texts: Iterable[str]) -> int:
    """Tokens that these may have: other letters than Latin may cost one for each byte."""
    tokens = 0
    for text in texts:
        plain_chars = sum(char.isascii() for char in text)
        tokens += plain_chars // CHARS_PER_TOKEN + 1 + len(text.encode("utf-8", "replace")) - plain_chars
    return tokens


def room(messages: Sequence[Message], prompt_tokens: int) -> int:
    """Tokens for what is remembered, beside these messages."""
    taken = of(message.content for message in messages) + MESSAGE_TOKENS * len(messages)
    return max(0, min(int((prompt_tokens - taken) * MEMORY_SHARE), MEMORY_MAX_TOKENS))


def first_that_fit(lines: Sequence[str], tokens: int) -> tuple[str, ...]:
    kept: list[str] = []
    for line in lines:
        if of((*kept, line)) > tokens:
            break
        kept.append(line)
    return tuple(kept)


def last_that_fit(messages: Sequence[Message], tokens: int) -> tuple[Message, ...]:
    """The newest pairs of question and reply; the oldest are left out."""
    first = len(messages)
    while first >= 2:
        tokens -= of(message.content for message in messages[first - 2 : first]) + 2 * MESSAGE_TOKENS
        if tokens < 0:
            break
        first -= 2
    return tuple(messages[first:])
