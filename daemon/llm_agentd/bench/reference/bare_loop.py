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
from pathlib import Path
from typing import Any

import orjson

from llm_agentd.engines import open_binding
from llm_agentd.engines.llama.binding import Binding
from llm_agentd.errors import StartError
from llm_agentd.scheduler.affinity import NICE
from llm_agentd.types import Sampling

PART_TOKENS, UNCUT_TOKENS = 64, 96


def bare_run(
    info: dict[str, Any], *, max_num_seqs: int, max_tokens: int, prompts: list[str], prefixes: list[str] | None = None
) -> dict[str, float]:
    """Runs `prompts`, `max_num_seqs` of them at a time, in a process of its own: `tokens_per_s`, `requests_per_s`.

    `info`: the daemon's, for the same model, engine and threads. `prefixes`: how each prompt begins, computed once.
    """
    order = {
        **{name: info[name] for name in ("engine", "path", "threads", "context_tokens")},
        "max_num_seqs": max_num_seqs,
        "max_tokens": max_tokens,
        "prompts": prompts,
        "prefixes": prefixes or [""] * len(prompts),
    }
    module = [sys.executable, "-m", "llm_agentd.bench.reference.bare_loop"]
    done = subprocess.run(module, input=orjson.dumps(order), capture_output=True, check=False)
    if done.returncode:
        raise StartError(f"the bare loop failed: {done.stderr.decode()[-300:]}")
    made: dict[str, float] = orjson.loads(done.stdout)
    return made


class Loop:
    """Sequences by slot: [sampler, tokens, how many are computed, tokens made]."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.native: Binding = open_binding(order["engine"])(Path(order["path"]), gpu_layers=0)
        self.native.open_context(
            context_tokens=order["context_tokens"],
            max_num_seqs=order["max_num_seqs"],
            threads=order["threads"],
            batch_tokens=max(UNCUT_TOKENS, order["max_num_seqs"]),
            kv_type="f16",
        )
        self.max_tokens: int = order["max_tokens"]
        self.states: dict[str, tuple[int, bytes]] = {}
        self.running: dict[int, list[Any]] = {}
        self.made = 0

    def start(self, seq: int, seed: int, prompt: str, prefix: str) -> None:
        head = self.native.tokenize(prefix, control=True)
        tokens = head + self.native.tokenize(prompt.removeprefix(prefix), control=True)
        self.native.kv_remove(seq)
        if head:
            if prefix not in self.states:
                self.compute(seq, head, 0, wanted=False)
                self.states[prefix] = (len(head), self.native.save_state(seq))
            else:
                self.native.load_state(seq, self.states[prefix][1])
        sampler = self.native.sampler(Sampling(temperature=0.7), seed=seed, grammar=None)
        row = self.compute(seq, tokens, len(head), wanted=True)
        self.running[seq] = [sampler, tokens, len(tokens), 0]
        self.take(seq, row)

    def compute(self, seq: int, tokens: list[int], first: int, *, wanted: bool) -> int:
        """The rest of a prompt in parts; the row of its last token."""
        while True:
            rest = len(tokens) - first
            until = len(tokens) if rest <= UNCUT_TOKENS else first + PART_TOKENS
            rows = [(tokens[at], at, seq, wanted and at == len(tokens) - 1) for at in range(first, until)]
            self.native.decode(rows)
            if until == len(tokens):
                return len(rows) - 1
            first = until

    def step(self) -> None:
        rows = [(state[1][state[2]], state[2], seq, True) for seq, state in self.running.items()]
        self.native.decode(rows)
        for row, seq in enumerate(list(self.running)):
            self.running[seq][2] += 1
            self.take(seq, row)

    def take(self, seq: int, row: int) -> None:
        state = self.running[seq]
        token = state[0].sample(row)
        if self.native.is_eog(token):
            del self.running[seq]
            return
        self.made += 1
        state[1].append(token)
        state[3] += 1
        if state[3] == self.max_tokens:
            del self.running[seq]


def run(order: dict[str, Any]) -> dict[str, float]:
    os.nice(NICE)  # as the daemon's engine thread: on a busy machine the kernel must treat both alike
    loop = Loop(order)
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
    loop.native.close()
    return {"tokens_per_s": loop.made / took_s, "requests_per_s": count / took_s}


if __name__ == "__main__":
    sys.stdout.buffer.write(orjson.dumps(run(orjson.loads(sys.stdin.buffer.read()))))
