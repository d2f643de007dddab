"""What the `llama` engines know of one sequence: its tokens, how many of them are computed, how many may still come."""

from __future__ import annotations

from dataclasses import dataclass, field

from llm_agentd.engines.llama.binding import Sampler


@dataclass(slots=True)
class LlamaSequence:
    """`tokens[:computed]` are in the KV cache of slot `seq`, prompt first. Once it is running, a step feeds the rest:
    the token that was sampled last, and those that a grammar leaves no choice of behind it.

    `prompt_tokens`: with the `opening`, which the reply must begin with: it goes out with the first token.
    `cut`: one part of the prompt ends with its stable tokens. `keep_prefix`: and their state is given out then.
    `waited_for_s`: by the other sequences, since its grammar takes longer than one should.
    """

    seq: int
    tokens: list[int]
    prompt_tokens: int
    sampler: Sampler
    tokens_left: int
    priority: int
    stable_tokens: int
    cut: bool
    keep_prefix: bool
    computed: int
    opening: list[int] = field(default_factory=list)
    waited_for_s: float = 0.0

    @property
    def is_running(self) -> bool:
        """Its prompt is computed, and at least one token is sampled."""
        return len(self.tokens) > self.prompt_tokens

    @property
    def fed(self) -> int:
        """How many tokens the next step has to compute."""
        return len(self.tokens) - self.computed


@dataclass(slots=True)
class PausedSequence:
    """A sequence out of its slot. `data`: its state; empty where nothing was computed yet."""

    sequence: LlamaSequence
    data: bytes
