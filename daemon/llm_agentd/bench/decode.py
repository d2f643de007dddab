"""`bench decode`: the daemon's tokens/s at 1 to 16 sequences, or at others, against a bare loop doing the same.

Both get the same prompts and seeds, keep the same number of sequences running and start the next as one ends. The bare
loop (reference/bare_loop.py, a separate process) has no socket, no request queue, no cache and no text handling. Rounds
of each side in turn.
"""

from __future__ import annotations

import statistics
import time
from concurrent.futures import ThreadPoolExecutor

from llm_agentd.bench.reference.bare_loop import bare_run
from llm_agentd.bench.result import Options, Result
from llm_agentd.client import Client
from llm_agentd.config import Config
from llm_agentd.config.values import LLAMA_ENGINES
from llm_agentd.engines.chat_template import chatml
from llm_agentd.errors import StartError
from llm_agentd.ops.harness import daemon, model_sets

SEQUENCES = (1, 2, 4, 8, 16)
REQUESTS_PER_SEQUENCE = 12
REQUESTS_MAX = 16 * REQUESTS_PER_SEQUENCE  # with more sequences at once each has fewer, and a round takes no longer
MAX_TOKENS = 64
SYSTEM = (
    "An innkeeper serves food and beds, keeps the fire warm and hears every rumour.\n"
    "Speak in character, in one or two short sentences.\nYou are Bram, the innkeeper."
)
USER = "[time evening; weather rain; place Oakford; near Tilda the smith]\nGuest{number}: What news from the road?"


def chats(count: int) -> list[list[dict[str, str]]]:
    """`count` different chats, each as long as a usual question to an NPC."""
    users = [USER.replace("{number}", str(number)) for number in range(count)]
    return [[{"role": "system", "content": SYSTEM}, {"role": "user", "content": user}] for user in users]


def measure(config: Config, options: Options) -> Result:
    sizes = options.sequences or SEQUENCES
    ours: dict[int, list[float]] = {sequences: [] for sequences in sizes}
    bare: dict[int, list[float]] = {sequences: [] for sequences in sizes}
    settings = model_sets(config) | {"batch.size": max(sizes)}
    with daemon(settings, http=False) as running, Client(running.endpoint) as client:
        info = client.info()
        if info["engine"] not in LLAMA_ENGINES:
            raise StartError(
                f"bench decode: compares with llama.cpp, so it wants model.engine {' or '.join(LLAMA_ENGINES)}"
            )
        for _ in range(options.rounds):
            for sequences in sizes:
                ours[sequences].append(_ours(client, sequences))
                bare[sequences].append(_bare_tokens_per_s(info, sequences, config.model.gpu_layers))
    rows: list[tuple[str, ...]] = []
    ratios: dict[str, float] = {}
    figures: dict[str, float] = {}
    for sequences in sizes:
        mine, theirs = statistics.median(ours[sequences]), statistics.median(bare[sequences])
        ratios[f"at_{sequences}"] = statistics.median(
            m / t for m, t in zip(ours[sequences], bare[sequences], strict=True)
        )
        figures |= {f"daemon_tokens_per_s_at_{sequences}": mine, f"bare_tokens_per_s_at_{sequences}": theirs}
        rows.append((str(sequences), f"{mine:.0f}", f"{theirs:.0f}", f"{ratios[f'at_{sequences}']:.2f}"))
    return Result(
        title="Decode: tokens/s, prompts included (goal: ratio >= 0.95)",
        columns=("sequences", "daemon", "bare loop", "ratio"),
        rows=tuple(rows),
        ratios=ratios,
        figures=figures,
        notes=(f"model {info['model']}, {info['threads']} thread(s), medians of {options.rounds} rounds in turn",),
    )


def _ours(client: Client, sequences: int) -> float:
    """Tokens/s with a thread for each sequence: it takes the next chat when its own is answered."""

    def tokens_of(seed: int, messages: list[dict[str, str]]) -> int:
        reply = client.infer(messages, seed=seed, max_tokens=MAX_TOKENS, cache="off", deadline_ms=60_000)
        return reply.usage.completion_tokens

    questions = chats(_requests(sequences))
    with ThreadPoolExecutor(sequences) as pool:
        begun_s = time.perf_counter()
        tokens = sum(pool.map(tokens_of, range(len(questions)), questions))
        return tokens / (time.perf_counter() - begun_s)


def _requests(sequences: int) -> int:
    return max(sequences, min(sequences * REQUESTS_PER_SEQUENCE, REQUESTS_MAX))


def _bare_tokens_per_s(info: dict[str, object], sequences: int, gpu_layers: int) -> float:
    count = _requests(sequences)
    prompts = [chatml([(turn["role"], turn["content"]) for turn in chat]) for chat in chats(count)]
    prefix = chatml([("system", SYSTEM)]).removesuffix("assistant\n") + "user\n"  # what all begin with
    made = bare_run(
        info,
        gpu_layers=gpu_layers,
        max_num_seqs=sequences,
        max_tokens=MAX_TOKENS,
        prompts=prompts,
        prefixes=[prefix] * count,
    )
    return made["tokens_per_s"]
