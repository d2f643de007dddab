"""How many questions go through at most, against a bare ROUTER echo: the same messages, answers as large, in one run.

The engine takes no time here, so that what is measured is the daemon. Each game sends its steps one after the other,
with as many questions open as a game has on a busy evening, and the next step goes when there is room. Both sides have
the same client, a thread with bare sockets that reads every answer; they take turns, each time with new questions, so
that noise on the machine hits both and no answer is in the cache but those of questions asked twice.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import zmq

from llm_agentd.bench.fleet.fleet import fleet
from llm_agentd.bench.fleet.trace import Question, by_step
from llm_agentd.bench.result import percentile
from llm_agentd.errors import StartError
from llm_agentd.ops.harness import free_port, process
from llm_agentd.protocol import wire

ROUNDS = 3
OPEN_MAX = 16  # of one game: under what a daemon keeps of one that floods, so nothing is refused
ANSWER_MAX_MS = 20_000
DEADLINE_MS = 60_000  # what is measured is how much goes through, not who gives up
# For each record of a message, found by its length alone, one answer of the size that the daemon's have.
ECHO = """
import sys, zmq
answer = b"x" * int(sys.argv[2])
answer = b'{"id":"1","event":"done","text":"' + answer[45:] + b'"}'
answer = len(answer).to_bytes(4, "big") + answer
s = zmq.Context().socket(zmq.ROUTER); s.bind(sys.argv[1]); print("ready", flush=True)
while True:
    peer, part = s.recv_multipart()
    count = at = 0
    while at < len(part): at += 4 + int.from_bytes(part[at:at + 4], "big"); count += 1
    s.send_multipart([peer, answer * count])
"""


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Questions a second, the median of the rounds; `hit_share`: of ours, how many came from the cache."""

    ours_per_s: float
    echo_per_s: float
    hit_share: float
    answer_bytes: int

    @property
    def ratio(self) -> float:
        return self.ours_per_s / self.echo_per_s


@dataclass(slots=True)
class _Drained:
    """`answers`: records that end a question; `bytes` of all records, those of streams too."""

    per_s: float
    answers: list[dict[str, object]]
    bytes: int


def measure_ceiling(asked: Sequence[Question], *, daemons: int, width: int) -> Ceiling:
    """Of the questions of a whole trace: a part of them in each round."""
    rounds = list(_parts(asked, ROUNDS + 1))
    with fleet(daemons, step_ms=0, width=width, sets={}) as running:
        endpoints = [daemon.endpoint for daemon in running]
        warm_up = _drain(rounds[0], endpoints)
        answer_bytes = warm_up.bytes // len(rounds[0])
        echo_endpoint = f"tcp://127.0.0.1:{free_port()}"
        ours: list[_Drained] = []
        echo: list[float] = []
        with process(["-c", ECHO, echo_endpoint, str(answer_bytes - wire.LENGTH_BYTES)], "ready"):
            for part in rounds[1:]:
                echo.append(_drain(part, [echo_endpoint]).per_s)
                ours.append(_drain(part, endpoints))
    answers = [answer for drained in ours for answer in drained.answers]
    hits = sum(answer.get("cache") in ("hit", "joined") for answer in answers)
    _require_done(answers)
    return Ceiling(
        percentile([drained.per_s for drained in ours], 0.5), percentile(echo, 0.5), hits / len(answers), answer_bytes
    )


def _parts(asked: Sequence[Question], count: int) -> Iterator[Sequence[Question]]:
    """So many even parts, one after the other."""
    for number in range(count):
        yield asked[len(asked) * number // count : len(asked) * (number + 1) // count]


def _require_done(answers: Sequence[dict[str, object]]) -> None:
    failed = [answer for answer in answers if answer["event"] != "done"]
    if failed:
        raise StartError(f"bench fleet: {len(failed)} of {len(answers)} questions failed: {failed[0].get('message')}")


class _Game:
    """One game's bare socket, and its steps that are still to be sent."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], endpoint: str, asked: Sequence[Question]) -> None:
        self.socket = context.socket(zmq.DEALER)
        self.socket.connect(endpoint)
        self._steps = [
            [wire.encode({**q.record, "id": str(q.number), "deadline_ms": DEADLINE_MS}) for q in together]
            for _, together in by_step(list(asked))
        ]
        self._steps.reverse()
        self.open = 0
        self.answers: list[dict[str, object]] = []
        self.bytes = 0

    @property
    def is_over(self) -> bool:
        return not self._steps and not self.open

    def send(self) -> None:
        while self._steps and (not self.open or self.open + len(self._steps[-1]) <= OPEN_MAX):
            step = self._steps.pop()
            self.open += len(step)
            self.socket.send(b"".join(step))

    def receive(self) -> None:
        part = self.socket.recv()
        self.bytes += len(part)
        for record in wire.decode(part):
            assert isinstance(record, dict)
            if record["event"] != "delta":
                self.open -= 1
                self.answers.append(record)


def _drain(asked: Sequence[Question], endpoints: Sequence[str]) -> _Drained:
    """All games at once, until the last answer is there."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    numbers = sorted({question.game for question in asked})
    games = [
        _Game(context, endpoints[number % len(endpoints)], [q for q in asked if q.game == number]) for number in numbers
    ]
    try:
        poller = zmq.Poller()
        for game in games:
            poller.register(game.socket, zmq.POLLIN)
        by_socket = {game.socket: game for game in games}
        began_s = time.perf_counter()
        for game in games:
            game.send()
        while not all(game.is_over for game in games):
            ready = poller.poll(ANSWER_MAX_MS)
            if not ready:
                raise StartError(f"bench fleet: no answer for {ANSWER_MAX_MS} ms")
            for socket, _ in ready:
                by_socket[socket].receive()
                by_socket[socket].send()
        took_s = time.perf_counter() - began_s
    finally:
        context.destroy(0)
    answers = [answer for game in games for answer in game.answers]
    return _Drained(len(answers) / took_s, answers, sum(game.bytes for game in games))
