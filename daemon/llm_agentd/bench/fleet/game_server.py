"""A game server as the daemon sees one: an evening's questions, all of a game step in one message.

On asyncio, many on one loop. The way to the daemon is the HTTP adapter's own client, so what the adapter keeps of its
promises is in the figures: open questions are sent again when a daemon comes back, and each ends exactly once. Knows
the questions of its game, and hands each answer to the tally.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from llm_agentd.bench.fleet.tally import Tally
from llm_agentd.bench.fleet.trace import Question, by_step
from llm_agentd.errors import AgentdError
from llm_agentd.http.daemon_client import DaemonClient
from llm_agentd.http.open_requests import Sink, Submission
from llm_agentd.protocol.encode import error_fields

RETRY_S = 8.0  # `zmq.retry_s`, by default
READY_MAX_S = 10.0
POLL_S = 0.02


class GameServer:
    """`start`, `play`, `wait_until_answered`, `stop`; all on one event loop."""

    def __init__(self, endpoint: str, questions: Sequence[Question], tally: Tally, clock: Callable[[], float]) -> None:
        self._client = DaemonClient(endpoint, retry_s=RETRY_S)
        self._questions = list(questions)
        self._tally = tally
        self._clock = clock

    async def start(self) -> None:
        """Returns when the daemon answers."""
        self._client.start()
        async with asyncio.timeout(READY_MAX_S):
            while not self._client.is_ready:
                await asyncio.sleep(POLL_S)

    async def play(self, began_s: float) -> None:
        """Sends each step's questions when it is their time, whatever became of those before."""
        for at_s, together in by_step(self._questions):
            await asyncio.sleep(max(0.0, began_s + at_s - self._clock()))
            self._ask(together, began_s)

    def _ask(self, together: list[Question], began_s: float) -> None:
        """Times count from when the step should have been: a load that comes late must not look quick."""
        submissions = []
        for question in together:
            self._tally.asked(question, began_s + question.at_s, self._clock())
            submissions.append(Submission(dict(question.record), self._sink(question), _timeout_s(question)))
        for question, outcome in zip(together, self._client.submit(submissions), strict=True):
            if isinstance(outcome, AgentdError):
                self._tally.ended(question, error_fields(outcome), self._clock())

    def _sink(self, question: Question) -> Sink:
        def sink(_: str, answer: dict[str, Any]) -> None:
            if answer["event"] == "delta":
                self._tally.heard(question, self._clock())
            else:
                self._tally.ended(question, answer, self._clock())

        return sink

    async def wait_until_answered(self) -> None:
        """It takes no longer than the last deadline and the grace of the client: that one ends what nobody answers."""
        while self._client.open_count:
            await asyncio.sleep(POLL_S)

    def stop(self) -> None:
        self._client.stop()


def _timeout_s(question: Question) -> float:
    return float(question.record["deadline_ms"]) / 1000
