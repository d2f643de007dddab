"""What the `llama` engines know of one sequence: its tokens, how many of them are computed, how many may still come."""

from __future__ import annotations

from dataclasses import dataclass

from llm_agentd.engines.llama.binding import Sampler


@dataclass(slots=True)
class LlamaSequence:
    """`tokens[:computed]` are in the KV cache of slot `seq`, prompt first. Once it is running, a step feeds one more.

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
    waited_for_s: float = 0.0

    @property
    def is_running(self) -> bool:
        """Its prompt is computed, and at least one token is sampled."""
        return len(self.tokens) > self.prompt_tokens


@dataclass(slots=True)
class PausedSequence:
    """A sequence out of its slot. `data`: its state; empty where nothing was computed yet."""

    sequence: LlamaSequence
    data: bytes
