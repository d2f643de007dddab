"""What every engine checks of a prompt: its source, and whether it fits the context. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from llm_agentd.errors import BadRequest, StartError, TooLarge
from llm_agentd.types import Message

# A model trained for 128 k tokens would ask for gigabytes of cache; NPCs need a few hundred.
CONTEXT_TOKENS_DEFAULT_MAX = 2048


def pick_context(trained_tokens: int, configured: int | None) -> int:
    """Tokens a sequence may hold: as configured, else as trained (0 = unknown) within reason."""
    if configured is None:
        return min(trained_tokens or CONTEXT_TOKENS_DEFAULT_MAX, CONTEXT_TOKENS_DEFAULT_MAX)
    if trained_tokens and configured > trained_tokens:
        raise StartError(
            f"model.context_tokens: {configured} is more than the {trained_tokens} this model was trained for"
        )
    return configured


def check_one_source(prompt: str | None, messages: Iterable[Message] | None) -> None:
    if (prompt is None) == (messages is None):
        raise BadRequest("give either prompt or messages")


def check_room(text_bytes: int, context_tokens: int, longest_piece_bytes: int) -> None:
    """Refuses text that cannot fit whatever its tokens are, before it is tokenised: a megabyte takes seconds.

    Raises TooLarge.
    """
    least = -(-text_bytes // max(1, longest_piece_bytes))
    if least + 1 > context_tokens:
        raise TooLarge(_too_large(f"at least {least}", context_tokens))


def check_fits(tokens: int, context_tokens: int) -> None:
    """Raises TooLarge unless one more token fits, BadRequest if there is nothing to go on from."""
    if tokens == 0:
        raise BadRequest("prompt: it is empty and this model has no start token; give at least one character")
    if tokens + 1 > context_tokens:
        raise TooLarge(_too_large(str(tokens), context_tokens))


def _too_large(tokens: str, context_tokens: int) -> str:
    return (
        f"the prompt has {tokens} tokens, and prompt and reply share a context of {context_tokens}; "
        "shorten it, or raise model.context_tokens if the model allows"
    )
