"""Plays the script, judges it, and counts: the table, the exchanges that fail, and the transcript."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from llm_agentd.bench.exchanges import rules, transcript, village
from llm_agentd.bench.exchanges.play import Played, play
from llm_agentd.bench.exchanges.rules import Finding
from llm_agentd.bench.exchanges.script import PLAYER, load
from llm_agentd.bench.result import Options, Result
from llm_agentd.config import Config

# Kind of finding → what the row is called, and the share that is wanted; None: counted, no goal.
ROWS: Mapping[str, tuple[str, float | None]] = {
    "word and deed": ("word and deed agree", 0.98),
    "words of deeds": ("… where something is done or promised", None),
    "quest words": ("quest words right", 1.0),
    "addressee": ("addressee right", 0.98),
    "forms": ("exchanges without an uninvited form", 1.0),
    "deed": ("orders understood: the deed, or none", None),
    "quest": ("quests as expected", None),
    "facts": ("asked facts right", None),
    "forms asked for": ("forms asked for", None),
    "told": ("news in the chat", None),
    "greetings": ("one greets", None),
    "greetings fit the hour": ("greetings fit the hour", 1.0),
    "cries after a death": ("no cry after a death", 1.0),
    "warnings": ("a word before the first blow", 1.0),
    "greetings and gossip in a fight": ("no greeting or gossip in a fight", 1.0),
    "gossip in chat": ("gossip kept out of the chat", 1.0),
    "same line by two": ("lines not said by another within a minute", 1.0),
    "public lines in a dialog": ("no public line in a dialog", 1.0),
    "no echoes": ("lines that do not say the player's words back", None),
}
NAME_SHARE = "lines to the player with the player's name"


def measure(config: Config, options: Options) -> Result:
    scenes = load(options.only)
    played, items = play(config, scenes)
    verdicts = judge_all(played, items)
    if options.transcript:
        options.transcript.write_text(transcript.write(played, verdicts), encoding="utf-8")
    return report(played, verdicts)


def judge_all(played: Sequence[Played], items: Mapping[str, Mapping[str, str]]) -> dict[int, list[Finding]]:
    """Number of each exchange → findings; setting up is not judged, but what a whole scene shows is."""
    verdicts = {number: [] if one.exchange.setup else rules.judge(one, items) for number, one in enumerate(played)}
    number_of = {id(one): number for number, one in enumerate(played)}
    for _, scene in groupby(played, key=lambda one: one.scene.scene):
        for one, finding in village.judge(list(scene)):
            verdicts[number_of[id(one)]].append(finding)
    return verdicts


def report(played: Sequence[Played], verdicts: Mapping[int, Sequence[Finding]]) -> Result:
    counts: dict[str, list[bool]] = defaultdict(list)
    for findings in verdicts.values():
        for finding in findings:
            counts[finding.kind].append(finding.ok)
    counted = [number for number, one in enumerate(played) if one.exchange.is_counted]
    whole = [all(finding.ok for finding in verdicts[number]) for number in counted]
    rows = [_row(label, counts[kind], goal) for kind, (label, goal) in ROWS.items() if counts[kind]]
    rows.append(_row("exchanges without any fault", whole, None))
    figures = {f"{kind.replace(' ', '_')}_{key}": value for kind in ROWS for key, value in _figures(counts[kind])}
    names = [PLAYER in event["text"] for one in played for event in one.of("say", to=PLAYER)]
    return Result(
        title=f"{len(counted)} exchanges in {len({one.scene.scene for one in played})} scenes",
        columns=("", "judged", "right", "share", "goal"),
        rows=(*rows, _row(NAME_SHARE, names, None)),
        ratios={},
        figures=figures | {"exchanges": len(counted), "exchanges_right": sum(whole)},
        notes=(transcript.write(played, verdicts, only_failed=True),),
    )


def _row(label: str, oks: Sequence[bool], goal: float | None) -> tuple[str, ...]:
    if not oks:
        return (label, "0", "-", "-", "")
    share = sum(oks) / len(oks)
    wanted = "" if goal is None else f"{goal:.0%} {'met' if share >= goal else 'MISSED'}"
    return (label, str(len(oks)), str(sum(oks)), f"{share:.1%}", wanted)


def _figures(oks: Sequence[bool]) -> Iterator[tuple[str, float]]:
    if oks:
        yield "judged", len(oks)
        yield "right", sum(oks)
