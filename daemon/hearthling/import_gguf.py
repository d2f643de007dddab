"""A GGUF file of `hearthling` back to what training works on: the way of `export.py`, backwards.

So training can go on from the file in the package, which has no checkpoint beside it: with weights rounded to q8_0, as
they are in the file, and a fresh optimiser. Exported again at once, it is the same file byte for byte. Needs torch,
gguf, sentencepiece and protobuf (extra `train`); the daemon never imports this file.
"""

from __future__ import annotations

from pathlib import Path

import gguf
import torch
from sentencepiece import sentencepiece_model_pb2 as piece_model
from torch import Tensor

from hearthling.export import SHARPNESS
from hearthling.network import Shape
from hearthling.tokenizer import BOS, EOS, UNKNOWN

BPE = 2  # of sentencepiece's model types


def shape_of(reader: gguf.GGUFReader) -> Shape:
    """Raises KeyError for a file that is no Llama."""

    def number(key: str) -> int:
        return int(reader.fields[f"llama.{key}"].contents())

    return Shape(
        vocab=number("vocab_size"),
        width=number("embedding_length"),
        layers=number("block_count"),
        heads=number("attention.head_count"),
        feed_forward=number("feed_forward_length"),
        context=number("context_length"),
        rope_base=float(reader.fields["llama.rope.freq_base"].contents()),
        norm_eps=round(float(reader.fields["llama.attention.layer_norm_rms_epsilon"].contents()), 9),
    )


def weights_of(reader: gguf.GGUFReader) -> dict[str, Tensor]:
    """Our names, joined matrices joined, the sharpness of the logits undone."""
    found = {
        tensor.name: torch.from_numpy(gguf.quants.dequantize(tensor.data, tensor.tensor_type).copy()).float()
        for tensor in reader.tensors
    }
    weights = {"embed.weight": found["token_embd.weight"], "norm.weight": found["output_norm.weight"] / SHARPNESS}
    for layer in range(shape_of(reader).layers):
        ours, theirs = f"blocks.{layer}", f"blk.{layer}"

        def take(*names: str, of: str = theirs) -> Tensor:
            return torch.cat([found[f"{of}.{name}.weight"] for name in names])

        weights |= {
            f"{ours}.norm_attn.weight": take("attn_norm"),
            f"{ours}.norm_ff.weight": take("ffn_norm"),
            f"{ours}.q.weight": take("attn_q"),
            f"{ours}.kv.weight": take("attn_k", "attn_v"),
            f"{ours}.out.weight": take("attn_output"),
            f"{ours}.gate_up.weight": take("ffn_gate", "ffn_up"),
            f"{ours}.down.weight": take("ffn_down"),
        }
    return weights


def write_vocabulary(reader: gguf.GGUFReader, out: Path) -> None:
    """The file's pieces as a SentencePiece model; piece types bear the same numbers in both."""
    pieces, scores, types = (
        reader.fields[f"tokenizer.ggml.{key}"].contents() for key in ("tokens", "scores", "token_type")
    )
    model = piece_model.ModelProto()
    for piece, score, kind in zip(pieces, scores, types, strict=True):
        model.pieces.add(piece=piece, score=score, type=kind)
    trained = model.trainer_spec
    trained.model_type, trained.byte_fallback, trained.vocab_size = BPE, True, len(pieces)
    trained.unk_id, trained.bos_id, trained.eos_id, trained.pad_id = UNKNOWN, BOS, EOS, -1
    model.normalizer_spec.name = "identity"
    model.normalizer_spec.add_dummy_prefix = False
    model.normalizer_spec.remove_extra_whitespaces = False
    out.write_bytes(model.SerializeToString())
