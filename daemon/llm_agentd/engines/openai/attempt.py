"""One try of a call at one server: the place it takes, the tokens it reserves, and what its end says of both.

On the event loop. `pool.py` chooses the server and decides whether there is another try.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Protocol

from llm_agentd.engines.openai.breaker import Ticket
from llm_agentd.engines.openai.budget import Budget, Reservation
from llm_agentd.engines.openai.target import Call, Chunk, ReportedUsage, Target, UpstreamError
from llm_agentd.engines.openai.upstream import FAIR_TIMEOUT_S, Upstream
from llm_agentd.metrics.upstreams import UpstreamTally
from llm_agentd.util.key_source import KeyProblem

log = logging.getLogger(__name__)

LEAST_TOKENS = 16  # of a reply. Near the end of a budget replies are cut down to this; below it they say nothing


# Computed after the last chunk that we read, until the server sees that we went away: a round trip at usual speeds.
UNSEEN_TOKENS = 16


class Transport(Protocol):
    """What `transport.Transport` does for the pool."""

    def stream(self, target: Target, call: Call) -> AsyncGenerator[Chunk]: ...
    async def close(self) -> None: ...


class Attempt:
    """`ticket`: the breaker's, which is told the outcome exactly once before the first text, and of a failure later.

    `has_text`: something of the reply was given, so nothing may be tried again.
    """

    def __init__(
        self, upstream: Upstream, ticket: Ticket, call: Call, tally: UpstreamTally, clock: Callable[[], float]
    ) -> None:
        self.upstream = upstream
        self.has_text = False
        self._ticket = ticket
        self._call = call
        self._tally = tally
        self._clock = clock
        self._bound = 0  # tokens that the prompt may have at most
        self._reservation: Reservation | None = None
        self._usage: ReportedUsage | None = None
        self._is_whole = False  # its last chunk has come
        self._is_unbilled = False  # it failed in a way in which the server computed nothing
        self._is_noted = False  # the breaker knows how it went
        self._sent_s: float | None = None
        upstream.running += 1

    async def stream(
        self, transport: Transport, budget: Budget, *, given_s: float, first_s: float | None
    ) -> AsyncGenerator[Chunk]:
        """The chunks. Its place is free and its reservation settled when this ends, however it ends.

        `first_s`: how long the server may be silent before another is asked. Raises UpstreamError and OverBudget.
        """
        try:
            target = self.upstream.target()
            call = await self._reserved(budget, given_s)
            self._tally.requests += 1
            self._sent_s = self._clock()
            async with aclosing(transport.stream(target, call)) as chunks:
                chunk = await _first(chunks, first_s)
                while chunk is not None:
                    self._note(chunk)
                    yield chunk
                    chunk = await anext(chunks, None)
        except KeyProblem as problem:
            self._is_noted = True
            self.upstream.breaker.refused(self._ticket, self._clock(), str(problem))
            raise UpstreamError("status", f"{self.upstream.name}: {problem}", is_retryable=True) from None
        except UpstreamError as error:
            self._note_failure(error, given_s)
            raise
        finally:
            self._free()
            await self._settle(budget)

    async def _reserved(self, budget: Budget, given_s: float) -> Call:
        """The call as it is sent: with the time that is left, and no more tokens than could be reserved."""
        sampling = self._call.sampling
        self._bound = self.upstream.bounds.of(self._call)
        least = self._bound + min(sampling.max_tokens, LEAST_TOKENS)
        self._reservation = await budget.reserve(self._bound + sampling.max_tokens, least)
        max_tokens = self._reservation.tokens - self._bound
        return replace(self._call, sampling=replace(sampling, max_tokens=max_tokens), timeout_s=given_s)

    def _note(self, chunk: Chunk) -> None:
        if chunk.usage is not None:
            self._usage = chunk.usage
        if not self._is_noted:
            self._is_noted = True
            self.upstream.breaker.succeeded(self._ticket)
        self._is_whole = bool(chunk.finish)
        self.has_text = self.has_text or bool(chunk.text or chunk.finish)

    def _note_failure(self, error: UpstreamError, given_s: float) -> None:
        self._tally.errors[error.kind] += 1
        self._is_noted = True
        self._is_unbilled = error.kind in ("connect", "tls", "status") and not self.has_text
        breaker = self.upstream.breaker
        was_closed = breaker.state() == "closed"
        error.message = self.upstream.reason_of(error)
        error.args = (error.message,)
        self.upstream.note_failure(self._ticket, error, self._clock(), given_s)
        if was_closed and breaker.state() == "open":
            wait_s = breaker.wait_s(self._clock())
            log.warning("upstream %s is not asked for %.0f s: %s", self.upstream.name, wait_s, breaker.reason)

    def _free(self) -> None:
        """Stopped from outside before its first word, it says something of the server only after a fair time: one that
        hangs must not cost each request all the time until nobody waits for it any more.
        """
        self.upstream.running -= 1
        silent_s = 0.0 if self._sent_s is None else self._clock() - self._sent_s
        if not self._is_noted and silent_s >= FAIR_TIMEOUT_S:
            self._note_failure(UpstreamError("timeout", f"it was silent for {silent_s:.1f} s"), silent_s)
        elif not self._is_noted:
            self.upstream.breaker.abandoned(self._ticket)

    async def _settle(self, budget: Budget) -> None:
        """To what the server reported. Of a call that was stopped it may have told so much on the way; where it told
        nothing of one that it may have computed, all that was reserved stays counted.
        """
        reservation, usage = self._reservation, self._usage
        if reservation is None:
            return
        if usage is None:
            used = 0 if self._is_unbilled else reservation.tokens
            self._tally.unreported_tokens += used
        else:
            used = usage.prompt_tokens + usage.completion_tokens
            self._tally.tokens["prompt"] += usage.prompt_tokens
            self._tally.tokens["cached"] += usage.cached_tokens
            self._tally.tokens["completion"] += usage.completion_tokens
            self._note_excess(reservation, usage)
            if not self._is_whole:
                unseen = min(UNSEEN_TOKENS, max(0, reservation.tokens - used))
                self._tally.unreported_tokens += unseen
                used += unseen
        await budget.settle(reservation, used)

    def _note_excess(self, reservation: Reservation, usage: ReportedUsage) -> None:
        """More than was reserved is counted all the same; what a prompt had more is reckoned with from then on."""
        upstream = self.upstream
        upstream.bounds.learn(self._call, self._bound, usage.prompt_tokens)
        used = usage.prompt_tokens + usage.completion_tokens
        if used > reservation.tokens and not upstream.has_told_more:
            upstream.has_told_more = True
            log.warning(
                "upstream %s reported %d tokens where at most %d were expected, perhaps for a prompt or thoughts of its"
                " own: they are counted, and a budget may be passed by so many",
                upstream.name,
                used,
                reservation.tokens,
            )


async def _first(chunks: AsyncGenerator[Chunk], first_s: float | None) -> Chunk | None:
    """Raises UpstreamError where it does not come within `first_s`. None: there is none."""
    try:
        async with asyncio.timeout(first_s):
            return await anext(chunks, None)
    except TimeoutError:
        raise UpstreamError("timeout", f"it was silent for {first_s:.1f} s", is_retryable=True) from None
