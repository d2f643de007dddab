"""All running sequences: which request has which slot of the engine, what its prompt need not compute, who pauses.

Engine thread only; owns the engine while it is open. Requests come in, events go out through the list it is given.
Whom to let in and when is the caller's decision; knows no sockets, records or threads.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from llm_agentd.cache import CompletionCache
from llm_agentd.engines.base import Engine, Piece, Prompt
from llm_agentd.errors import AgentdError, EngineFailed, TooLarge
from llm_agentd.metrics import Metrics
from llm_agentd.moderation.moderator import Moderator
from llm_agentd.prefix_cache import PrefixCache, PrefixMatch
from llm_agentd.scheduler.latency import LatencyEstimate
from llm_agentd.scheduler.request_queue import AGED_S
from llm_agentd.scheduler.sequence import Sequence, known
from llm_agentd.types import PRIORITIES, Delta, PrefixState, Reply, Request
from llm_agentd.util.common_prefix import common_prefix_length

log = logging.getLogger(__name__)

Event: TypeAlias = Delta | Reply | AgentdError
Out: TypeAlias = list[tuple[Request, Event]]

# A beginning is kept when this share of it is new: its state is as big as all of its tokens, so one that adds a name to
# a role would cost memory and disk for a whole role, to save computing a few tokens.
KEPT_NEW_SHARE = 1 / 8
CHAT_START_TURNS = 2  # a chat of a system turn and one question: its beginning is a role or a persona, worth the disk


@dataclass(slots=True)
class _Paused:
    live: Sequence
    handle: object
    since_s: float

    def rank(self, now_s: float) -> int:
        return 0 if now_s - self.since_s >= AGED_S else self.live.rank


class Batch:
    """`live`: by slot. A sequence nobody waits for any more is freed at once."""

    def __init__(
        self,
        engine: Engine,
        *,
        prefixes: PrefixCache,
        cache: CompletionCache,
        metrics: Metrics,
        latency: LatencyEstimate,
        moderator: Moderator | None = None,
    ) -> None:
        self.engine = engine
        self.live: dict[int, Sequence] = {}
        self._paused: list[_Paused] = []
        self._free = list(range(engine.info.max_num_seqs))  # longest free first: what it holds is the oldest
        self._talks: dict[int, str] = {}  # free slots that hold a chat worth keeping, with its label
        self._states = "states" in engine.info.features
        self._prefixes = prefixes
        self._cache = cache
        self._metrics = metrics
        self._latency = latency
        self._moderator = moderator

    @property
    def free(self) -> bool:
        return bool(self._free)

    def has(self, key: bytes) -> bool:
        """Whether a request with this cache key would find a twin."""
        return any(live.key == key for live in self._all())

    # -- in --------------------------------------------------------------------------------------

    def admit(self, request: Request, now_s: float, out: Out) -> None:
        """Answers from the cache, joins a twin, or starts the request in a free slot, of which there must be one."""
        if request.cache == "use" and (entry := self._cache.get(request.key, request.variants)):
            out.append((request, known(request, entry, now_s)))  # a twin finished while this one waited
            return
        if request.cache != "off":
            twin = next((live for live in self._all() if live.key == request.key), None)
            if twin is not None:
                out.extend(twin.join(request))
                return
        try:
            self._start(request, now_s)
        except Exception as error:  # one request's trouble must not end the others
            if not isinstance(error, AgentdError):
                log.exception("the engine could not start a request")
                error = EngineFailed(f"the engine could not start this request: {type(error).__name__}")
            out.append((request, error))

    def _start(self, request: Request, now_s: float) -> None:
        prompt = self._encode(request)
        match = self._prefixes.match(prompt.tokens) if self._states else None
        seq, held_tokens = self._pick_slot(prompt, match.matched_tokens if match else 0)
        state = self._believed(match, seq) if match and match.matched_tokens > held_tokens else None
        known_tokens = max(held_tokens, match.matched_tokens if match and state else 0)
        new_tokens = prompt.stable_tokens - known_tokens
        keep_prefix = self._states and new_tokens > 0 and new_tokens >= KEPT_NEW_SHARE * prompt.stable_tokens
        priority = PRIORITIES.index(request.priority)
        reused = self.engine.start(
            seq, prompt, request.sampling, state=state, keep_prefix=keep_prefix, priority=priority
        )
        self._free.remove(seq)
        self.live[seq] = Sequence.begin(
            request,
            seq=seq,
            prompt_tokens=len(prompt),
            stable_tokens=prompt.stable_tokens,
            reused_tokens=reused,
            now_s=now_s,
            moderator=self._moderator,
        )

    def _encode(self, request: Request) -> Prompt:
        """Where all that is remembered does not fit, without it."""
        try:
            return self.engine.encode(request.prompt, request.messages, request.sampling)
        except TooLarge:
            if request.short_messages is None:
                raise
            return self.engine.encode(None, request.short_messages, request.sampling)

    def _pick_slot(self, prompt: Prompt, kept_tokens: int) -> tuple[int, int]:
        """The free slot that holds most of the prompt, and how much; the longest free where a kept state has more."""
        held = {seq: common_prefix_length(prompt.tokens, self.engine.cached_tokens(seq)) for seq in self._free}
        seq = max(self._free, key=held.__getitem__)
        if held[seq] <= kept_tokens:
            seq = self._free[0]
        label = self._talks.pop(seq, None)
        if label is not None and held[seq] < len(self.engine.cached_tokens(seq)):
            self._prefixes.add(self.engine.save_state(seq), label, persist=False)
        return seq, held[seq]

    def _believed(self, match: PrefixMatch, seq: int) -> PrefixState | None:
        """The state, if it was made in this run or gives the scores it was kept with."""
        if match.verified:
            return match.state
        proved = self.engine.verify_state(seq, match.state)
        self._prefixes.set_verified(match, proved)
        return match.state if proved else None

    # -- pausing ---------------------------------------------------------------------------------

    def pause_one(self, now_s: float) -> bool:
        """Makes room for a player: the least urgent and youngest sequence gives way. False: all are as urgent."""
        if not self._states or not self.live:
            return False
        live = max(self.live.values(), key=lambda live: (live.rank, live.started_s))
        if live.rank == 0:
            return False
        self._paused.append(_Paused(live, self.engine.pause(live.seq), now_s))
        self._release(live)
        self._metrics.paused.inc()
        return True

    def paused_rank(self, now_s: float) -> int | None:
        """Of the most urgent that is paused; after AGED_S it is as urgent as can be, so that none starves."""
        return min((paused.rank(now_s) for paused in self._paused), default=None)

    def resume(self, now_s: float, out: Out) -> None:
        """The most urgent and oldest that is paused goes on in a free slot; one that cannot fails alone."""
        paused = min(self._paused, key=lambda paused: (paused.rank(now_s), paused.live.started_s))
        self._paused.remove(paused)
        live = paused.live
        seq = self._free[0]
        self._talks.pop(seq, None)
        try:
            self.engine.resume(seq, paused.handle, priority=live.rank)
        except Exception as error:
            log.exception("the engine could not go on with a paused sequence")
            failure = EngineFailed(f"the engine could not go on with this request: {type(error).__name__}")
            out.extend((request, failure) for request in live.requests)
            return
        self._free.remove(seq)
        live.seq = seq
        self.live[seq] = live

    # -- out -------------------------------------------------------------------------------------

    def advance(self, piece: Piece, now_s: float, out: Out) -> None:
        """A piece becomes deltas, the end of a reply, or a kept state."""
        live = self.live[piece.seq]
        if piece.state is not None:
            request = live.requests[0]
            lasting = request.messages is not None and len(request.messages) <= CHAT_START_TURNS
            self._prefixes.add(piece.state, request.label, persist=lasting)
            return
        if piece.finish == "failed":
            out.extend((request, EngineFailed(piece.error)) for request in live.requests)
            self._release(live)
            return
        delta, finish = live.feed(piece, now_s)
        if (delta or finish) and (verdict := live.offence(finish)):
            if not piece.finish:
                self.engine.stop(live.seq)
            out.extend(live.filtered(verdict))
            self._release(live)
            return
        out.extend(live.deltas(delta))
        if finish is None:
            return
        if not piece.finish:  # a stop string or a sentence end, which the engine cannot know
            self.engine.stop(live.seq)
        model = self.engine.info.model
        replies = [(request, live.reply(request, finish, model=model, now_s=now_s)) for request in live.requests]
        out.extend(replies)
        self._metrics.done(replies[0][1])
        self._latency.replied(live.prompt_tokens - live.reused_tokens, live.completion_tokens)
        if entry := live.entry(finish, model):
            self._cache.put(live.key, entry, live.requests[0].variants)
        if self._states and live.is_chat and len(self.engine.cached_tokens(live.seq)) > live.stable_tokens:
            self._talks[live.seq] = live.requests[0].label
        self._release(live)

    def drop(self, unwanted: Callable[[Request], bool]) -> list[Request]:
        """Takes unwanted requests off their sequences; one that nobody waits for is freed at once."""
        gone: list[Request] = []
        for live in list(self._all()):
            hit = [request for request in live.requests if unwanted(request)]
            if not hit:
                continue
            gone += hit
            live.requests = [request for request in live.requests if not unwanted(request)]
            if live.requests:
                continue
            if self.live.get(live.seq) is live:
                self.engine.stop(live.seq)
                self._release(live)
            else:
                self._paused = [paused for paused in self._paused if paused.live is not live]
        return gone

    def clear(self) -> list[Request]:
        """Forgets all, as the engine is gone; returns who waited."""
        rest = [request for live in self._all() for request in live.requests]
        self.live.clear()
        self._paused.clear()
        return rest

    def _all(self) -> Iterator[Sequence]:
        yield from self.live.values()
        for paused in self._paused:
            yield paused.live

    def _release(self, live: Sequence) -> None:
        del self.live[live.seq]
        self._free.append(live.seq)
