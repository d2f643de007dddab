"""What speech costs the model beside it: tokens/s and the first text of who waits, with and without speech going on.

Speech goes on at full: a connection asks for one sentence after the other, as fast as the daemon lets anybody, which
is as twenty NPCs speak who never pause. Rounds of each in turn, each with requests of its own.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import islice

from llm_agentd.bench.load.clients import DaemonClient, closed_loop
from llm_agentd.bench.load.trace import requests
from llm_agentd.bench.speech.mouth import Mouth
from llm_agentd.errors import StartError
from llm_agentd.ops.harness import RunningDaemon
from llm_agentd.speech.rate import CHARS_A_S

ROUNDS = 5
REQUESTS = 80  # of a round: some ten seconds of the embedded model
CLIENTS = 8
WARMUP_REQUESTS = 40  # all roles' prompts


@dataclass(frozen=True, slots=True)
class Round:
    """`said_s`: seconds of sound that were rendered meanwhile, for each second."""

    tokens_per_s: float
    spoken_first_s: float
    said_s: float = 0.0


def measure(running: RunningDaemon, lines: Iterator[str]) -> list[tuple[Round, Round]]:
    """Pairs: without speech, with it."""
    trace = requests(seed=11, repeat_share=0)
    with closing(DaemonClient(running.endpoint)) as client:
        closed_loop(client, list(islice(trace, WARMUP_REQUESTS)), CLIENTS)
        pairs = []
        for number in range(ROUNDS):
            pair = {}
            for is_speaking in (False, True) if number % 2 else (True, False):
                load: AbstractContextManager[list[float]] = nullcontext([])
                with _speaking(running, lines) if is_speaking else load as said:
                    answers, wall_s = closed_loop(client, list(islice(trace, REQUESTS)), CLIENTS)
                failed = [answer.error for answer in answers if not answer.ok]
                if failed:
                    raise StartError(f"bench speech: {len(failed)} requests failed: {failed[0]}")
                first_s = [answer.first_s for answer in answers if answer.request.priority == "spoken"]
                tokens = sum(answer.tokens.get("generated", 0) for answer in answers)
                pair[is_speaking] = Round(tokens / wall_s, statistics.median(first_s), sum(said) / wall_s)
            pairs.append((pair[False], pair[True]))
    return pairs


@contextmanager
def _speaking(running: RunningDaemon, lines: Iterator[str]) -> Iterator[list[float]]:
    """Speech at full while the block runs; the list gains the seconds of each sound."""
    said: list[float] = []
    over = threading.Event()
    failures: list[Exception] = []

    def speak() -> None:
        mouth = Mouth(running)
        try:
            while not over.is_set():
                line = next(lines)
                next_s = time.monotonic() + len(line) / CHARS_A_S
                said.append(mouth.say(line).seconds)
                over.wait(max(0.0, next_s - time.monotonic()))
        except Exception as failure:  # told by the thread that measures
            failures.append(failure)

    thread = threading.Thread(target=speak, name="bench-mouth")
    thread.start()
    try:
        yield said
    finally:
        over.set()
        thread.join()
    if failures:
        raise failures[0]
