"""The network of `hearthling`: a small Llama, written so that two CPU cores train it in little more than an hour.

Same arithmetic as llama.cpp's `llama` architecture: RMSNorm, interleaved rotary positions (so the export needs
no permutation), SwiGLU, no biases; input and output embedding are one matrix. The last layer computes queries and
feed-forward only where a loss is taken. Needs torch (extra `train`); the daemon never imports this file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes as the GGUF metadata names them. All widths divide by 32, as q8_0 blocks must."""

    vocab: int = 6144
    width: int = 288
    layers: int = 5
    heads: int = 9
    feed_forward: int = 704
    context: int = 1024
    rope_base: float = 10000.0
    norm_eps: float = 1e-5

    @property
    def head_dim(self) -> int:
        return self.width // self.heads

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class RMSNorm(nn.Module):
    """RMSNorm, computed in float32."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        wide = x.float()
        scale = torch.rsqrt(wide.square().mean(-1, keepdim=True) + self.eps)
        return (wide * scale * self.weight.float()).to(x.dtype)


def rotary_tables(shape: Shape, length: int) -> tuple[Tensor, Tensor]:
    """cos and sin for positions 0 … length-1, one column a pair."""
    pairs = shape.head_dim // 2
    speed = shape.rope_base ** (-torch.arange(pairs, dtype=torch.float32) / pairs)
    angle = torch.outer(torch.arange(length, dtype=torch.float32), speed)
    return angle.cos(), angle.sin()


def apply_rotary(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turns neighbouring pairs (0,1), (2,3) … of `x` [batch, time, heads, dim]; cos, sin [batch|1, time, pairs]."""
    even, odd = x.float().unflatten(-1, (-1, 2)).unbind(-1)
    c, s = cos.unsqueeze(2), sin.unsqueeze(2)
    return torch.stack((even * c - odd * s, even * s + odd * c), -1).flatten(-2).to(x.dtype)


def attention(q: Tensor, k: Tensor, v: Tensor, visible: Tensor) -> Tensor:
    """Plain attention: at these lengths three times as fast in bfloat16 on a CPU as torch's fused one, backwards."""
    scores = torch.matmul(q, k.transpose(-1, -2)).float() * q.shape[-1] ** -0.5
    shares = torch.softmax(scores.masked_fill(~visible, float("-inf")), -1)
    return torch.matmul(shares.to(v.dtype), v)


class Block(nn.Module):
    """Attention and feed-forward, each behind its norm."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width = shape.width
        self.shape = shape
        self.norm_attn = RMSNorm(width, shape.norm_eps)
        self.norm_ff = RMSNorm(width, shape.norm_eps)
        self.q = nn.Linear(width, width, bias=False)
        self.kv = nn.Linear(width, 2 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.gate_up = nn.Linear(width, 2 * shape.feed_forward, bias=False)
        self.down = nn.Linear(shape.feed_forward, width, bias=False)

    def heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.shape.heads, self.shape.head_dim))

    def feed_forward(self, x: Tensor) -> Tensor:
        gate, up = self.gate_up(self.norm_ff(x)).chunk(2, -1)
        return x + self.down(F.silu(gate) * up)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        normed = self.norm_attn(x)
        q = apply_rotary(self.heads(self.q(normed)), cos, sin).transpose(1, 2)
        k, v = self.heads_kv(normed, cos, sin)
        step = torch.arange(x.shape[1], device=x.device)
        mixed = attention(q, k, v, step[None, :] <= step[:, None])
        return self.feed_forward(x + self.out(mixed.transpose(1, 2).flatten(2)))

    def heads_kv(self, normed: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor]:
        k, v = self.kv(normed).chunk(2, -1)
        return apply_rotary(self.heads(k), cos, sin).transpose(1, 2), self.heads(v).transpose(1, 2)

    def forward_at(self, x: Tensor, cos: Tensor, sin: Tensor, positions: Tensor) -> Tensor:
        """Like forward, but only for `positions` [batch, few] of each row."""
        normed = self.norm_attn(x)
        k, v = self.heads_kv(normed, cos, sin)
        index = positions.unsqueeze(-1).expand(-1, -1, x.shape[-1])
        few = self.heads(self.q(normed.gather(1, index)))
        q = apply_rotary(few, cos[0][positions], sin[0][positions]).transpose(1, 2)
        visible = torch.arange(x.shape[1], device=x.device)[None, None, None, :] <= positions[:, None, :, None]
        mixed = attention(q, k, v, visible)
        return self.feed_forward(x.gather(1, index) + self.out(mixed.transpose(1, 2).flatten(2)))


class Hearthling(nn.Module):
    """Token ids [batch, time] to logits; `positions` [batch, few] picks those whose logits are wanted."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embed = nn.Embedding(shape.vocab, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = RMSNorm(shape.width, shape.norm_eps)
        cos, sin = rotary_tables(shape, shape.context)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        self.cos: Tensor
        self.sin: Tensor
        self.init_weights()

    def init_weights(self) -> None:
        """Small normal weights; what writes into the residual stream starts smaller the deeper the net."""
        for name, weight in self.named_parameters():
            if weight.dim() < 2:
                continue
            std = 0.02
            if name.endswith(("out.weight", "down.weight")):
                std /= (2 * self.shape.layers) ** 0.5
            nn.init.normal_(weight, std=std)

    def forward(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """Hidden states at `positions`, normed: [batch, few, width]."""
        length = tokens.shape[1]
        cos, sin = self.cos[None, :length], self.sin[None, :length]
        x = self.embed(tokens)
        last = len(self.blocks) - 1
        for index, block in enumerate(self.blocks):
            x = block.forward_at(x, cos, sin, positions) if index == last else block(x, cos, sin)
        hidden: Tensor = self.norm(x)
        return hidden

    def logits(self, tokens: Tensor) -> Tensor:
        """All logits, for checks: [batch, time, vocab]."""
        positions = torch.arange(tokens.shape[1], device=tokens.device)[None].expand(tokens.shape[0], -1)
        return F.linear(self.forward(tokens, positions), self.embed.weight)


def weighted_loss(
    model: Callable[..., Tensor], embedding: Tensor, tokens: Tensor, positions: Tensor, weight: Tensor
) -> Tensor:
    """Mean cross-entropy of the token after each of `positions`; weight 0 marks filling."""
    hidden = model(tokens, positions)
    flat = weight.flatten()
    target = tokens.gather(1, (positions + 1).clamp(max=tokens.shape[1] - 1)).flatten()
    # Filling is computed too: a product of another size each time would have its kernel compiled anew, and kept.
    logits = F.linear(hidden.flatten(0, 1), embedding).float()
    losses = F.cross_entropy(logits, target, reduction="none")
    return (losses * flat).sum() / flat.sum()
