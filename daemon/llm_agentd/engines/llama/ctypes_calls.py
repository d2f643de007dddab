"""Calls through ctypes that the bindings share: a library's log, a batch, a `bytes` that C writes into."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from llm_agentd.engines.llama.binding import BatchRow

ERROR = 4  # ggml_log_level
LINES_MAX = 20  # a broken file can log a line for each tensor

# Memory for a `bytes` that C fills, so that a state is not copied twice.
new_bytes = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_ssize_t)(
    ("PyBytes_FromStringAndSize", ctypes.pythonapi)
)


class ErrorLog:
    """A library's log, off stderr: only errors are kept, for the message to the user. Engine thread only."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def collect(self, level: int, text: bytes, _data: object) -> None:
        """The callback that the library is given."""
        if level == ERROR and len(self._lines) < LINES_MAX:
            self._lines.append(text.decode(errors="replace").strip())

    @contextmanager
    def collected(self) -> Iterator[list[str]]:
        """The error lines that the library logs inside the block."""
        self._lines.clear()
        found: list[str] = []
        try:
            yield found
        finally:
            found += self._lines
            self._lines.clear()


def bytes_address(data: bytes) -> Any:
    return ctypes.cast(ctypes.c_char_p(data), ctypes.POINTER(ctypes.c_ubyte))


def fill_batch(batch: Any, rows: Sequence[BatchRow]) -> int:
    """Writes `rows` into a `llama_batch` that has room for them. The first row that wants logits; -1: none does."""
    tokens, positions, seq_counts, seqs, wants = batch.token, batch.pos, batch.n_seq_id, batch.seq_id, batch.logits
    first_with_logits = -1
    for index, (token, position, seq, wants_logits) in enumerate(rows):
        tokens[index], positions[index], seq_counts[index], wants[index] = token, position, 1, wants_logits
        seqs[index][0] = seq
        if wants_logits and first_with_logits < 0:
            first_with_logits = index
    batch.n_tokens = len(rows)
    return first_with_logits


def filled_buffer(call: Callable[[Any, int], int], size: int, *, counts_whole: bool = False) -> bytes:
    """What `call(buffer, size)` writes: again with more room where it says how much it wants, as a negative number or,
    with `counts_whole`, as the number of all bytes.
    """
    while True:
        buffer = ctypes.create_string_buffer(size)
        count = call(buffer, size)
        if 0 <= count <= size:
            return buffer.raw[:count]
        if count < 0 and counts_whole:
            raise ValueError("llama.cpp does not know this chat template")
        size = abs(count)


def template_room(turns: list[tuple[bytes, bytes]]) -> int:
    """Bytes that any template makes of them, for a first try."""
    return 1024 + 4 * sum(len(role) + len(content) for role, content in turns)


def chat_rows(message_type: Any, turns: list[tuple[bytes, bytes]]) -> Any:
    """(role, content) turns as C takes them; it keeps pointers into `turns`."""
    rows = (message_type * len(turns))()
    for row, (role, content) in zip(rows, turns, strict=True):
        row.role, row.content = role, content
    return rows
