"""Writes tiny llama models as GGUF, in plain Python: what the engine tests load instead of a trained model.

Two kinds. `chain=True`: whatever the prompt, the model most likely says `CHAIN_TEXT` (its multi-byte characters cut
into single bytes) and then ends by itself. `chain=False`: random weights, so that each sampled text depends on prompt,
seed and everything that goes wrong between sequences. Vocabulary: SentencePiece-like, the 256 bytes, printable ASCII;
or with `bpe=True` GPT-2's way to write the 256 bytes.
Runs in the test process; knows nothing of engines.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain as joined
from itertools import pairwise
from pathlib import Path

CHAIN_TEXT = "Hé €😀."  # no byte twice: each token then has one successor
CHATML = (
    "{% for message in messages %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)

ALIGNMENT_BYTES = 32
WEIGHTS_SEED = 7
TYPE_NORMAL, TYPE_UNKNOWN, TYPE_CONTROL, TYPE_BYTE = 1, 2, 3, 6
F32, Q8_0 = 0, 8  # ggml's tensor types
UNK, BOS, EOS, IM_START, IM_END = range(5)
FIRST_BYTE = 5

Tensor = tuple[int, tuple[int, ...], bytes]  # type, dimensions with the fastest first, data


@dataclass(frozen=True)
class Shape:
    width: int = 64
    layers: int = 2
    heads: int = 2
    feed_forward: int = 64
    context: int = 256


def vocabulary() -> list[tuple[str, float, int]]:
    """(text, score, type) of each token."""
    tokens = [("<unk>", 0.0, TYPE_UNKNOWN), ("<s>", 0.0, TYPE_CONTROL), ("</s>", 0.0, TYPE_CONTROL)]
    tokens += [("<|im_start|>", 0.0, TYPE_CONTROL), ("<|im_end|>", 0.0, TYPE_CONTROL)]
    tokens += [(f"<0x{byte:02X}>", 0.0, TYPE_BYTE) for byte in range(256)]
    tokens += [("▁", -1.0, TYPE_NORMAL)]
    tokens += [(chr(code), -2.0, TYPE_NORMAL) for code in range(0x21, 0x7F)]
    tokens += [("as", -3.0, TYPE_NORMAL), ("us", -3.1, TYPE_NORMAL), ("user", -3.2, TYPE_NORMAL)]
    return tokens


def byte_vocabulary() -> list[tuple[str, float, int]]:
    """The control tokens and the bytes as GPT-2 writes them: those that are not printable moved to U+0100 and up."""
    moved = iter(range(0x100, 0x200))
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    letters = [chr(byte if byte in printable else next(moved)) for byte in range(256)]
    return vocabulary()[:FIRST_BYTE] + [(letter, 0.0, TYPE_NORMAL) for letter in letters]


def chain_tokens(tokens: list[tuple[str, float, int]]) -> list[int]:
    """Token ids of CHAIN_TEXT: characters of the vocabulary, else bytes; then the end."""
    ids = {text: number for number, (text, _, kind) in enumerate(tokens) if kind == TYPE_NORMAL}
    if "▁" not in ids:
        return [*(FIRST_BYTE + byte for byte in CHAIN_TEXT.encode()), EOS]
    out: list[int] = []
    for char in CHAIN_TEXT.replace(" ", "▁"):
        out += [ids[char]] if char in ids else [FIRST_BYTE + byte for byte in char.encode()]
    return [*out, EOS]


def write_tiny_gguf(
    path: Path,
    *,
    chain: bool = True,
    template: str | None = CHATML,
    shape: Shape = Shape(),
    space_prefix: bool = False,
    add_bos: bool = True,
    bpe: bool = False,
) -> Path:
    """Writes the model and returns `path`."""
    tokens = byte_vocabulary() if bpe else vocabulary()
    metadata: dict[str, bytes] = {
        "general.architecture": _string_value("llama"),
        "general.name": _string_value("tiny"),
        "general.file_type": _u32_value(7),
        "llama.context_length": _u32_value(shape.context),
        "llama.embedding_length": _u32_value(shape.width),
        "llama.block_count": _u32_value(shape.layers),
        "llama.feed_forward_length": _u32_value(shape.feed_forward),
        "llama.attention.head_count": _u32_value(shape.heads),
        "llama.attention.head_count_kv": _u32_value(shape.heads),
        "llama.attention.layer_norm_rms_epsilon": struct.pack("<If", 6, 1e-5),
        "llama.rope.dimension_count": _u32_value(shape.width // shape.heads),
        "tokenizer.ggml.model": _string_value("gpt2" if bpe else "llama"),
        "tokenizer.ggml.tokens": _array_value(8, [_string(text) for text, _, _ in tokens]),
        "tokenizer.ggml.scores": _array_value(6, [struct.pack("<f", score) for _, score, _ in tokens]),
        "tokenizer.ggml.token_type": _array_value(5, [struct.pack("<i", kind) for _, _, kind in tokens]),
        "tokenizer.ggml.bos_token_id": _u32_value(BOS),
        "tokenizer.ggml.eos_token_id": _u32_value(EOS),
        "tokenizer.ggml.unknown_token_id": _u32_value(UNK),
        "tokenizer.ggml.add_bos_token": _bool_value(add_bos),
        "tokenizer.ggml.add_eos_token": _bool_value(False),
        "tokenizer.ggml.add_space_prefix": _bool_value(space_prefix),
    }
    if bpe:
        metadata["tokenizer.ggml.pre"] = _string_value("gpt-2")
        metadata["tokenizer.ggml.merges"] = _array_value(8, [_string("h i")])
    if template is not None:
        metadata["tokenizer.chat_template"] = _string_value(template)
    path.write_bytes(
        _file(
            metadata, _tensors(shape, len(tokens), chain_tokens(tokens) if chain else [], random.Random(WEIGHTS_SEED))
        )
    )
    return path


def _tensors(shape: Shape, vocab: int, chain: list[int], rng: random.Random) -> dict[str, Tensor]:
    """All tensors by name, quantised like the embedded model's."""

    def noise(rows: int, columns: int, scale: float) -> list[list[float]]:
        return [[rng.gauss(0.0, scale) for _ in range(columns)] for _ in range(rows)]

    width, wide = shape.width, shape.feed_forward
    scale = 0.02 if chain else 0.6
    embedding = noise(vocab, width, 1.0)
    output = noise(vocab, width, 0.02 if chain else 0.3)
    if chain:
        _link(chain, embedding, output)
    tensors: dict[str, list[list[float]]] = {"token_embd.weight": embedding, "output.weight": output}
    for layer in range(shape.layers):
        for name, rows, columns in (
            ("attn_q", width, width),
            ("attn_k", width, width),
            ("attn_v", width, width),
            ("attn_output", width, width),
            ("ffn_gate", wide, width),
            ("ffn_up", wide, width),
            ("ffn_down", width, wide),
        ):
            tensors[f"blk.{layer}.{name}.weight"] = noise(rows, columns, scale)
    packed = {name: (Q8_0, (len(rows[0]), len(rows)), _q8_0(rows)) for name, rows in tensors.items()}
    ones = (F32, (width,), struct.pack(f"<{width}f", *([1.0] * width)))
    norms = [f"blk.{layer}.{part}_norm.weight" for layer in range(shape.layers) for part in ("attn", "ffn")]
    return packed | dict.fromkeys([*norms, "output_norm.weight"], ones)


