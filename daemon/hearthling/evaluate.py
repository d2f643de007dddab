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
FAILURES_SHOWN = 20
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


def answers(engine: Engine, asked: Sequence[Sample], sampling: Sampling, *, schema: bool = True) -> list[Answer]:
    """One answer for each sample, `max_num_seqs` at a time; each with its own seed, so runs repeat."""
    waiting = list(enumerate(asked))[::-1]
    free = list(range(engine.info.max_num_seqs))
    busy: dict[int, tuple[int, bytearray]] = {}
    found: dict[int, Answer] = {}
    while waiting or busy:
        while waiting and free:
            number, sample = waiting.pop()
            seq = free.pop()
            options = options_for(sample, sampling, number, schema)
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


def options_for(sample: Sample, sampling: Sampling, seed: int, schema: bool) -> Sampling:
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


# ---- kinds ---------------------------------------------------------------------------------------------------


def kind_of(sample: Sample) -> str:
    """The kind of a sample in the JSON form, else ""."""
    return KINDS.get(sample.expect.topic, TALK) if sample.expect.json else ""


def of_each_kind(count: int, seed: int = SEED) -> list[Sample]:
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


def chosen(answer: Answer) -> dict[str, Any] | None:
    """What the reply chose, `{"action": …, **parameters}`; None where it is no reply in the JSON form."""
    try:
        do = json.loads(answer.reply)["do"]
    except (ValueError, KeyError, TypeError):
        return None
    return do if isinstance(do, dict) else None


def is_valid(answer: Answer) -> bool:
    """The action is on offer, and its parameters fit the schema it was offered with; "nothing" always is."""
    do = chosen(answer)
    if do is None:
        return False
    given = {key: value for key, value in do.items() if key != "action"}
    if do.get("action") == actions.NOTHING:
        return not given
    offered = next(
        (action for action in actions.bounded(answer.sample.actions) if action.name == do.get("action")), None
    )
    if offered is None or given.keys() != offered.params["properties"].keys():
        return False
    return json_schema.is_valid(offered.params, given)


def kind_figures(found: Sequence[Answer]) -> dict[str, float | int | None]:
    """Shares: `intent fit` the right action (a gesture: the right one), `valid` see `is_valid`, `parameters` all right
    where the action is and has some, `words` as `fit` above: right action and fitting words."""
    right = [answer for answer in found if right_action(chosen(answer), answer.sample.expect)]
    return {
        "replies": len(found),
        "intent fit": share([right_action(chosen(answer), answer.sample.expect) for answer in found]),
        "valid": share([is_valid(answer) for answer in found]),
        "parameters": share([right_params(chosen(answer), answer.sample.expect) for answer in right]),
        "words": share([answer.verdict.fits for answer in found]),
        "unfinished": sum(not (answer.ended and answer.verdict.finished) for answer in found),
    }


def kinds_measured(engine: Engine, count: int, seed: int = SEED) -> dict[str, dict[str, float | int | None]]:
    """For each kind and for all, as served and greedily: `{"trade, served": figures, …}`."""
    asked = of_each_kind(count, seed)
    runs = {"served": answers(engine, asked, SERVED), "greedy": answers(engine, asked, GREEDY)}
    table = {}
    for kind in (*KINDS.values(), TALK, "all"):
        for run, found in runs.items():
            rows = [answer for answer in found if kind in ("all", kind_of(answer.sample))]
            table[f"{kind}, {run}"] = kind_figures(rows)
    return table


# ---- the whole -----------------------------------------------------------------------------------------------


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


def head(titles: Sequence[str] = RUN_TITLES) -> str:
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
    parser.add_argument("--n", type=int, help=f"held-out situations: 500, or {KIND_SITUATIONS} of each kind")
    parser.add_argument("--kinds", action="store_true", help="right and valid actions, by kind")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--json", type=Path, help="write the figures there too")
    parser.add_argument("--failures", action="store_true", help=f"print up to {FAILURES_SHOWN} failed replies")
    options = parser.parse_args()
    engine = open_engine("llama", path=options.model, threads=options.threads)
    try:
        if options.kinds:
            show_kinds(kinds_measured(engine, options.n or KIND_SITUATIONS, options.seed), options.json)
        else:
            show_runs(measure(engine, options.n or 500, options.seed), options.failures, options.json)
    finally:
        engine.close()


def show_kinds(table: dict[str, dict[str, float | int | None]], out: Path | None) -> None:
    print(head(("kind", *next(iter(table.values())))))
    for name, row in table.items():
        print(shown(name, row))
    if out:
        out.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


def show_runs(runs: dict[str, list[Answer]], failures: bool, out: Path | None) -> None:
    print(head())
    for name, found in runs.items():
        print(shown(name, figures(found)))
    print(f"\nBy topic, served:\n\n{head().replace('run', 'topic')}")
    for topic, row in by_topic(runs["served"]).items():
        print(shown(topic, row))
    common, times = Counter(answer.reply for answer in runs["served"]).most_common(1)[0]
    print(f"\nMost frequent reply, {times} times: {common}")
    if failures:
        show_failures(runs["served"], FAILURES_SHOWN)
    if out:
        tables = {name: figures(found) | {"topics": by_topic(found)} for name, found in runs.items()}
        out.write_text(json.dumps(tables, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
