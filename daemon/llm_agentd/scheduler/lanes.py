"""The engine loops behind one face: the one of the model here and, where one is configured, that of a model elsewhere.

Each loop has its own thread, queue and engine; a request is in one of them, which its `mind` says. The router thread
submits, cancels and asks how things stand; the main thread starts and stops both. With one loop all is passed on to it.
Knows no records: which mind a request is for, and what becomes of it when that fails, is server/minds/.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from llm_agentd.engines.base import EngineInfo
from llm_agentd.errors import AgentdError, StartError, Unavailable
from llm_agentd.metrics import Load
from llm_agentd.scheduler.engine_loop import RETRY_AFTER_MS, EngineLoop
from llm_agentd.types import PRIORITIES, Mind, Peer, Request

log = logging.getLogger(__name__)

# Written into the log and in `/info`: whoever reads it must not take the daemon for whole.
LOCAL_IS_GONE = "the local model could not be opened, and all that may goes to the remote one: {why}"


@dataclass(frozen=True, slots=True)
class Lane:
    """One mind. `not_ready`: "" or why it can be asked nothing now, beyond what its loop knows; any thread."""

    mind: Mind
    loop: EngineLoop
    not_ready: Callable[[], str] = lambda: ""

    @property
    def info(self) -> EngineInfo | None:
        """None: nothing is known of its engine yet, or there is none any more."""
        return self.loop.info

    def refusal(self) -> Unavailable | None:
        """Why it can take no request now."""
        if self.loop.failure is not None:
            return self._unavailable(f"it could not be opened, or broke: {self.loop.failure}")
        if self.loop.info is None:
            return self._unavailable("it is starting or stopping; try again shortly")
        if self.loop.is_reopening:
            return self._unavailable("its engine broke, and is opened again; try again shortly")
        if why := self.not_ready():
            return self._unavailable(why)
        try:
            self.loop.require_info()
        except Unavailable as error:
            return error
        return None

    def _unavailable(self, why: str) -> Unavailable:
        return Unavailable(f"the {self.mind} model: {why}", retry_after_ms=RETRY_AFTER_MS)


class Lanes:
    """`local` is the only loop where there is no `remote`, whatever its engine is."""

    def __init__(self, local: EngineLoop, remote: EngineLoop | None = None, not_ready: Callable[[], str] = str) -> None:
        self._local = Lane("local" if remote else "", local)
        self._remote = None if remote is None else Lane("remote", remote, not_ready)
        self._lanes = (self._local,) if self._remote is None else (self._local, self._remote)

    def __iter__(self) -> Iterator[Lane]:
        return iter(self._lanes)

    @property
    def remote(self) -> Lane | None:
        return self._remote

    def by_mind(self, mind: Mind) -> Lane:
        return self._remote if mind == "remote" and self._remote is not None else self._local

    # -- on the way of a request -----------------------------------------------------------------

    def require_info(self) -> EngineInfo:
        """The facts of an engine that serves requests, the local one before the other. Raises Unavailable."""
        if self._remote is None or self._local.refusal() is None:
            return self._local.loop.require_info()
        if refusal := self._remote.refusal():
            raise refusal
        return self._remote.loop.require_info()

    def submit(self, requests: Sequence[Request]) -> list[tuple[Request, AgentdError]]:
        """Queues what came together, each at its mind; returns whom that refused, and why."""
        refused: list[tuple[Request, AgentdError]] = []
        for lane in self._lanes:
            if own := [request for request in requests if request.mind == lane.mind]:
                refused += lane.loop.submit(own)
        return refused

    def warm(self, request: Request) -> bool:
        """False: it does not pay at this mind."""
        return self.by_mind(request.mind).loop.warm(request)

    def cancel(self, request: Request) -> None:
        self.by_mind(request.mind).loop.cancel(request.peer, request.id)

    def drop_peer(self, peer: Peer) -> None:
        for lane in self._lanes:
            lane.loop.drop_peer(peer)

    def switch(self, refusal: Callable[[], AgentdError] | None) -> None:
        """Both at once."""
        for lane in self._lanes:
            lane.loop.switch(refusal)

    # -- how things stand ------------------------------------------------------------------------

    @property
    def local_info(self) -> EngineInfo | None:
        return self._local.info

    @property
    def info(self) -> EngineInfo | None:
        """Of the local engine, else of the other."""
        return next((lane.info for lane in self._lanes if lane.info is not None), None)

    def engine_name(self, mind: Mind) -> str:
        info = self.by_mind(mind).info
        return info.engine if info else ""

    @property
    def local_problem(self) -> str:
        """Why the daemon lives on the remote model alone; "" where it does not."""
        failure = self._local.loop.failure
        return LOCAL_IS_GONE.format(why=failure) if self._remote is not None and failure is not None else ""

    def depth(self) -> dict[str, int]:
        """How many wait, by priority."""
        depths = [lane.loop.depth() for lane in self._lanes]
        return {priority: sum(depth[priority] for depth in depths) for priority in PRIORITIES}

    def count_waiting(self) -> int:
        return sum(lane.loop.count_waiting() for lane in self._lanes)

    def load(self) -> Load:
        """Of both; the KV cache is the local engine's."""
        loads = [lane.loop.load() for lane in self._lanes]
        running = sum(load.requests_running for load in loads)
        return Load(self.depth(), running, loads[0].kv_usage)

    def stats(self) -> dict[str, Any]:
        """Of the local engine."""
        return self._local.loop.stats()

    @property
    def batch_mean(self) -> float | None:
        """Sequences in a step of the local engine, on average; None: it has made none."""
        loop = self._local.loop
        return round(loop.stepped / loop.steps, 2) if loop.steps else None

    # -- from the main thread --------------------------------------------------------------------

    def start(self) -> None:
        for lane in self._lanes:
            lane.loop.start()

    def require_started(self) -> EngineInfo:
        """Returns when the loops have opened their engines: the facts of the local one, or of the other where that is
        the only one; this is said loudly. Raises StartError where there is none.
        """
        for lane in self._lanes:
            lane.loop.started.wait()
        info = self.info
        if info is None:
            raise self._local.loop.failure or StartError("the engine ended while it was starting")
        if self.local_problem:
            log.error("%s", self.local_problem)
        if self._remote is not None and self._remote.info is None:
            log.error("the remote model is never asked: %s", self._remote.loop.failure)
        return info

    @property
    def ready_words(self) -> str:
        """Of the remote mind, behind the ready line."""
        if self._remote is None:
            return ""
        return f" remote={self._remote.info.model if self._remote.info else 'none'}"

    @property
    def has_ended(self) -> bool:
        """A loop that had an engine has ended by itself, or there is none that goes on.

        A local engine that breaks for good ends the daemon also where there is a remote one: whoever started the daemon
        starts it again, with a fresh engine.
        """
        ended = [lane.loop for lane in self._lanes if lane.loop.ended.is_set()]
        return any(loop.has_opened for loop in ended) or len(ended) == len(self._lanes)

    def stop(self, grace_s: float) -> None:
        """As `EngineLoop.stop`; both have the same grace."""
        for lane in self._lanes:
            lane.loop.end(grace_s)
        for lane in self._lanes:
            lane.loop.join(grace_s)
