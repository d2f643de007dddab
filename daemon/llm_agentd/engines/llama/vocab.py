"""The vocabulary of a `llama` model: text to token ids and back to exact bytes. Engine thread only.

Knows nothing of prompts or sequences.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llm_agentd.engines.llama.binding import Binding

# A guard that keeps the tokenizer from putting a space before what follows; it never merges with its neighbours.
_GUARD = "\n"


class Vocab:
    """`opening`: token ids that open every prompt. `longest_bytes`: of any token, to know a text's least count."""

    def __init__(self, binding: Binding, metadata: Mapping[str, Any]) -> None:
        self._binding = binding
        self._pieces: dict[int, bytes] = {}
        self.opening: tuple[int, ...] = () if binding.bos is None else (binding.bos,)
        sizes = (len(binding.token_text(token).encode()) for token in range(binding.vocab_size))
        self.longest_bytes = max(sizes, default=1)
        space_prefix = metadata.get("tokenizer.ggml.add_space_prefix", binding.is_sentencepiece)
        self._guard = tuple(self._tokens(_GUARD, control=False)) if space_prefix else ()

    def text(self, text: str) -> list[int]:
        """Token ids of what people wrote: control tokens in it are plain text."""
        return self._unspaced(text, control=False)

    def template(self, text: str, *, opens: bool) -> list[int]:
        """Token ids of template text, where control tokens are meant. `opens`: nothing stands before it."""
        return self._tokens(text, control=True) if opens else self._unspaced(text, control=True)

    def _unspaced(self, text: str, *, control: bool) -> list[int]:
        if not self._guard or not text:
            return self._tokens(text, control=control)
        tokens = self._tokens(_GUARD + text, control=control)
        known = len(self._guard)
        return tokens[known:] if tuple(tokens[:known]) == self._guard else self._tokens(text, control=control)

    def _tokens(self, text: str, *, control: bool) -> list[int]:
        return self._binding.tokenize(text, control=control)

    def is_eog(self, token: int) -> bool:
        """True for tokens by which the model ends its turn."""
        return self._binding.is_eog(token)

    def token_to_piece(self, token: int) -> bytes:
        """The bytes of a token; none for control tokens."""
        data = self._pieces.get(token)
        if data is None:
            data = self._pieces[token] = self._binding.token_to_piece(token)
        return data
