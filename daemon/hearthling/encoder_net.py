"""The encoder of the classifier in torch: BERT's arithmetic, as `llm_agentd/topics/encoder.py` has it in numpy.

Written out instead of taken from transformers, so that a step of training has one fixed shape and no question asked
of the GPU in between: it is recorded once and replayed (`train_topics.py`). Knows nothing of lines and topics.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

WIDTH, INNER, HEADS, EPS = 384, 1536, 12, 1e-12  # of all-MiniLM-L6-v2
ATTENTION_DROPOUT = HIDDEN_DROPOUT = 0.1  # as it was trained


class Layer(nn.Module):
    """Attention and feed-forward, each with its norm behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.up, self.down = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH, EPS), nn.LayerNorm(WIDTH, EPS)
        self.drop = nn.Dropout(HIDDEN_DROPOUT)

    def forward(self, x: Tensor, visible: Tensor) -> Tensor:
        q, k, v = self.qkv(x).unflatten(-1, (3, HEADS, -1)).permute(2, 0, 3, 1, 4)
        dropout = ATTENTION_DROPOUT if self.training else 0.0
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=visible, dropout_p=dropout)
        x = self.norm1(x + self.drop(self.out(mixed.transpose(1, 2).flatten(2))))
        return self.norm2(x + self.drop(self.down(F.gelu(self.up(x)))))


class EncoderNet(nn.Module):
    """Token ids [batch, time] to the mean over their tokens [batch, width]; id 0 is filling.

    `positions` has the one token type's row added.
    """

    def __init__(self, pieces: int, positions: int, layers: int) -> None:
        super().__init__()
        self.tokens, self.positions = nn.Embedding(pieces, WIDTH), nn.Embedding(positions, WIDTH)
        self.norm, self.drop = nn.LayerNorm(WIDTH, EPS), nn.Dropout(HIDDEN_DROPOUT)
        self.layers = nn.ModuleList(Layer() for _ in range(layers))

    def forward(self, ids: Tensor, filled: Tensor) -> Tensor:
        """`filled` [batch, time]: 1 where there is a token."""
        x = self.drop(self.norm(self.tokens(ids) + self.positions.weight[: ids.shape[1]]))
        visible = (filled > 0)[:, None, None, :]
        for layer in self.layers:
            x = layer(x, visible)
        mask = filled[..., None].float()
        mean: Tensor = (x.float() * mask).sum(1) / mask.sum(1)
        return mean


def from_bert(weights: Mapping[str, Tensor], rows: Sequence[int], positions: int, layers: Sequence[int]) -> EncoderNet:
    """With the named `layers` of a BERT of that shape, and of its vocabulary the `rows`."""
    net = EncoderNet(len(rows), positions, len(layers))
    at = "embeddings."
    table = weights[at + "position_embeddings.weight"][:positions] + weights[at + "token_type_embeddings.weight"][:1]
    state = {"tokens.weight": weights[at + "word_embeddings.weight"][list(rows)], "positions.weight": table}
    for kind in ("weight", "bias"):
        state[f"norm.{kind}"] = weights[f"{at}LayerNorm.{kind}"]
        for to, index in enumerate(layers):
            own, mine = f"encoder.layer.{index}.", f"layers.{to}."
            parts = [weights[f"{own}attention.self.{name}.{kind}"] for name in ("query", "key", "value")]
            state[f"{mine}qkv.{kind}"] = torch.cat(parts)
            for name, theirs in (
                ("out", "attention.output.dense"),
                ("up", "intermediate.dense"),
                ("down", "output.dense"),
                ("norm1", "attention.output.LayerNorm"),
                ("norm2", "output.LayerNorm"),
            ):
                state[f"{mine}{name}.{kind}"] = weights[f"{own}{theirs}.{kind}"]
    net.load_state_dict({name: tensor.float() for name, tensor in state.items()})
    return net


def load_trained(net: EncoderNet, arrays: Mapping[str, NDArray[Any]], rows: Mapping[int, int]) -> None:
    """Takes over what an earlier training wrote (`topics_file.write`). `rows`: of its pieces, by those of `net`; a
    piece that it did not have keeps its weights."""
    with torch.no_grad():
        net.tokens.weight[list(rows)] = matrix(arrays, "tokens")[list(rows.values())]
        net.positions.weight.copy_(torch.from_numpy(arrays["positions"].astype(np.float32)))
        _load_norm(net.norm, arrays["norm"])
        for index, layer in enumerate(net.layers):
            at = f"layer{index}."
            for name in ("qkv", "out", "up", "down"):
                part = getattr(layer, name)
                part.weight.copy_(matrix(arrays, at + name))
                part.bias.copy_(torch.from_numpy(arrays[f"{at}{name}.bias"]))
            for name in ("norm1", "norm2"):
                _load_norm(getattr(layer, name), arrays[at + name])


def matrix(arrays: Mapping[str, NDArray[Any]], name: str) -> Tensor:
    """One that was written as int8 with a scale a row."""
    return torch.from_numpy(arrays[name].astype(np.float32) * arrays[name + ".scale"][:, None])


def _load_norm(norm: nn.LayerNorm, gain_and_bias: NDArray[np.float32]) -> None:
    norm.weight.copy_(torch.from_numpy(gain_and_bias[0]))
    norm.bias.copy_(torch.from_numpy(gain_and_bias[1]))
