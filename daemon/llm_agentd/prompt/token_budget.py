"""How much of the memory fits into a prompt, estimated from characters.

Pure; runs on the router thread, which has no tokenizer: only the engine's thread has one. The estimate is on the safe
side for ordinary talk. Text of rare letters can still exceed it; then `Engine.encode` raises TooLarge and the engine
thread encodes `Request.short_messages`, the same prompt without memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from llm_agentd.types import Message

UNLIMITED_TOKENS = 1 << 20  # larger than any context: for callers that have no engine yet
CHARS_PER_TOKEN = 3  # of Latin letters; models have 3.5 to 4.5, so this counts too many tokens rather than too few
MESSAGE_TOKENS = 6  # what a chat template adds to each message
MEMORY_SHARE = 1 / 3  # of the tokens that are left: the reply and the game's own facts need the rest
MEMORY_MAX_TOKENS = 600  # also in a large context: memory differs for each player, so its prefill is never cached


def estimate_tokens(texts: Iterable[str]) -> int:
    """Upper estimate of the tokens of `texts`. A letter outside ASCII counts one token for each UTF-8 byte, which is
    what a tokenizer falls back to where its vocabulary lacks the letter.
    """
    tokens = 0
    for text in texts:
        ascii_chars = len(text) if text.isascii() else len(text.encode("ascii", "ignore"))
        tokens += ascii_chars // CHARS_PER_TOKEN + 1 + len(text.encode("utf-8", "replace")) - ascii_chars
    return tokens


def memory_tokens(messages: Sequence[Message], prompt_tokens: int) -> int:
    """Tokens that memory may take in a prompt of at most `prompt_tokens` that holds `messages` already."""
    used = estimate_tokens(message.content for message in messages) + MESSAGE_TOKENS * len(messages)
    return max(0, min(int((prompt_tokens - used) * MEMORY_SHARE), MEMORY_MAX_TOKENS))


def fit_facts(facts: Sequence[str], max_tokens: int) -> tuple[str, ...]:
    """The first facts that fit: the caller sorts them, the most relevant first."""
    kept: list[str] = []
    for fact in facts:
        if estimate_tokens((*kept, fact)) > max_tokens:
            break
        kept.append(fact)
    return tuple(kept)


def fit_turns(messages: Sequence[Message], max_tokens: int) -> tuple[Message, ...]:
    """The newest turns that fit. `messages` are pairs of user and assistant, the oldest first; a pair stays whole."""
    first = len(messages)
    while first >= 2:
        max_tokens -= estimate_tokens(message.content for message in messages[first - 2 : first]) + 2 * MESSAGE_TOKENS
        if max_tokens < 0:
            break
        first -= 2
    return tuple(messages[first:])
