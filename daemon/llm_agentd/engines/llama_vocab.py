"""The vocabulary of a `llama` model: text to token ids and back to exact bytes. Inference thread only.

cyllama hands pieces out as `str` and puts U+FFFD for what is not UTF-8 by itself, so half a character would be lost;
such pieces are read from the vocabulary's own text instead. Knows nothing of prompts or sequences.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

SPM, BPE = 1, 2  # llama_vocab_type
_BYTE_PIECE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
# A guard that keeps the tokenizer from putting a space before what follows; it never merges with its neighbours.
_GUARD = "\n"


class Vocab:
    """`start`: tokens that open every prompt. `longest_bytes`: of any piece, so that a text's least count is known."""

    def __init__(self, native: Any, metadata: Mapping[str, Any]) -> None:
        self.native = native
        self._size: int = native.n_vocab
        self._kind: int = native.vocab_type
        self._pieces: dict[int, bytes] = {}
        self.start: tuple[int, ...] = (native.token_bos(),) if native.get_add_bos() else ()
        self.longest_bytes = max((len(native.get_text(token).encode()) for token in range(self._size)), default=1)
        space_prefix = metadata.get("tokenizer.ggml.add_space_prefix", self._kind == SPM)
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
        return list(self.native.tokenize(text, add_special=False, parse_special=control))

    def ends(self, token: int) -> bool:
        """True for tokens by which the model ends its turn."""
        return bool(self.native.is_eog(token))

    def piece(self, token: int) -> bytes:
        """The bytes of a token; none for control tokens."""
        data = self._pieces.get(token)
        if data is None:
            data = self._pieces[token] = self._read(token)
        return data

    def _read(self, token: int) -> bytes:
        text: str = self.native.token_to_piece(token, special=False)
        if "�" not in text:
            return text.encode()
        own: str = self.native.get_text(token)
        if self._kind == BPE:
            return b"".join(_BPE_BYTES.get(char, char.encode()) for char in own)
        byte = _BYTE_PIECE.fullmatch(own)
        return bytes([int(byte[1], 16)]) if byte else own.replace("▁", " ").encode()


def _bpe_bytes() -> dict[str, bytes]:
    """GPT-2's alphabet: each byte as a printable character; those that are none moved to U+0100 and up."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    table = {chr(byte): bytes([byte]) for byte in printable}
    others = [byte for byte in range(256) if byte not in printable]
    return table | {chr(0x100 + index): bytes([byte]) for index, byte in enumerate(others)}


_BPE_BYTES = _bpe_bytes()
