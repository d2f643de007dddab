"""A small BERT in numpy: words to a vector whose direction is what they mean.

The six layers of all-MiniLM-L6-v2 (Apache-2.0), trained on our own corpus (`hearthling/train_topics.py`),
with the vocabulary cut to what players type. Runs on the router thread: a line takes a few milliseconds, a line that
was seen before nothing. The weights stay int8 in memory, a quarter of float32. Numpy, since a runtime for nets
(onnxruntime, 60 MB) would be larger than all else that the daemon needs. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float32]
EPS = 1e-12
MAX_TOKENS = 48
MATRICES, NORMS = ("qkv", "out", "up", "down"), ("norm1", "norm2")  # of each layer
BLOCK_VALUES = 128 * 384  # of a matrix, made float32 at a time: 192 KiB, which stay in the processor's cache


class Matrix:
    """int8 with a scale a row, multiplied block by block: as fast as float32, since a quarter is read from memory."""

    def __init__(self, weights: Mapping[str, NDArray[Any]], name: str) -> None:
        self._values = weights[name]
        self._scale = weights[name + ".scale"].astype(np.float32)
        self._bias = weights[name + ".bias"].astype(np.float32)
        self._block_rows = max(1, BLOCK_VALUES // self._values.shape[1])

    def __call__(self, x: Array) -> Array:
        """[count, columns] to [count, rows], with the bias."""
        rows, step = len(self._values), self._block_rows
        out: Array = np.empty((len(x), rows), np.float32)
        block: Array = np.empty((min(step, rows), self._values.shape[1]), np.float32)
        for at in range(0, rows, step):
            part = self._values[at : at + step]
            np.copyto(block[: len(part)], part)
            np.matmul(x, block[: len(part)].T, out=out[:, at : at + len(part)])
        out *= self._scale
        out += self._bias
        return out


class Encoder:
    """`weights`: names as `hearthling/topics_file.py` writes them; matrices as int8 with a scale a row."""

    def __init__(self, weights: Mapping[str, NDArray[Any]], layers: int, heads: int) -> None:
        self._layers, self._heads = layers, heads
        self._tokens, self._token_scales = weights["tokens"], weights["tokens.scale"]
        self._positions = weights["positions"].astype(np.float32)
        at = [f"layer{layer}." for layer in range(layers)]
        self._w = {layer + name: Matrix(weights, layer + name) for layer in at for name in MATRICES}
        self._norms = {layer + name: weights[layer + name].astype(np.float32) for layer in at for name in NORMS}
        self._norm = weights["norm"].astype(np.float32)

    @property
    def width(self) -> int:
        return int(self._tokens.shape[1])

    def encode(self, ids: list[int]) -> Array:
        """[width]: the mean over all tokens."""
        x: Array = self._tokens[ids].astype(np.float32) * self._token_scales[ids].astype(np.float32)[:, None]
        x = _layer_norm(x + self._positions[: len(ids)], self._norm)
        for layer in range(self._layers):
            x = self._block(x, f"layer{layer}.")
        mean: Array = x.mean(0)
        return mean

    def _block(self, x: Array, at: str) -> Array:
        w, norms, count = self._w, self._norms, len(x)
        qkv = w[at + "qkv"](x).reshape(count, 3, self._heads, -1).transpose(1, 2, 0, 3)
        scores = qkv[0] @ qkv[1].transpose(0, 2, 1) / np.sqrt(qkv.shape[-1], dtype=np.float32)
        mixed = (_softmax(scores) @ qkv[2]).transpose(1, 0, 2).reshape(count, -1)
        x = _layer_norm(x + w[at + "out"](mixed), norms[at + "norm1"])
        return _layer_norm(x + w[at + "down"](_gelu(w[at + "up"](x))), norms[at + "norm2"])


def _layer_norm(x: Array, gain_and_bias: Array) -> Array:
    x = x - x.mean(-1, keepdims=True)
    x = x / np.sqrt((x * x).mean(-1, keepdims=True) + EPS)
    return x * gain_and_bias[0] + gain_and_bias[1]


def _softmax(x: Array) -> Array:
    x = np.exp(x - x.max(-1, keepdims=True))
    out: Array = x / x.sum(-1, keepdims=True)
    return out


def _gelu(x: Array) -> Array:
    """As BERT's, with erf by Abramowitz and Stegun 7.1.26 (error below 2e-7)."""
    z = np.abs(x) * np.float32(0.70710678)
    t = 1 / (1 + np.float32(0.3275911) * z)
    poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    erf = np.sign(x) * (1 - poly * np.exp(-z * z))
    out: Array = (0.5 * x * (1 + erf)).astype(np.float32)
    return out
