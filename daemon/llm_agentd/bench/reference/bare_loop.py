"""The other side of `bench decode` and `bench village`: the least code that batches sequences through llama.cpp.

Reads its order as JSON on stdin and writes the result as JSON to stdout. It has the tricks of the engine (prompts by
themselves in parts, a prefix computed once and restored) and nothing else: no socket, request queue, cache, streaming
or text. It shares only the binding and its niceness with the daemon: what the daemon costs above this is overhead.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from llm_agentd.engines import open_binding
from llm_agentd.engines.llama.binding import Binding, Sampler
from llm_agentd.errors import StartError
from llm_agentd.scheduler.affinity import NICE
from llm_agentd.types import Sampling

PART_TOKENS, UNCUT_TOKENS = 64, 96
PART_MULTIPLE = 8  # of rows, where a binding is held to shorter parts


def bare_run(
    info: dict[str, Any],
    *,
    gpu_layers: int,
    max_num_seqs: int,
    max_tokens: int,
    prompts: list[str],
    prefixes: list[str] | None = None,
) -> dict[str, float]:
    """Runs `prompts`, `max_num_seqs` of them at a time, in a process of its own: `tokens_per_s`, `requests_per_s`.

    `info`: the daemon's, for the same model, engine, threads and longest part that the engine computes rightly.
    `prefixes`: how each prompt begins, computed once.
    """
    order = {
        **{name: info[name] for name in ("engine", "path", "threads", "context_tokens")},
        "gpu_layers": gpu_layers,
        "rows_max": rows_max(info),
        "max_num_seqs": max_num_seqs,
        "max_tokens": max_tokens,
        "prompts": prompts,
        "prefixes": prefixes or [""] * len(prompts),
    }
    module = [sys.executable, "-m", "llm_agentd.bench.reference.bare_loop"]
    done = subprocess.run(module, input=orjson.dumps(order), capture_output=True, check=False)
    if done.returncode:
        raise StartError(f"the bare loop failed: {done.stderr.decode()[-300:]}")
    figures: dict[str, float] = orjson.loads(done.stdout)
    return figures


def rows_max(info: dict[str, Any]) -> int:
    """Of the binding that was taken, which comes first; 0 for no limit."""
    return next((int(one["rows_max"]) for one in info.get("candidates", ())), 0)


@dataclass(slots=True)
class _Sequence:
    """`tokens[:computed]` are in the KV cache; `generated` counts those that were sampled."""

    sampler: Sampler
    tokens: list[int]
    computed: int
    generated: int = 0


class BareLoop:
    """Starts and steps sequences; `running` holds them by slot."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.binding: Binding = open_binding(order["engine"])(Path(order["path"]), gpu_layers=order["gpu_layers"])
        self.binding.open_context(
            context_tokens=order["context_tokens"],
            max_num_seqs=order["max_num_seqs"],
            threads=order["threads"],
            batch_tokens=max(UNCUT_TOKENS, order["max_num_seqs"]),
            kv_type="f16",
        )
        most = order["rows_max"] or UNCUT_TOKENS
        self.uncut_tokens = min(UNCUT_TOKENS, most)
        self.part_tokens = min(PART_TOKENS, most - most % PART_MULTIPLE or most)
        self.max_tokens: int = order["max_tokens"]
        self.prefix_states: dict[str, bytes] = {}
        self.running: dict[int, _Sequence] = {}
        self.generated = 0

    def start(self, seq: int, seed: int, prompt: str, prefix: str) -> None:
        """Computes the whole prompt and samples the first token."""
        prefix_tokens = self.binding.tokenize(prefix, control=True)
        tokens = prefix_tokens + self.binding.tokenize(prompt.removeprefix(prefix), control=True)
        self.binding.kv_remove(seq)
        if prefix_tokens and prefix in self.prefix_states:
            self.binding.load_state(seq, self.prefix_states[prefix])
        elif prefix_tokens:
            self.compute(seq, prefix_tokens, 0, wants_logits=False)
            self.prefix_states[prefix] = self.binding.save_state(seq)
        sampler = self.binding.sampler(Sampling(temperature=0.7), seed=seed, grammar=None)
        row = self.compute(seq, tokens, len(prefix_tokens), wants_logits=True)
        self.running[seq] = _Sequence(sampler, tokens, len(tokens))
        self.sample(seq, row)

    def compute(self, seq: int, tokens: list[int], first: int, *, wants_logits: bool) -> int:
        """`tokens[first:]` in parts; returns the row of the last token."""
        while True:
            rest = len(tokens) - first
            until = len(tokens) if rest <= self.uncut_tokens else first + self.part_tokens
            rows = [(tokens[at], at, seq, wants_logits and at == len(tokens) - 1) for at in range(first, until)]
            self.binding.decode(rows)
            if until == len(tokens):
                return len(rows) - 1
            first = until

    def step(self) -> None:
        """One token for each running sequence, in the order of their numbers, as the engine has them."""
        running = sorted(self.running.items())
        self.binding.decode([(one.tokens[one.computed], one.computed, seq, True) for seq, one in running])
        for row, (seq, _) in enumerate(running):
            self.running[seq].computed += 1
            self.sample(seq, row)

    def sample(self, seq: int, row: int) -> None:
        """The next token of `seq` from a row of the last decode; a sequence that ends leaves its slot."""
        sequence = self.running[seq]
        token = sequence.sampler.sample(row)
        if self.binding.is_eog(token):
            del self.running[seq]
            return
        self.generated += 1
        sequence.tokens.append(token)
        sequence.generated += 1
        if sequence.generated == self.max_tokens:
            del self.running[seq]


def run(order: dict[str, Any]) -> dict[str, float]:
    os.nice(NICE)  # as the daemon's engine thread: on a busy machine the kernel must treat both alike
    loop = BareLoop(order)
    waiting = list(enumerate(zip(order["prompts"], order["prefixes"], strict=True)))[::-1]
    count = len(waiting)
    began_s = time.perf_counter()
    while waiting or loop.running:
        free = set(range(order["max_num_seqs"])) - set(loop.running)
        if free and waiting:  # one a step, so that the others go on
            seed, (prompt, prefix) = waiting.pop()
            loop.start(min(free), seed, prompt, prefix)
        if loop.running:
            loop.step()
    took_s = time.perf_counter() - began_s
    loop.binding.close()
    return {"tokens_per_s": loop.generated / took_s, "requests_per_s": count / took_s}


if __name__ == "__main__":
    sys.stdout.buffer.write(orjson.dumps(run(orjson.loads(sys.stdin.buffer.read()))))
