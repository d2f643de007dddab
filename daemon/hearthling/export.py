"""Weights and vocabulary to one GGUF file that llama.cpp reads, today's and that of 2023 (ctransformers).

Matrices are q8_0, norms float32; the output matrix is written though it equals the embedding, because the old reader
wants it. Chat template and token types lie in the metadata, so the engine needs nothing else. Needs torch,
gguf and sentencepiece (extra `train`); the daemon never imports this file.

    python -m hearthling.export --checkpoint FILE --tokenizer FILE --out FILE
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hearthling.network import Shape
from hearthling.tokenizer import BOS, EOS, IM_END, IM_START, UNKNOWN, Tokenizer
from llm_agentd.engines.gguf import PROMPT_FORM, TOPICS_FORM

NAME = "hearthling"
# The file has the logits of training times this, so the usual temperature of 0.7 samples like 0.35: a network
# this small puts a good share on words that are nearly right, and prompts differ enough to keep replies apart.
SHARPNESS = 2.0
# Of a block: our matrix, and llama.cpp's of which it is made, one below the other.
JOINED = {
    "norm_attn": ("attn_norm",),
    "q": ("attn_q",),
    "kv": ("attn_k", "attn_v"),
    "out": ("attn_output",),
    "norm_ff": ("ffn_norm",),
    "gate_up": ("ffn_gate", "ffn_up"),
    "down": ("ffn_down",),
}
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


def export(weights: Mapping[str, Tensor], shape: Shape, tokenizer: Tokenizer, out: Path, plain: bool = False) -> None:
    """Writes `out` in one move, so that a reader never sees half a file. `plain`: float32 throughout, for checks."""
    part = out.with_name(out.name + ".part")
    writer = gguf.GGUFWriter(str(part), "llama")
    write_metadata(writer, shape, plain)
    write_vocabulary(writer, tokenizer)
    for name, tensor in tensors(weights, shape):
        data: NDArray[Any] = tensor.detach().float().contiguous().numpy()
        if data.ndim < 2 or plain:
            writer.add_tensor(name, data)
        else:
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(name, gguf.quants.quantize(data, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    os.replace(part, out)


def write_metadata(writer: gguf.GGUFWriter, shape: Shape, plain: bool) -> None:
    writer.add_name(NAME)
    writer.add_description("Small talk, trade and quests of village folk; trained from scratch on a corpus of its own")
    writer.add_string(PROMPT_FORM, TOPICS_FORM)
    writer.add_license("MIT")
    writer.add_languages(["en"])
    writer.add_file_type(gguf.LlamaFileType.ALL_F32 if plain else gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_layer_norm_rms_eps(shape.norm_eps)
    writer.add_rope_dimension_count(shape.head_dim)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_vocab_size(shape.vocab)


def write_vocabulary(writer: gguf.GGUFWriter, tokenizer: Tokenizer) -> None:
    """`llama` vocabulary without a space before the text and without <s>: what training saw."""
    processor = tokenizer.processor
    ids = range(len(tokenizer))
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([processor.id_to_piece(index).encode() for index in ids])
    writer.add_token_scores([processor.get_score(index) for index in ids])
    writer.add_token_types([token_type(tokenizer, index) for index in ids])
    writer.add_unk_token_id(UNKNOWN)
    writer.add_bos_token_id(BOS)
    writer.add_eos_token_id(IM_END)
    writer.add_eot_token_id(IM_END)
    writer.add_pad_token_id(EOS)
    writer.add_add_bos_token(False)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(CHAT_TEMPLATE)


def token_type(tokenizer: Tokenizer, index: int) -> int:
    kinds = gguf.TokenType
    if index == UNKNOWN:
        return int(kinds.UNKNOWN)
    if index in (BOS, EOS, IM_START, IM_END):
        return int(kinds.CONTROL)
    return int(kinds.BYTE if tokenizer.processor.is_byte(index) else kinds.NORMAL)


def tensors(weights: Mapping[str, Tensor], shape: Shape) -> Iterator[tuple[str, Tensor]]:
    """llama.cpp's names with our weights, joined matrices taken apart."""
    yield "token_embd.weight", weights["embed.weight"]
    yield "output_norm.weight", weights["norm.weight"] * SHARPNESS
    yield "output.weight", weights["embed.weight"]
    for layer in range(shape.layers):
        for name, parts in JOINED.items():
            for part, weight in zip(parts, weights[f"blocks.{layer}.{name}.weight"].chunk(len(parts)), strict=True):
                yield f"blk.{layer}.{part}.weight", weight


def read_weights(path: Path, shape: Shape) -> dict[str, Tensor]:
    """What `export` wrote, as the network names it; as exact as q8_0 is."""
    theirs = {
        tensor.name: torch.from_numpy(gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32))
        for tensor in gguf.GGUFReader(path).tensors
    }
    weights = {"embed.weight": theirs["token_embd.weight"], "norm.weight": theirs["output_norm.weight"] / SHARPNESS}
    for layer in range(shape.layers):
        of_layer = partial("blk.{}.{}.weight".format, layer)
        for name, parts in JOINED.items():
            weights[f"blocks.{layer}.{name}.weight"] = torch.cat([theirs[of_layer(part)] for part in parts])
    return weights


def main() -> None:
    parser = argparse.ArgumentParser(description="write a checkpoint of hearthling as GGUF")
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True, help="hearthling.model")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--f32", action="store_true", help="float32 throughout, to compare logits")
    options = parser.parse_args()
    state = torch.load(options.checkpoint, weights_only=True)
    export(state["weights"], Shape(**state["shape"]), Tokenizer(options.tokenizer), options.out, options.f32)
    print(f"{options.out}: {np.round(options.out.stat().st_size / 1e6, 2)} MB after {state['tokens']} tokens")


if __name__ == "__main__":
    main()
