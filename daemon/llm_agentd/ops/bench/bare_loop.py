"""The other side of `bench decode`: the least code that batches sequences through cyllama.

Order as JSON on stdin, tokens/s on stdout.
Shares nothing with the daemon but its niceness, on purpose: what the daemon adds to this is its price.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import orjson
from cyllama.llama import llama_cpp as lib

from llm_agentd.serving.inference import NICE


def run(order: dict[str, Any]) -> float:
    """Tokens per second over all prompts, `width` of them at a time."""
    os.nice(NICE)  # as the daemon's inference thread: on a busy machine the kernel must treat both alike
    lib.disable_logging()
    width, per_sequence = order["width"], order["context_tokens"]
    model = lib.LlamaModel(order["path"], lib.LlamaModelParams())
    params = lib.LlamaContextParams()
    params.n_ctx, params.n_seq_max, params.n_batch = width * per_sequence, width, width * per_sequence
    params.n_threads = params.n_threads_batch = order["threads"]
    params.kv_unified = False  # as the engine; one cache for all would be slower
    context = lib.LlamaContext(model, params)
    vocab = model.get_vocab()
    batch = lib.LlamaBatch(n_tokens=width * per_sequence, embd=0, n_seq_max=width)
    waiting = [(seed, vocab.tokenize(prompt, True, True)) for seed, prompt in enumerate(order["prompts"])]
    live: dict[int, list[Any]] = {}  # seq: [sampler, tokens to add next, position, tokens made]
    made = 0
    begun_s = time.perf_counter()
    while waiting or live:
        for seq in set(range(width)) - set(live):
            if waiting:
                seed, tokens = waiting.pop(0)
                context.memory_seq_rm(seq, -1, -1)
                live[seq] = [_sampler(seed), tokens, 0, 0]
        batch.clear()
        rows = {}
        for seq, state in live.items():
            for offset, token in enumerate(state[1]):
                batch.add(token, state[2] + offset, [seq], offset == len(state[1]) - 1)
            rows[seq] = batch.n_tokens - 1
            state[2] += len(state[1])
        context.decode(batch)
        for seq, row in rows.items():
            state = live[seq]
            token = state[0].sample(context, row)
            if vocab.is_eog(token):
                del live[seq]
                continue
            made += 1
            state[1], state[3] = [token], state[3] + 1
            if state[3] == order["max_tokens"]:
                del live[seq]
    return made / (time.perf_counter() - begun_s)


def _sampler(seed: int) -> Any:
    sampler = lib.LlamaSampler(lib.LlamaSamplerChainParams())
    sampler.add_top_k(40)
    sampler.add_top_p(0.95, 1)
    sampler.add_temp(0.7)
    sampler.add_dist(seed)
    return sampler


if __name__ == "__main__":
    print(run(orjson.loads(sys.stdin.buffer.read())))
