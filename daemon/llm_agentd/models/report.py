"""What `hearthling` can do, measured: held-out situations through the real engine, judged by the corpus's own checker.

Runs over the same situations: as the daemon serves (its defaults, and its schema where the JSON form is asked for), the
same greedily, and the JSON form once more without the schema. No daemon: the main thread is the inference thread.

    python -m llm_agentd.models.report [--model FILE] [--n 500] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from llm_agentd.agents import actions
from llm_agentd.engines import open_engine
from llm_agentd.engines.base import Engine
from llm_agentd.models.corpus import Sample, Verdict, check, samples
from llm_agentd.models.corpus.situation import ACTIONS
from llm_agentd.serving.request import Action, Sampling

SEED = 2024
SHIPPED = Path(__file__).with_name("hearthling.gguf")
SERVED = Sampling()  # what the daemon samples with when nobody says otherwise
GREEDY = Sampling(temperature=0.0)
FAILURES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Answer:
    sample: Sample
    reply: str
    ended: bool  # by the model itself, not by max_tokens
    verdict: Verdict


def answers(engine: Engine, asked: Sequence[Sample], sampling: Sampling, *, schema: bool = True) -> list[Answer]:
    """One answer for each sample, `max_sequences` at a time; each with its own seed, so runs repeat."""
    waiting = list(enumerate(asked))[::-1]
    free = list(range(engine.info.max_sequences))
    busy: dict[int, tuple[int, bytearray]] = {}
    found: dict[int, Answer] = {}
    while waiting or busy:
        while waiting and free:
            number, sample = waiting.pop()
            seq = free.pop()
            options = seeded(sampling, number, schema_of(sample) if schema and sample.expect.json else None)
            engine.start(seq, engine.encode(None, sample.messages, options), options)
            busy[seq] = number, bytearray()
        for piece in engine.step():
            number, data = busy[piece.seq]
            data += piece.data
            if piece.finish:
                found[number] = judged(asked[number], data.decode("utf-8", "replace"), piece.finish == "stop")
                del busy[piece.seq]
                free.append(piece.seq)
    return [found[number] for number in sorted(found)]


def seeded(sampling: Sampling, seed: int, schema: dict[str, Any] | None) -> Sampling:
    return Sampling(
        max_tokens=sampling.max_tokens,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        top_k=sampling.top_k,
        seed=seed,
        json_schema=schema,
    )


def schema_of(sample: Sample) -> dict[str, Any]:
    """The schema the daemon sets for this sample's actions."""
    return actions.schema(actions.bounded([Action(name, params=ACTIONS[name]) for name in sample.expect.listed]))


def judged(sample: Sample, reply: str, ended: bool) -> Answer:
    return Answer(sample, reply, ended, check(sample.expect, reply))


def figures(found: Sequence[Answer]) -> dict[str, float | int | None]:
    """Shares of 0 to 1; `unfinished` counts replies that a player would see broken off."""
    verdicts = [answer.verdict for answer in found]
    return {
        "replies": len(found),
        "fit": share([verdict.fits for verdict in verdicts]),
        "names": share([verdict.names_ok for verdict in verdicts]),
        "items": share([verdict.items_ok for verdict in verdicts]),
        "numbers": share([verdict.numbers_ok for verdict in verdicts]),
        "unfinished": sum(not (answer.ended and answer.verdict.finished) for answer in found),
        "distinct": len({answer.reply for answer in found}) / max(1, len(found)),
    }


def share(marks: Sequence[bool | None]) -> float | None:
    """Of the marks that apply."""
    counted = [mark for mark in marks if mark is not None]
    return sum(counted) / len(counted) if counted else None


def by_topic(found: Sequence[Answer]) -> dict[str, dict[str, float | int | None]]:
    groups: dict[str, list[Answer]] = defaultdict(list)
    for answer in found:
        groups[answer.sample.expect.topic].append(answer)
    return {topic: figures(groups[topic]) for topic in sorted(groups)}


def measure(engine: Engine, count: int, seed: int = SEED) -> dict[str, list[Answer]]:
    asked = list(islice(samples(seed, "heldout"), count))
    in_json = [sample for sample in asked if sample.expect.json]
    served = answers(engine, asked, SERVED)
    return {
        "served": served,
        "greedy": answers(engine, asked, GREEDY),
        "JSON, served": [answer for answer in served if answer.sample.expect.json],
        "JSON, no schema": answers(engine, in_json, SERVED, schema=False),
    }


def shown(name: str, row: dict[str, float | int | None]) -> str:
    """One line of a Markdown table."""
    cells = [name]
    for key, value in row.items():
        if key in ("replies", "unfinished"):
            cells.append(str(value))
        else:
            cells.append("–" if value is None else f"{100 * value:.1f} %")
    return f"| {' | '.join(cells)} |"


def head() -> str:
    titles = ("run", "replies", "fit", "names", "items", "numbers", "unfinished", "distinct")
    return f"| {' | '.join(titles)} |\n|---|{'---:|' * (len(titles) - 1)}"


def failed(answer: Answer) -> bool:
    verdict = answer.verdict
    marks = (verdict.fits, verdict.names_ok, verdict.items_ok, verdict.numbers_ok, verdict.finished, answer.ended)
    return False in marks


def show_failures(found: Sequence[Answer], most: int) -> None:
    for answer in islice(filter(failed, found), most):
        print(f"\n{answer.sample.messages[0].content.splitlines()[2]}\n{answer.sample.messages[-1].content}")
        print(f"  reply: {answer.reply}\n  gold:  {answer.sample.reply}")
        print(f"  {answer.sample.expect.scene}: {answer.verdict}")


def main() -> None:
    parser = argparse.ArgumentParser(description="measure the embedded model")
    parser.add_argument("--model", type=Path, default=SHIPPED)
    parser.add_argument("--n", type=int, default=500, help="held-out situations")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--json", type=Path, help="write the figures there too")
    parser.add_argument("--failures", action="store_true", help=f"print up to {FAILURES_SHOWN} failed replies")
    options = parser.parse_args()
    engine = open_engine("llama", path=options.model, threads=options.threads)
    try:
        runs = measure(engine, options.n, options.seed)
    finally:
        engine.close()
    print(head())
    for name, found in runs.items():
        print(shown(name, figures(found)))
    print(f"\nBy topic, served:\n\n{head().replace('run', 'topic')}")
    for topic, row in by_topic(runs["served"]).items():
        print(shown(topic, row))
    common, times = Counter(answer.reply for answer in runs["served"]).most_common(1)[0]
    print(f"\nMost frequent reply, {times} times: {common}")
    if options.failures:
        show_failures(runs["served"], FAILURES_SHOWN)
    if options.json:
        out = {name: figures(found) | {"topics": by_topic(found)} for name, found in runs.items()}
        options.json.write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
