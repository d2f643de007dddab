"""What each engine that is installed costs: its start, its milliseconds for a second of sound, its memory."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import psutil

from llm_agentd.bench.speech.mouth import Mouth
from llm_agentd.config import Config
from llm_agentd.ops.harness import RunningDaemon, daemon
from llm_agentd.speech import speakers

SENTENCES = 30
HITS = 50
CHILD = "llm_agentd.speech.worker.child"
NOT_HERE = ("openai", "stub")  # what another server takes is not this machine's cost, and a stub costs nothing


@dataclass(frozen=True, slots=True)
class Cost:
    """`start_s`: the first sentence of all, with the child process and what it loads. `rss_bytes`: of that process."""

    engine: str
    start_s: float
    render_ms_a_second: float
    sentence_ms: float
    hit_ms: float
    ogg_bytes_a_second: float
    rss_bytes: int


def installed(config: Config) -> list[str]:
    return [name for name, problem in speakers.available(config.speech) if problem is None and name not in NOT_HERE]


def measure(config: Config, engine: str, lines: Iterator[str]) -> Cost:
    """A daemon of its own, whose model computes nothing meanwhile."""
    sets = {"model.engine": "stub", "speech.tts": engine, "speech.voices_dir": config.speech.voices_dir or ""}
    with daemon(sets, http=True) as running:
        mouth = Mouth(running)
        start_s = mouth.say(next(lines)).took_s
        texts = list(islice(lines, SENTENCES))
        heard = [mouth.say(text) for text in texts]
        hits = [mouth.say(texts[number % len(texts)]) for number in range(HITS)]
        rss_bytes = _rss_bytes(running)
    seconds = sum(one.seconds for one in heard)
    return Cost(
        engine,
        start_s,
        sum(one.took_s for one in heard) * 1000 / seconds,
        statistics.median(one.took_s for one in heard) * 1000,
        statistics.median(one.took_s for one in hits) * 1000,
        sum(one.ogg_bytes for one in heard) / seconds,
        rss_bytes,
    )


def _rss_bytes(running: RunningDaemon) -> int:
    """Of the process that renders, and of what it started."""
    (child,) = (one for one in psutil.Process(running.process.pid).children(recursive=True) if CHILD in one.cmdline())
    return sum(one.memory_info().rss for one in (child, *child.children(recursive=True)))
