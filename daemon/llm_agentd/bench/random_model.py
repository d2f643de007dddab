"""Writes a llama model with random weights of a given shape, as GGUF: timing needs no meaning.

    python -m llm_agentd.bench.random_model OUT.gguf --shape 360m

The embedded model lends its tokenizer, padded with made-up words. Same seed, same file. Wants the extra `bench`.
Control and byte tokens get rows of zeros: such a token scores 0 where the best of all words stand three spreads and
more above it, so no reply ends before `max_tokens` and every reply is text. Knows nothing of engines.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llm_agentd.engines import EMBEDDED_MODEL
from llm_agentd.errors import StartError

try:
    import gguf
    import numpy as np
except ImportError as missing:
    raise StartError(f"a random model needs {missing.name}: pip install {missing.name}") from None

BLOCK = 32  # weights that share a scale, in Q4_0 and Q8_0
NIBBLE_SPREAD = 4.6  # standard deviation of a random number of -8 … 7
BYTE_SPREAD = 73.3  # and of -127 … 127
SCORE_SPREAD = 3.0  # of the next token's scores: as decided as a trained model is
FILLER_SCORE = -1e6  # the tokenizer joins letters into a filler word last of all
CONSONANTS, VOWELS = "bdfghjklmnprstvwxz", "aeiou"
TOKENIZER = "tokenizer."


@dataclass(frozen=True, slots=True)
class Shape:
    """What decides how long a token takes. `vocab` None: the embedded model's, without fillers."""

    embedding: int
    layers: int
    heads: int
    kv_heads: int
    feed_forward: int
    vocab: int | None
    context: int = 2048
    norm_eps: float = 1e-5
    rope_base: float = 100_000.0

    @property
    def head_dim(self) -> int:
        return self.embedding // self.heads


SHAPES = {
    "tiny": Shape(64, 2, 2, 1, 128, None),
    "135m": Shape(576, 30, 9, 3, 1536, 49152),  # SmolLM2-135M
    "360m": Shape(960, 32, 15, 5, 2560, 49152),  # SmolLM2-360M
    "1b": Shape(2048, 16, 32, 8, 8192, 128256),  # Llama 3.2 1B
    "8b": Shape(4096, 32, 32, 8, 14336, 128256),  # Llama 3.1 8B, but for an output matrix of its own
}


def write(path: Path, shape: Shape, *, name: str = "random", seed: int = 1) -> Path:
    """Writes the model, under another name until it is whole, and returns `path`."""
    part = path.with_name(f"{path.name}.part")
    writer = gguf.GGUFWriter(part, "llama")
    words = _tokenizer(writer, shape.vocab)
    _metadata(writer, shape, name, len(words))
    _tensors(writer, shape, words, np.random.default_rng(seed))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    os.replace(part, path)
    return path


def _metadata(writer: Any, shape: Shape, name: str, vocab: int) -> None:
    writer.add_name(name)
    writer.add_description("Random weights, for measuring time")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_0)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.embedding)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_layer_norm_rms_eps(shape.norm_eps)
    writer.add_rope_dimension_count(shape.head_dim)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_vocab_size(vocab)


def _tokenizer(writer: Any, vocab: int | None) -> list[bool]:
    """The embedded model's, padded to `vocab` tokens. Returns for each token whether it is a word."""
    tokens: list[str] = []
    scores: list[float] = []
    kinds: list[int] = []
    lists = {
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.scores": scores,
        "tokenizer.ggml.token_type": kinds,
    }
    for key, field in gguf.GGUFReader(EMBEDDED_MODEL).fields.items():
        if key in lists:
            lists[key] += field.contents()
        elif key.startswith(TOKENIZER):
            writer.add_key_value(key, field.contents(), field.types[0])
    fillers = _fillers((vocab or len(tokens)) - len(tokens), set(tokens))
    tokens += fillers
    scores += [FILLER_SCORE] * len(fillers)
    kinds += [int(gguf.TokenType.NORMAL)] * len(fillers)
    writer.add_token_list([token.encode() for token in tokens])
    writer.add_token_scores(scores)
    writer.add_token_types(kinds)
    return [kind == gguf.TokenType.NORMAL for kind in kinds]


def _fillers(count: int, known: set[str]) -> list[str]:
    """`count` made-up words of three syllables, none of them known."""
    syllables = [consonant + vowel for consonant in CONSONANTS for vowel in VOWELS]
    words = (f"▁{a}{b}{c}" for a in syllables for b in syllables for c in syllables)
    return [word for _, word in zip(range(count), (word for word in words if word not in known), strict=False)]


def _tensors(writer: Any, shape: Shape, words: list[bool], rng: Any) -> None:
    """Input and output share the embedding. Signs at the end keep a token from foretelling itself for ever."""
    embedding, kv_dim = shape.embedding, shape.kv_heads * shape.head_dim
    ones: Any = np.ones(embedding, dtype=np.float32)
    signs = rng.choice(np.array([-1, 1], dtype=np.float32), embedding)
    writer.add_tensor("token_embd.weight", _embedding(rng, words, embedding), raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    writer.add_tensor("output_norm.weight", signs * np.float32(SCORE_SPREAD / embedding**0.5))
    for layer in range(shape.layers):
        writer.add_tensor(f"blk.{layer}.attn_norm.weight", ones)
        writer.add_tensor(f"blk.{layer}.ffn_norm.weight", ones)
        for name, rows, columns in (
            ("attn_q", embedding, embedding),
            ("attn_k", kv_dim, embedding),
            ("attn_v", kv_dim, embedding),
            ("attn_output", embedding, embedding),
            ("ffn_gate", shape.feed_forward, embedding),
            ("ffn_up", shape.feed_forward, embedding),
            ("ffn_down", embedding, shape.feed_forward),
        ):
            data = _q4_0(rng, rows, columns)
            writer.add_tensor(f"blk.{layer}.{name}.weight", data, raw_dtype=gguf.GGMLQuantizationType.Q4_0)


def _q4_0(rng: Any, rows: int, columns: int) -> Any:
    """Random weights that keep the size of what they are applied to; `(rows, bytes of a row)`."""
    return _blocks(rng.integers(0, 256, (rows, columns // BLOCK, 16), np.uint8), 1 / (NIBBLE_SPREAD * columns**0.5))


def _embedding(rng: Any, words: list[bool], columns: int) -> Any:
    values = rng.integers(-127, 128, (len(words), columns // BLOCK, BLOCK), np.int8)
    values[~np.array(words)] = 0
    return _blocks(values.view(np.uint8), 1 / BYTE_SPREAD)


def _blocks(values: Any, scale: float) -> Any:
    """A float16 scale before the bytes of each block."""
    rows, blocks, _ = values.shape
    scales = np.full((rows, blocks, 1), scale, np.float16).view(np.uint8)
    return np.concatenate([scales, values], axis=2).reshape(rows, -1)


def main() -> None:
    parser = argparse.ArgumentParser(description="write a llama model with random weights")
    parser.add_argument("out", type=Path, metavar="OUT.gguf")
    parser.add_argument("--shape", choices=SHAPES, default="360m")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    write(options.out, SHAPES[options.shape], name=f"random-{options.shape}", seed=options.seed)
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
