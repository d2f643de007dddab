"""What `hearthling` can do, measured: held-out situations through the real engine, judged by the corpus's own checker.

Runs over the same situations: as the daemon serves (its defaults, and its schema where the JSON form is asked for), the
same greedily, and the JSON form once more without the schema. No daemon: the main thread is the engine thread.
`--kinds` asks instead --n situations of each kind in which actions are on offer, and counts right and valid actions.

    python -m hearthling.evaluate [--model FILE] [--n 500] [--kinds] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from hearthling.corpus import Sample, Verdict, check, samples
from hearthling.corpus.checker import right_action, right_params
from hearthling.data import load
from llm_agentd.engines import open_engine
from llm_agentd.engines.base import Engine
from llm_agentd.prompt import actions, json_schema
from llm_agentd.types import Sampling

SEED = 2024
SHIPPED = Path(__file__).parents[1] / "llm_agentd" / "models" / "hearthling.gguf"
SERVED = Sampling()  # what the daemon samples with when nobody says otherwise
GREEDY = Sampling(temperature=0.0)
FAILURES_MAX = 20
# Topic → kind; what is said in plain talk, where "nothing" fits, is the kind `talk`.
KINDS = {name: topic.kind for name, topic in load().topics.items() if topic.kind}
TALK = "talk"
RUN_TITLES = ("run", "replies", "fit", "names", "items", "numbers", "unfinished", "distinct")
KIND_SITUATIONS = 200


@dataclass(frozen=True, slots=True)
class Answer:
    sample: Sample
    reply: str
    ended: bool  # by the model itself, not by max_tokens
    verdict: Verdict


def generate_answers(
    engine: Engine, situations: Sequence[Sample], sampling: Sampling, *, schema: bool = True
) -> list[Answer]:
    """One answer for each sample, `max_num_seqs` at a time; each with its own seed, so runs repeat."""
    pending = list(enumerate(situations))[::-1]
    free_slots = list(range(engine.info.max_num_seqs))
    running: dict[int, tuple[int, bytearray]] = {}
    answers: dict[int, Answer] = {}
    while pending or running:
        while pending and free_slots:
            number, sample = pending.pop()
            seq = free_slots.pop()
            options = sampling_for(sample, sampling, number, schema)
            engine.start(seq, engine.encode(None, sample.messages, options), options)
            running[seq] = number, bytearray()
        for piece in engine.step():
            number, data = running[piece.seq]
            data += piece.data
            if piece.finish:
                answers[number] = grade(situations[number], data.decode("utf-8", "replace"), piece.finish == "stop")
                del running[piece.seq]
                free_slots.append(piece.seq)
    return [answers[number] for number in sorted(answers)]


def sampling_for(sample: Sample, sampling: Sampling, seed: int, schema: bool) -> Sampling:
    """As the daemon asks: where actions are on offer with room for them beside the words, and held to their schemas."""
    options = replace(sampling, seed=seed)
    if not sample.expect.json:
        return options
    offered = actions.bounded(sample.actions)
    words_max = actions.say_max_chars(sampling.max_tokens)
    return replace(
        options,
        max_tokens=sampling.max_tokens + actions.extra_tokens(offered),
        json_schema=actions.reply_schema(offered, words_max) if schema else None,
    )


def grade(sample: Sample, reply: str, ended: bool) -> Answer:
    return Answer(sample, reply, ended, check(sample.expect, reply))


def summarize(answers: Sequence[Answer]) -> dict[str, float | int | None]:
    """Shares of 0 to 1; `unfinished` counts replies that a player would see broken off."""
    verdicts = [answer.verdict for answer in answers]
    return {
        "replies": len(answers),
        "fit": share([verdict.fits for verdict in verdicts]),
        "names": share([verdict.names_ok for verdict in verdicts]),
        "items": share([verdict.items_ok for verdict in verdicts]),
        "numbers": share([verdict.numbers_ok for verdict in verdicts]),
        "unfinished": sum(not (answer.ended and answer.verdict.finished) for answer in answers),
        "distinct": len({answer.reply for answer in answers}) / max(1, len(answers)),
    }


def share(marks: Sequence[bool | None]) -> float | None:
    """Of the marks that apply."""
    counted = [mark for mark in marks if mark is not None]
    return sum(counted) / len(counted) if counted else None


def by_topic(answers: Sequence[Answer]) -> dict[str, dict[str, float | int | None]]:
    groups: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        groups[answer.sample.expect.topic].append(answer)
    return {topic: summarize(groups[topic]) for topic in sorted(groups)}


# ---- kinds ---------------------------------------------------------------------------------------------------


def kind_of(sample: Sample) -> str:
    """The kind of a sample in the JSON form, else ""."""
    return KINDS.get(sample.expect.topic, TALK) if sample.expect.json else ""


def samples_of_each_kind(count: int, seed: int = SEED) -> list[Sample]:
    """The first `count` held-out samples of each kind."""
    missing = dict.fromkeys((*KINDS.values(), TALK), count)
    found: list[Sample] = []
    for sample in samples(seed, "heldout"):
        kind = kind_of(sample)
        if missing.get(kind):
            missing[kind] -= 1
            found.append(sample)
        if not any(missing.values()):
            break
    return found


def chosen_action(answer: Answer) -> dict[str, Any] | None:
    """What the reply chose, `{"action": …, **parameters}`; None where it is no reply in the JSON form."""
    try:
        decision = json.loads(answer.reply)["do"]
    except (ValueError, KeyError, TypeError):
        return None
    return decision if isinstance(decision, dict) else None


def is_valid(answer: Answer) -> bool:
    """The action is on offer, and its parameters fit the schema it was offered with; "nothing" always is."""
    decision = chosen_action(answer)
    if decision is None:
        return False
    given = {key: value for key, value in decision.items() if key != "action"}
    if decision.get("action") == actions.NOTHING:
        return not given
    offered = next(
        (action for action in actions.bounded(answer.sample.actions) if action.name == decision.get("action")), None
    )
    if offered is None or given.keys() != offered.params["properties"].keys():
        return False
    return json_schema.is_valid(offered.params, given)


def summarize_kind(answers: Sequence[Answer]) -> dict[str, float | int | None]:
    """Shares: `intent fit` the right action (a gesture: the right one), `valid` see `is_valid`, `parameters` all right
    where the action is and has some, `words` as `fit` above: right action and fitting words."""
    right = [answer for answer in answers if right_action(chosen_action(answer), answer.sample.expect)]
    return {
        "replies": len(answers),
        "intent fit": share([right_action(chosen_action(answer), answer.sample.expect) for answer in answers]),
        "valid": share([is_valid(answer) for answer in answers]),
        "parameters": share([right_params(chosen_action(answer), answer.sample.expect) for answer in right]),
        "words": share([answer.verdict.fits for answer in answers]),
        "unfinished": sum(not (answer.ended and answer.verdict.finished) for answer in answers),
    }


def measure_kinds(engine: Engine, count: int, seed: int = SEED) -> dict[str, dict[str, float | int | None]]:
    """For each kind and for all, as served and greedily: `{"trade, served": figures, …}`."""
    situations = samples_of_each_kind(count, seed)
    runs = {
        "served": generate_answers(engine, situations, SERVED),
        "greedy": generate_answers(engine, situations, GREEDY),
    }
    table = {}
    for kind in (*KINDS.values(), TALK, "all"):
        for run, answers in runs.items():
            rows = [answer for answer in answers if kind in ("all", kind_of(answer.sample))]
            table[f"{kind}, {run}"] = summarize_kind(rows)
    return table


# ---- the whole -----------------------------------------------------------------------------------------------


def measure(engine: Engine, count: int, seed: int = SEED) -> dict[str, list[Answer]]:
    situations = list(islice(samples(seed, "heldout"), count))
    in_json = [sample for sample in situations if sample.expect.json]
    served = generate_answers(engine, situations, SERVED)
    return {
        "served": served,
        "greedy": generate_answers(engine, situations, GREEDY),
        "JSON, served": [answer for answer in served if answer.sample.expect.json],
        "JSON, no schema": generate_answers(engine, in_json, SERVED, schema=False),
    }


def table_row(name: str, row: dict[str, float | int | None]) -> str:
    """One line of a Markdown table."""
    cells = [name]
    for key, value in row.items():
        if key in ("replies", "unfinished"):
            cells.append(str(value))
        else:
            cells.append("–" if value is None else f"{100 * value:.1f} %")
    return f"| {' | '.join(cells)} |"


def table_head(titles: Sequence[str] = RUN_TITLES) -> str:
    return f"| {' | '.join(titles)} |\n|---|{'---:|' * (len(titles) - 1)}"


def has_failed(answer: Answer) -> bool:
    verdict = answer.verdict
    marks = (verdict.fits, verdict.names_ok, verdict.items_ok, verdict.numbers_ok, verdict.finished, answer.ended)
    return False in marks


def print_failures(answers: Sequence[Answer], most: int) -> None:
    for answer in islice(filter(has_failed, answers), most):
        print(f"\n{answer.sample.messages[0].content.splitlines()[2]}\n{answer.sample.messages[-1].content}")
        print(f"  reply: {answer.reply}\n  gold:  {answer.sample.reply}")
        print(f"  {answer.sample.expect.scene}: {answer.verdict}")


def main() -> None:
    parser = argparse.ArgumentParser(description="measure the embedded model")
    parser.add_argument("--model", type=Path, default=SHIPPED)
    parser.add_argument("--n", type=int, help=f"held-out situations: 500, or {KIND_SITUATIONS} of each kind")
    parser.add_argument("--kinds", action="store_true", help="right and valid actions, by kind")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--json", type=Path, help="write the figures there too")
    parser.add_argument("--failures", action="store_true", help=f"print up to {FAILURES_MAX} failed replies")
    options = parser.parse_args()
    engine = open_engine("llama", path=options.model, threads=options.threads)
    try:
        if options.kinds:
            print_kinds(measure_kinds(engine, options.n or KIND_SITUATIONS, options.seed), options.json)
        else:
            print_runs(measure(engine, options.n or 500, options.seed), options.failures, options.json)
    finally:
        engine.close()


def print_kinds(table: dict[str, dict[str, float | int | None]], out: Path | None) -> None:
    print(table_head(("kind", *next(iter(table.values())))))
    for name, row in table.items():
        print(table_row(name, row))
    if out:
        out.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


def print_runs(runs: dict[str, list[Answer]], failures: bool, out: Path | None) -> None:
    print(table_head())
    for name, answers in runs.items():
        print(table_row(name, summarize(answers)))
    print(f"\nBy topic, served:\n\n{table_head().replace('run', 'topic')}")
    for topic, row in by_topic(runs["served"]).items():
        print(table_row(topic, row))
    common, times = Counter(answer.reply for answer in runs["served"]).most_common(1)[0]
    print(f"\nMost frequent reply, {times} times: {common}")
    if failures:
        print_failures(runs["served"], FAILURES_MAX)
    if out:
        tables = {name: summarize(answers) | {"topics": by_topic(answers)} for name, answers in runs.items()}
        out.write_text(json.dumps(tables, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
