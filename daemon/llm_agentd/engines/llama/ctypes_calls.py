"""What the bindings through ctypes do alike: fill a batch, and let C write into a `bytes`. Pure but for memory."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

from llm_agentd.engines.llama.binding import BatchRow

# Memory for a `bytes` that C fills, so that a state is not copied twice.
new_bytes = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_ssize_t)(
    ("PyBytes_FromStringAndSize", ctypes.pythonapi)
)


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