def _link(chain: list[int], embedding: list[list[float]], output: list[list[float]]) -> None:
    """Makes each token's embedding point at its successor's output row; tokens outside the chain lead to its start."""
    successor = dict(pairwise(chain))
    start = chain[0]
    common = embedding[start][:]  # what all tokens outside the chain share
    for token, row in enumerate(embedding):
        if token not in successor:
            row[:] = [0.3 * own + shared for own, shared in zip(row, common, strict=True)]
    random.Random(1).shuffle(embedding[start])  # the start itself must not point at itself
    for token, follower in successor.items():
        output[follower] = [0.3 * value for value in embedding[token]]
    output[start] = [0.3 * value for value in common]


def _q8_0(rows: list[list[float]]) -> bytes:
    """Blocks of 32 values: a float16 scale and 32 signed bytes."""
    values = list(joined.from_iterable(rows))
    out = bytearray()
    for at in range(0, len(values), 32):
        block = values[at : at + 32]
        scale = max(map(abs, block)) / 127 or 1.0
        out += struct.pack("<e32b", scale, *(round(value / scale) for value in block))
    return bytes(out)


def _file(metadata: dict[str, bytes], tensors: dict[str, Tensor]) -> bytes:
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    head += b"".join(_string(key) + value for key, value in metadata.items())
    body = b""
    for name, (kind, dimensions, data) in tensors.items():
        head += _string(name) + struct.pack("<I", len(dimensions))
        head += struct.pack(f"<{len(dimensions)}Q", *dimensions) + struct.pack("<IQ", kind, len(body))
        body += _padded(data)
    return _padded(head) + body


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % ALIGNMENT_BYTES)


def _string(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _string_value(text: str) -> bytes:
    return struct.pack("<I", 8) + _string(text)


def _u32_value(number: int) -> bytes:
    return struct.pack("<II", 4, number)


def _bool_value(value: bool) -> bytes:
    return struct.pack("<I?", 7, value)


def _array_value(kind: int, items: Iterable[bytes]) -> bytes:
    rows = list(items)
    return struct.pack("<IIQ", 9, kind, len(rows)) + b"".join(rows)
