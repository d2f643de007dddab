"""What is told of the two minds: which one spoke, why requests went on, and when the remote one cannot be asked.

Router thread. Nothing is silent: that the remote mind cannot be asked, and that it can again, is an event for who
watches, and a line of the log; for a budget one in each period, for a server that comes and goes one a minute.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from llm_agentd.metrics import MINDS, Metrics
from llm_agentd.server.admin.event_stream import EventStream
from llm_agentd.types import Mind

log = logging.getLogger(__name__)

DOWN = "down"
LOG_PAUSE_S = 60.0  # between two lines of a server that comes and goes; each of them is an event all the same


class Report:
    """`spoke`, `handed_on` and `look` count and tell; `view` is for who asks."""

    def __init__(self, events: EventStream, metrics: Metrics, clock: Callable[[], float] = time.monotonic) -> None:
        self._events = events
        self._metrics = metrics
        self._clock = clock
        self._state = ""  # as it was told last: "" where the remote mind can be asked
        self._logged_budget = ""
        self._next_line_s = float("-inf")
        self._is_said = False  # the problem stands in the log
        self._spoke: Counter[str] = Counter()
        self._handed_on: Counter[tuple[str, str]] = Counter()

    def spoke(self, mind: Mind) -> None:
        self._spoke[mind] += 1
        self._metrics.spoke(mind)

    def handed_on(self, to: Mind, reason: str) -> None:
        self._handed_on[to, reason] += 1
        self._metrics.handed_on(to, reason)

    def look(self, problem: str, *, is_over_budget: bool) -> None:
        """`problem`: why the remote mind can be asked nothing now; "" where it can.

        Nothing happens while it is the same: all servers are down, or over the budget of this period. The words may
        change meanwhile, as they name seconds and tokens; those of a budget end with the time until which it holds.
        """
        state = problem and (problem.rpartition(" until ")[2] if is_over_budget else DOWN)
        if state == self._state:
            return
        self._state = state
        self._events.emit("mind", {"mind": "remote", "problem": problem})
        if not problem:
            if self._is_said:
                log.warning("the remote model: it can be asked again")
            self._is_said = False
        elif is_over_budget:
            if state != self._logged_budget:
                self._say(problem)
            self._logged_budget = state
        elif self._clock() >= self._next_line_s:
            self._next_line_s = self._clock() + LOG_PAUSE_S
            self._say(problem)

    def _say(self, problem: str) -> None:
        self._is_said = True
        log.warning("not asked: %s", problem)

    def view(self) -> dict[str, Any]:
        handed_on = [{"to": to, "reason": why, "count": count} for (to, why), count in sorted(self._handed_on.items())]
        return {"spoke": {mind: self._spoke[mind] for mind in MINDS}, "handed_on": handed_on}
