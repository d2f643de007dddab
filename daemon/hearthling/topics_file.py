"""The file of the classifier: weights as int8, and what the daemon must know of topics and lines.

python -m hearthling.topics_file made/latest.topics.npz    # writes topics and lines anew; what was learned stays
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from hearthling.corpus import lines, moments
from hearthling.corpus.patterns import PATTERNS, Pattern
from hearthling.data import PLACEHOLDER, Case, load
from hearthling.encoder_net import HEADS, EncoderNet
from llm_agentd.memory.keywords import stem
from llm_agentd.prompt.moment import ALWAYS
from llm_agentd.prompt.placeholders import CHARS, from_template
from llm_agentd.topics.normalize import words
from llm_agentd.topics.topics import FORMAT

COMMON_TOPICS = 3
LEARNED = ("labels", "about_labels", "pieces", "layers", "heads")
INT8_STEPS = 127  # on each side of 0
COARSE_STEPS = 63  # of tokens and heads: 0.7 MB less when packed, and 99 of 100 lines have the same topic
DATA = load()


def quantized(out: dict[str, NDArray[Any]], name: str, matrix: Tensor, steps: int = INT8_STEPS) -> None:
    values = matrix.detach().float().cpu().numpy()
    scale = np.abs(values).max(1).clip(1e-8) / steps
    out[name] = np.round(values / scale[:, None]).astype(np.int8)
    out[f"{name}.scale"] = scale.astype(np.float32)


def write(path: Path, encoder: EncoderNet, heads: dict[str, nn.Linear], learned: Mapping[str, Sequence[str]]) -> None:
    """`heads`: by their names in the file; `learned`: `labels`, `about_labels` and `pieces`. All on the processor."""
    out: dict[str, NDArray[Any]] = {}
    quantized(out, "tokens", encoder.tokens.weight, COARSE_STEPS)
    out["positions"] = encoder.positions.weight.detach().numpy().astype(np.float16)
    out["norm"] = _norm(encoder.norm)
    for index, layer in enumerate(encoder.layers):
        at = f"layer{index}."
        for name in ("qkv", "out", "up", "down"):
            part = getattr(layer, name)
            quantized(out, at + name, part.weight)
            out[f"{at}{name}.bias"] = part.bias.detach().numpy()
        out[at + "norm1"], out[at + "norm2"] = _norm(layer.norm1), _norm(layer.norm2)
    for name, head in heads.items():
        quantized(out, name, head.weight, COARSE_STEPS)
        out[name + ".bias"] = head.bias.detach().numpy()
    save(path, out | described({**learned, "layers": len(encoder.layers), "heads": HEADS}))


def _norm(layer: Any) -> NDArray[np.float32]:
    return np.stack([layer.weight.detach().numpy(), layer.bias.detach().numpy()]).astype(np.float32)


def described(learned: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """What the daemon must know of the topics, in the file: `about`, and a line of JSON for each of its scenes, which
    the daemon reads one by one. `learned`: what a training has fixed.
    """
    about = description() | {name: learned[name] for name in LEARNED}
    scenes = {name: [line_of(pattern) for pattern in patterns] for name, patterns in PATTERNS.items()}
    return {"about": as_json(about | {"scenes": list(scenes)}), "scenes": as_json(*scenes.values())}


def as_json(*lines: Any) -> NDArray[np.uint8]:
    text = "\n".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) for line in lines)
    return np.frombuffer(text.encode(), dtype=np.uint8)


def description() -> dict[str, Any]:
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
        "always": sorted(ALWAYS),
        "common_words": common_words(),
        "format": FORMAT, "topics": topics,
        "roles": list(DATA.folk.roles), "moods": list(DATA.folk.moods),
        "times": DATA.facts.times, "weathers": list(DATA.facts.weathers),
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
    arrays |= described(old)
    gone = sorted(set(old["labels"]) - DATA.topics.keys())
    new = sorted(lines.topic_lines().keys() - set(old["labels"]))
    print(f"never meant any more: {', '.join(gone) or 'none'}")
    print(f"not told apart before a new training: {', '.join(new) or 'none'}")
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
    parser = argparse.ArgumentParser(description="write topics and lines anew into the classifier's file")
    parser.add_argument("file", type=Path)
    describe(parser.parse_args().file)


if __name__ == "__main__":
    main()
