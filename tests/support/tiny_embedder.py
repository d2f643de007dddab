"""Writes tiny models for embeddings as GGUF: BERT with random weights, which sees all of a text at once."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

WORDS = tuple("good evening where is the smith bread and water in oakford abcdefgh ##s ##ed ! ? . ,".split())  # noqa: SIM905
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WIDTH, HEADS, WIDE, LAYERS, CONTEXT = 32, 2, 64, 2, 64
SEED = 5


def write_tiny_embedder(path: Path, pooling: gguf.PoolingType = gguf.PoolingType.MEAN) -> Path:
    """Writes the model and returns `path`."""
    writer = gguf.GGUFWriter(path, "bert")
    writer.add_name("tiny-embedder")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(WIDE)
    writer.add_block_count(LAYERS)
    writer.add_head_count(HEADS)
    writer.add_layer_norm_eps(1e-12)
    writer.add_causal_attention(False)
    writer.add_pooling_type(pooling)
    tokens = SPECIAL + [word.removeprefix("##") if word.startswith("##") else f"▁{word}" for word in WORDS]
    writer.add_tokenizer_model("bert")
    writer.add_token_list(tokens)
    writer.add_token_types([3] * len(SPECIAL) + [1] * len(WORDS))
    writer.add_token_type_count(2)
    for add, token in (
        (writer.add_pad_token_id, 0),
        (writer.add_unk_token_id, 1),
        (writer.add_bos_token_id, 2),
        (writer.add_sep_token_id, 3),
        (writer.add_eos_token_id, 3),
        (writer.add_mask_token_id, 4),
    ):
        add(token)
    rng = np.random.default_rng(SEED)

    def tensor(name: str, *shape: int) -> None:
        writer.add_tensor(name, rng.normal(0.0, 0.3, shape).astype(np.float32))

    tensor("token_embd.weight", len(tokens), WIDTH)
    tensor("token_types.weight", 2, WIDTH)
    tensor("position_embd.weight", CONTEXT, WIDTH)
    _norm(writer, "token_embd_norm")
    for layer in range(LAYERS):
        block = f"blk.{layer}"
        for name, rows, columns in (
            ("attn_q", WIDTH, WIDTH),
            ("attn_k", WIDTH, WIDTH),
            ("attn_v", WIDTH, WIDTH),
            ("attn_output", WIDTH, WIDTH),
            ("ffn_up", WIDE, WIDTH),
            ("ffn_down", WIDTH, WIDE),
        ):
            tensor(f"{block}.{name}.weight", rows, columns)
            tensor(f"{block}.{name}.bias", rows)
        _norm(writer, f"{block}.attn_output_norm")
        _norm(writer, f"{block}.layer_output_norm")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _norm(writer: gguf.GGUFWriter, name: str) -> None:
    writer.add_tensor(f"{name}.weight", np.ones(WIDTH, dtype=np.float32))
    writer.add_tensor(f"{name}.bias", np.zeros(WIDTH, dtype=np.float32))
