"""How much memory the daemon needs with a model, computed from what is known of it. Pure.

The engine takes room for `batch.size` sequences of the whole context at the start, however many NPCs there are; with
each NPC come the computed prompts that are kept for it, until `cache.kv_max_bytes` is full.
"""

from __future__ import annotations

from dataclasses import dataclass

from llm_agentd.config import Config
from llm_agentd.engines.limits import CONTEXT_TOKENS_DEFAULT_MAX
from llm_agentd.engines.model_shape import KV_VALUE_BYTES

# Supervisor, HTTP adapter and daemon without a model, what is each one's own, measured on x86-64: 10 + 45 + 43 MB.
PROCESSES_BYTES = 100_000_000
# Each row of a batch may want a score for each word of the vocabulary (engine.UNCUT_TOKENS rows).
BATCH_ROWS = 96
SCORE_BYTES = 4
# What is kept of an NPC: role, persona, knowledge and a talk or two. 251 tokens in `bench village`.
PROMPT_TOKENS_PER_NPC = 300


@dataclass(frozen=True, slots=True)
class MemoryNeeded:
    """Bytes. `prompts_wanted`: what the prompts of all NPCs would take, of which `prompts` are kept."""

    weights: int
    contexts: int
    prompts: int
    prompts_wanted: int
    rest: int

    @property
    def total(self) -> int:
        return self.weights + self.contexts + self.prompts + self.rest


def memory_needed(
    *, weights_bytes: int, kv_values_per_token: int, trained_tokens: int, vocabulary: int, npcs: int, config: Config
) -> MemoryNeeded:
    """With as many NPCs and the configuration's `batch.size`, `model.context_tokens`, `model.kv_type` and cache."""
    kv_bytes = kv_values_per_token * KV_VALUE_BYTES[config.model.kv_type]
    most_tokens = config.model.context_tokens or CONTEXT_TOKENS_DEFAULT_MAX
    context_tokens = min(most_tokens, trained_tokens or most_tokens)
    wanted = int(npcs * min(PROMPT_TOKENS_PER_NPC, context_tokens) * kv_bytes)
    return MemoryNeeded(
        weights=weights_bytes,
        contexts=int(config.batch.size * context_tokens * kv_bytes),
        prompts=min(wanted, int(config.cache.kv_max_bytes)),
        prompts_wanted=wanted,
        rest=PROCESSES_BYTES + BATCH_ROWS * SCORE_BYTES * vocabulary,
    )
