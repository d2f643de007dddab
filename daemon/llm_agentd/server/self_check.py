"""The op `doctor`: what the daemon finds on its own machine, disk and model. Looked at on a thread of its own.

`run` is called on the router thread, and so is each `on_done`; the look itself may wait for a disk or another server,
so the router never does it. Whoever asks while one runs shares its result. Knows no checks: it is given `look`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, TypeAlias

from llm_agentd.errors import AgentdError

log = logging.getLogger(__name__)

Fields: TypeAlias = dict[str, Any]
Done: TypeAlias = Callable[[Fields | AgentdError], None]


class SelfCheck:
    """`look` makes the fields of the answer; `post` runs work on the router thread."""

    def __init__(self, look: Callable[[], Fields], post: Callable[[Callable[[], None]], None]) -> None:
        self._look = look
        self._post = post
        self._waiting: list[Done] = []  # none: nobody looks

    def run(self, on_done: Done) -> None:
        self._waiting.append(on_done)
        if len(self._waiting) == 1:
            # A daemon thread: a disk that hangs must not keep the program from ending.
            threading.Thread(target=self._run, name="self-check", daemon=True).start()

    def _run(self) -> None:
        outcome: Fields | AgentdError
        try:
            outcome = self._look()
        except Exception:
            log.exception("a bug in the doctor")
            outcome = AgentdError("a bug in the doctor; the daemon's log has the details")
        self._post(lambda: self._tell(outcome))

    def _tell(self, outcome: Fields | AgentdError) -> None:
        waiting, self._waiting = self._waiting, []
        for on_done in waiting:
            on_done(outcome)
