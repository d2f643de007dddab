"""From a raw prompt or chat messages to token ids, for the `llama` engines. Engine thread only.

What players write is tokenised without control tokens, the template's own text with them; so nobody can close a turn
by writing `<|im_end|>`. Knows nothing of sequences.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from llm_agentd.engines import chat_template
from llm_agentd.engines.base import Prompt
from llm_agentd.engines.limits import check_fits, check_room
from llm_agentd.engines.llama.vocab import Vocab
from llm_agentd.types import Message
from llm_agentd.util.surrogates import repair_surrogates


class PromptEncoder:
    """`part_tokens`: the parts in which prompts are computed; the stable tokens of a raw prompt end with one."""

    def __init__(self, vocab: Vocab, render: chat_template.Render, context_tokens: int, part_tokens: int) -> None:
        self._vocab = vocab
        self._render = render
        self._context_tokens = context_tokens
        self._part_tokens = part_tokens
        # A chat has few orders of roles, and a template in Jinja takes longer than the whole rest of `encode`.
        self._layout = lru_cache(chat_template.LAYOUTS_MAX)(self._lay_out)

    def encode(self, prompt: str | None, messages: Sequence[Message] | None) -> Prompt:
        """Exactly one of the two is given. Raises TooLarge, BadRequest."""
        contents = [message.content for message in messages] if messages is not None else [prompt or ""]
        contents = [repair_surrogates(content) for content in contents]
        size = sum(len(content.encode()) for content in contents)
        check_room(size, self._context_tokens, self._vocab.longest_bytes)
        if messages is None:
            encoded = self._raw(contents[0])
        else:
            encoded = self._chat(tuple(message.role for message in messages), contents)
        check_fits(len(encoded), self._context_tokens)
        return encoded

    def _raw(self, text: str) -> Prompt:
        tokens = [*self._vocab.opening, *self._vocab.text(text)]
        return Prompt(tokens, (len(tokens) - 1) // self._part_tokens * self._part_tokens)

    def _chat(self, roles: tuple[str, ...], contents: list[str]) -> Prompt:
        """Stable is all before the last turn's content: the next question of the same player begins with it too."""
        tokens = list(self._vocab.opening)
        stable_tokens = 0
        for part in self._layout(roles):
            if part == len(contents) - 1:
                stable_tokens = len(tokens)
            tokens += self._vocab.text(contents[part]) if isinstance(part, int) else part
        return Prompt(tokens, stable_tokens)

    def _lay_out(self, roles: tuple[str, ...]) -> list[list[int] | int]:
        """The template for turns of these roles: token ids, and indices of contents between them."""
        parts = chat_template.layout(self._render, roles)
        return [
            part if isinstance(part, int) else self._vocab.template(part, opens=place == 0)
            for place, part in enumerate(parts)
        ]
