"""Tokens that a grammar leaves no choice of: the form of an action, a line once its first word is known.

They need no step each. The engine computes them side by side before the next token is chosen, as a prompt is, and what
ends a text not at all. Engine thread only.
"""

from __future__ import annotations

from llm_agentd.engines.llama.binding import Sampler
from llm_agentd.engines.llama.vocab import Vocab


def forced_tokens(sampler: Sampler, vocab: Vocab, room_tokens: int, rows: int) -> tuple[list[int], bool]:
    """What must follow, and whether the text ends with it. At most `room_tokens`, and `rows` where it goes on: the rest
    is found the next time.

    Where it goes on, the last token is left to the model: it may know that text and what it chooses behind it as one
    token (`{` and `"` as `{"`), and would be led astray by a half.
    """
    text, is_end = sampler.forced()
    if not text:
        return [], is_end
    tokens = vocab.text(text)
    if b"".join(map(vocab.token_to_piece, tokens)) != text.encode() or (is_end and len(tokens) > room_tokens):
        return [], False
    return (tokens, True) if is_end else (tokens[: max(0, min(len(tokens) - 1, room_tokens, rows))], False)


def opening_tokens(sampler: Sampler, vocab: Vocab, room_tokens: int, rows: int) -> list[int]:
    """What a reply must begin with, which the sampler takes. Nothing of a reply that has no choice in it at all."""
    tokens, is_end = forced_tokens(sampler, vocab, room_tokens, rows)
    if is_end:
        return []
    for token in tokens:
        sampler.accept(token)
    return tokens
