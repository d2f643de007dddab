"""Trains `hearthling` on the corpus within a given time; the learning rate follows the clock.

Other processes make, tokenise and batch samples; this one takes steps. Each five minutes a checkpoint, from which the
same command goes on (and sees a corpus that was widened meanwhile). However fast the machine is, the rate has come
down to almost nothing when the time is up. Needs torch (extra `train`); the daemon never imports this file.

    python -m hearthling.train --out DIR --minutes 80 [--device cuda]
    python -m hearthling.train --out DIR --start FILE.gguf --minutes 25    # goes on with an earlier one: new lines
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import os
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hearthling.corpus import samples
from hearthling.export import export, read_weights
from hearthling.network import Hearthling, Shape, weighted_loss
from hearthling.tokenizer import FILE_NAME, Tokenizer, corpus_texts, read_vocabulary
from hearthling.tokenizer import TRAIN_SAMPLES as TOKENIZER_SAMPLES
from hearthling.tokenizer import train as train_tokenizer

BATCH_TOKENS = 3072  # larger batches are no faster on two cores, and fewer steps learn less
GPU_BATCH_TOKENS = 16_384  # there a step takes as long for fewer
FEEDERS, GPU_FEEDERS = 1, 10  # a GPU takes what ten cores make
LENGTH_STEP = 8  # rows are filled up to a multiple of this
FEW_STEP = 8  # and the positions with a loss to one of this: few different sizes, so few kernels
MAX_LENGTH = 256
CHUNK_SAMPLES = 4096  # sorted by length within a chunk, so that rows of a batch are about as long
CHUNKS_AHEAD = 12
PROMPT_SHARE = 0.03  # of the prompt's positions take part in the loss
PEAK_RATE = 2e-3
LAST_RATE_SHARE = 0.01
WARM_UP_STEPS = 200
CHECKPOINT_S = 300.0
LOG_STEPS = 50
HELD_OUT_SAMPLES = 192
PRECISION_TRIES = 4
CHECKPOINT_NAME = "checkpoint.pt"

Encoded: TypeAlias = tuple[list[int], int]  # all ids, and how many of them are the prompt


@dataclass(frozen=True, slots=True)
class Batch:
    tokens: NDArray[np.int64]  # [rows, length]
    positions: NDArray[np.int64]  # [rows, few]: positions whose next token is asked
    weight: NDArray[np.float32]  # [rows, few]


def encode_samples(tokenizer: Tokenizer, seed: int) -> Iterator[Encoded]:
    """Samples as token ids."""
    for sample in samples(seed):
        prompt = tokenizer.prompt(sample.messages)
        ids = prompt + tokenizer.reply(sample.reply)
        if len(ids) <= MAX_LENGTH:
            yield ids, len(prompt)


def make_batches(chunk: list[Encoded], rng: random.Random, batch_tokens: int) -> list[Batch]:
    """Rows of like length together, batches in random order. What fills no batch is left out: a smaller one would be
    compiled anew, which takes a minute."""
    chunk = sorted(chunk, key=lambda item: (len(item[0]), rng.random()))
    out: list[Batch] = []
    rows: list[Encoded] = []
    for item in chunk:
        length = padded(len(item[0]))
        if rows and (len(rows) + 1) * length > batch_tokens:
            out.append(collate(rows, rng))
            rows = []
        rows.append(item)
    rng.shuffle(out)
    return out


def padded(length: int) -> int:
    return -(-length // LENGTH_STEP) * LENGTH_STEP


def collate(rows: list[Encoded], rng: random.Random) -> Batch:
    """All positions of the reply and a random few of the prompt."""
    length = padded(max(len(ids) for ids, _ in rows))
    picked = [loss_positions(len(ids), prompt, rng) for ids, prompt in rows]
    few = -(-max(map(len, picked)) // FEW_STEP) * FEW_STEP
    tokens: NDArray[np.int64] = np.zeros((len(rows), length), np.int64)
    positions: NDArray[np.int64] = np.zeros((len(rows), few), np.int64)
    weight: NDArray[np.float32] = np.zeros((len(rows), few), np.float32)
    for row, ((ids, _), chosen) in enumerate(zip(rows, picked, strict=True)):
        tokens[row, : len(ids)] = ids
        positions[row, : len(chosen)] = chosen
        weight[row, : len(chosen)] = 1.0
    return Batch(tokens, positions, weight)


def loss_positions(length: int, prompt: int, rng: random.Random) -> list[int]:
    some = rng.sample(range(prompt - 1), int((prompt - 1) * PROMPT_SHARE))
    return sorted(some) + list(range(prompt - 1, length - 1))


def feed(queue: Queue[list[Batch]], tokenizer_path: Path, seed: int, batch_tokens: int) -> None:
    """Another process: batches without end, a chunk of samples at a time."""
    os.nice(5)
    talk, rng = encode_samples(Tokenizer(tokenizer_path), seed), random.Random(seed)
    while True:
        queue.put(make_batches([next(talk) for _ in range(CHUNK_SAMPLES)], rng, batch_tokens))


class Trainer:
    """Network, optimiser and clock."""

    def __init__(self, out: Path, minutes: float, seed: int, compiled: bool, device: str) -> None:
        torch.manual_seed(seed)
        self.out, self.budget_s, self.device = out, minutes * 60, device
        self.batch_tokens = GPU_BATCH_TOKENS if device != "cpu" else BATCH_TOKENS
        self.tokenizer_path = out / FILE_NAME
        self.tokenizer = Tokenizer(self.tokenizer_path)
        self.shape = Shape(vocab=len(self.tokenizer))
        self.net = Hearthling(self.shape).to(device)
        matrices = [weight for weight in self.net.parameters() if weight.dim() > 1]
        norms = [weight for weight in self.net.parameters() if weight.dim() == 1]
        groups = [{"params": matrices, "weight_decay": 0.1}, {"params": norms, "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW(groups, lr=PEAK_RATE, betas=(0.9, 0.95), fused=True)
        # On a GPU the minute that compiling takes is dear.
        self.forward = torch.compile(self.net, dynamic=True) if compiled and device == "cpu" else self.net
        self.half = True
        self.step = self.tokens = 0
        self.spent_s, self.seen_s = 0.0, time.monotonic()

    def rate(self) -> float:
        """Warm-up by steps, then a half cosine by the clock."""
        share = min(1.0, self.spent_s / self.budget_s)
        falling = LAST_RATE_SHARE + (1 - LAST_RATE_SHARE) * (1 + math.cos(math.pi * share)) / 2
        return PEAK_RATE * falling * min(1.0, (self.step + 1) / WARM_UP_STEPS)

    def loss(self, batch: Batch, forward: Callable[..., Tensor]) -> Tensor:
        parts = (batch.tokens, batch.positions, batch.weight)
        tokens, positions, weight = (torch.from_numpy(part).to(self.device) for part in parts)
        with torch.autocast(self.device, torch.bfloat16, enabled=self.half):
            return weighted_loss(forward, self.net.embed.weight, tokens, positions, weight)

    def train_step(self, batch: Batch) -> Tensor:
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate()
        loss = self.loss(batch, self.forward)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.step += 1
        self.tokens += batch.tokens.size
        now_s = time.monotonic()
        self.spent_s, self.seen_s = self.spent_s + now_s - self.seen_s, now_s
        return loss.detach()  # not asked for its value: a GPU would be waited for

    def held_out_loss(self, chunk: list[Encoded]) -> float:
        """Loss on samples of another seed: mostly lines that were seen, at moments that were not."""
        with torch.no_grad():
            losses = [float(self.loss(batch, self.net)) for batch in self.batches(chunk, random.Random(0))]
        return sum(losses) / len(losses)

    def batches(self, chunk: list[Encoded], rng: random.Random) -> list[Batch]:
        return make_batches(chunk, rng, BATCH_TOKENS)

    def save(self) -> None:
        part = self.out / (CHECKPOINT_NAME + ".part")
        state: dict[str, Any] = {
            "weights": self.net.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "shape": self.shape.as_dict(),
            "step": self.step,
            "tokens": self.tokens,
            "spent_s": self.spent_s,
        }
        torch.save(state, part)
        os.replace(part, self.out / CHECKPOINT_NAME)
        export(
            {name: part.cpu() for name, part in self.net.state_dict().items()},
            self.shape,
            self.tokenizer,
            self.out / "latest.gguf",
        )

    def load(self) -> None:
        state = torch.load(self.out / CHECKPOINT_NAME, map_location=self.device, weights_only=True)
        self.net.load_state_dict(state["weights"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.tokens, self.spent_s = state["step"], state["tokens"], state["spent_s"]

    def pick_precision(self, batches: list[Batch]) -> None:
        """bfloat16 is many times slower than float32 on processors without it, and faster on those with it: time
        both.
        """
        if self.device != "cpu":
            return
        took: dict[bool, float] = {}
        for self.half in (True, False):
            times_s = []
            for _ in range(PRECISION_TRIES):
                started_s = time.monotonic()
                self.loss(batches[0], self.net).backward()
                times_s.append(time.monotonic() - started_s)
            took[self.half] = min(times_s)
        self.half = took[True] < took[False]
        self.optimiser.zero_grad(set_to_none=True)
        self.seen_s = time.monotonic()
        print(f"a step in bfloat16 {took[True]:.2f} s, in float32 {took[False]:.2f} s", flush=True)


def run(trainer: Trainer, seed: int) -> None:
    """Steps until the time is up."""
    context = multiprocessing.get_context("spawn")
    queue: Queue[list[Batch]] = context.Queue(CHUNKS_AHEAD)
    feeders = []
    for index in range(FEEDERS if trainer.device == "cpu" else GPU_FEEDERS):
        # another seed after each resumption, or the first samples would be seen again
        own_seed = seed + 1000 * trainer.step + index
        task = (queue, trainer.tokenizer_path, own_seed, trainer.batch_tokens)
        feeders.append(context.Process(target=feed, args=task, daemon=True))
        feeders[-1].start()
    stream = encode_samples(trainer.tokenizer, -seed)
    chunk = [next(stream) for _ in range(HELD_OUT_SAMPLES)]
    trainer.pick_precision(trainer.batches(chunk, random.Random(seed + trainer.step)))
    saved_s = trainer.spent_s
    recent: list[Tensor] = []
    try:
        while trainer.spent_s < trainer.budget_s:
            for batch in queue.get():
                recent.append(trainer.train_step(batch))
                if trainer.step % LOG_STEPS == 0:
                    log_progress(trainer, float(torch.stack(recent).mean()))
                    recent.clear()
                if trainer.spent_s - saved_s > CHECKPOINT_S:
                    saved_s = trainer.spent_s
                    trainer.save()
                    print(f"held out: loss {trainer.held_out_loss(chunk):.4f}", flush=True)
                if trainer.spent_s >= trainer.budget_s:
                    break
    finally:
        for feeder in feeders:
            feeder.terminate()
    trainer.save()
    print(f"done; held out: loss {trainer.held_out_loss(chunk):.4f}", flush=True)


def log_progress(trainer: Trainer, loss: float) -> None:
    print(
        f"{trainer.spent_s / 60:6.1f} min  step {trainer.step:6d}  {trainer.tokens / 1e6:6.2f} M tokens  "
        f"loss {loss:.4f}  rate {trainer.rate():.2e}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="train hearthling; run again with the same --out to go on")
    parser.add_argument("--out", type=Path, required=True, help="folder for tokenizer, checkpoint and latest.gguf")
    parser.add_argument("--start", type=Path, help="GGUF file of an earlier training to go on with")
    parser.add_argument("--minutes", type=float, default=80.0)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--no-compile", action="store_true", help="without torch.compile (no C++ compiler there)")
    options = parser.parse_args()
    torch.set_flush_denormal(True)
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    if not (options.out / FILE_NAME).exists():
        if options.start:
            read_vocabulary(options.start, options.out)
        else:
            train_tokenizer(corpus_texts(TOKENIZER_SAMPLES), options.out)
    trainer = Trainer(options.out, options.minutes, options.seed, not options.no_compile, options.device)
    if (options.out / CHECKPOINT_NAME).exists():
        trainer.load()
    elif options.start:
        trainer.net.load_state_dict(read_weights(options.start, trainer.shape))
    run(trainer, options.seed)


if __name__ == "__main__":
    main()
