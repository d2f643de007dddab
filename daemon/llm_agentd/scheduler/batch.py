"""All running sequences: which request has which slot of the engine, what its prompt need not compute, who pauses.

Engine thread only; owns the engine while it is open. Requests come in, events go out through the list it is given.
Whom to let in and when is the caller's decision (`engine_loop.py`); knows no sockets, records or threads.

A slot is one of the engine's sequence numbers. It is in `running`, or free; a paused sequence has none. A free slot
still holds the tokens of its last sequence in the engine's memory until somebody else takes it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from llm_agentd.cache import CompletionCache
from llm_agentd.engines.base import Engine, Piece, Prompt
from llm_agentd.errors import AgentdError, EngineFailed
from llm_agentd.metrics import Metrics
from llm_agentd.moderation.moderator import Moderator
from llm_agentd.prefix_cache import PrefixCache, PrefixMatch
from llm_agentd.scheduler.explain import encode_chat, explain
from llm_agentd.scheduler.latency import LatencyEstimate
from llm_agentd.scheduler.request_queue import AGED_S
from llm_agentd.scheduler.sequence import Events, Sequence, cached_reply, make_assembler
from llm_agentd.scheduler.warm_list import is_warm
from llm_agentd.types import PRIORITIES, Explanation, Finish, PrefixState, Request
from llm_agentd.util.common_prefix import common_prefix_length
from llm_agentd.util.journal import about

log = logging.getLogger(__name__)

# A beginning is kept when this share of it is new: its state is as big as all of its tokens, so one that adds a name to
# a role would cost memory and disk for a whole role, to save computing a few tokens.
KEPT_NEW_SHARE = 1 / 8
# One that begins like another whose state was just kept starts again behind it where that saves so many tokens.
SHARED_MIN_TOKENS = 16
CHAT_START_TURNS = 2  # a chat of a system turn and one question: its beginning is a role or a persona, worth the disk


@dataclass(slots=True)
class _Paused:
    sequence: Sequence
    handle: object  # the engine's
    since_s: float

    def priority_index(self, now_s: float) -> int:
        return 0 if now_s - self.since_s >= AGED_S else self.sequence.priority_index


class Batch:
    """`running`: by slot. A sequence nobody waits for any more is freed at once."""

    def __init__(
        self,
        engine: Engine,
        *,
        prefix_cache: PrefixCache,
        cache: CompletionCache,
        metrics: Metrics,
        latency: LatencyEstimate,
        moderator: Moderator | None = None,
    ) -> None:
        self.engine = engine
        self.running: dict[int, Sequence] = {}
        self._paused: list[_Paused] = []
        self._free = list(range(engine.info.max_num_seqs))  # longest free first: what it holds is the oldest
        self._kept_chats: dict[int, str] = {}  # free slots that hold a chat worth keeping, with its label
        self._fresh_states: list[tuple[Sequence, PrefixState]] = []  # that this step kept, and of whom
        self._has_states = "states" in engine.info.features
        self._prefix_cache = prefix_cache
        self._cache = cache
        self._metrics = metrics
        self._latency = latency
        self._moderator = moderator

    @property
    def has_free_slot(self) -> bool:
        return bool(self._free)

    @property
    def is_warming(self) -> bool:
        """Whether a sequence is nobody's request."""
        return any(is_warm(sequence.requests[0]) for sequence in self._all())

    def has(self, key: bytes) -> bool:
        """Whether a request with this cache key would join a sequence instead of starting one."""
        return any(sequence.key == key for sequence in self._all())

    def usage(self) -> tuple[int, float]:
        """How many requests run, and the share of the KV cache that they fill (0 to 1). Any thread may ask."""
        running = list(self.running.values())  # one step of the interpreter: a copy that nobody changes
        tokens = sum(sequence.prompt_tokens + sequence.completion_tokens for sequence in running)
        room_tokens = self.engine.info.context_tokens * self.engine.info.max_num_seqs
        count = sum(not is_warm(request) for sequence in running for request in sequence.requests)
        return count, tokens / room_tokens

    # -- in --------------------------------------------------------------------------------------

    def admit(self, request: Request, now_s: float, events: Events) -> None:
        """Answers from the cache, joins a sequence with the same key, or starts one in a free slot.

        The order matters. The cache comes first, as a sequence with this key may have ended while the request waited.
        A running or paused one comes next: all who join get one text, which is computed once. There must be a free
        slot unless the request is answered or joins. One that only wants its prompt explained never takes it.
        """
        if request.explain:
            events.append((request, self._explain(request)))
            return
        reply = cached_reply(self._cache, request, now_s - request.arrived_s)
        if reply is not None:
            events.append((request, reply))
            return
        if request.cache != "off":
            same = next((sequence for sequence in self._all() if sequence.key == request.key), None)
            if same is not None:
                events.extend(same.join(request))
                return
        try:
            self._start(request, now_s)
        except Exception as error:  # one request's trouble must not end the others
            if not isinstance(error, AgentdError):
                log.exception("the engine could not start a request", extra=about(request=request.id, npc=request.npc))
                error = EngineFailed(f"the engine could not start this request: {type(error).__name__}")
            events.append((request, error))

    def _explain(self, request: Request) -> Explanation | AgentdError:
        try:
            return explain(self.engine, self._cache, request)
        except AgentdError as error:
            return error

    def _start(self, request: Request, now_s: float) -> None:
        """Takes a slot. Whatever raises does so before the slot is taken, so that a failed start leaks none.

        The beginning of the prompt need not be computed where the slot still has it, or the prefix cache more of it.
        """
        assembler = make_assembler(request)
        prompt = self._encode(request)
        match = self._prefix_cache.match(prompt.tokens) if self._has_states else None
        seq, slot_tokens = self._pick_slot(prompt, match.matched_tokens if match else 0)
        state = self._verified(match, seq) if match and match.matched_tokens > slot_tokens else None
        computed_tokens = max(slot_tokens, match.matched_tokens if match and state else 0)
        reused = self._start_engine(seq, request, prompt, state, computed_tokens)
        if not is_warm(request):
            self._count_start(prompt, reused, reused if state else 0)
        self._free.remove(seq)
        self.running[seq] = Sequence(
            seq=seq,
            requests=[request],
            assembler=assembler,
            prompt=prompt,
            prompt_tokens=len(prompt),
            reused_tokens=reused,
            started_s=now_s,
            moderator=self._moderator if request.moderation else None,
        )

    def _start_engine(
        self, seq: int, request: Request, prompt: Prompt, state: PrefixState | None, computed_tokens: int
    ) -> int:
        """With its beginning kept where enough of that is new; returns the tokens that are reused."""
        new_tokens = prompt.stable_tokens - computed_tokens
        return self.engine.start(
            seq,
            prompt,
            request.sampling,
            state=state,
            keep_prefix=self._has_states and new_tokens > 0 and new_tokens >= KEPT_NEW_SHARE * prompt.stable_tokens,
            priority=PRIORITIES.index(request.priority),
            session_id=request.session_id,
            deadline_s=request.waits_until_s,
        )

    def _count_start(self, prompt: Prompt, reused_tokens: int, restored_tokens: int) -> None:
        if not prompt.is_estimate:
            self._metrics.started(len(prompt), reused_tokens)
        if self._has_states:
            self._metrics.prefix_looked_up(len(prompt), restored_tokens)

    def _encode(self, request: Request) -> Prompt:
        if isinstance(request.prompt, str):
            return self.engine.encode(request.prompt, None, request.sampling)
        return encode_chat(self.engine, request.prompt, request)[0]

    def _pick_slot(self, prompt: Prompt, kept_tokens: int) -> tuple[int, int]:
        """The free slot that holds most of the prompt, and how many of its tokens.

        Where a kept state has more (`kept_tokens`), what slots hold is of no use, and one beside those in use goes. A
        chat that would be lost by that is saved first.
        """
        held = {seq: common_prefix_length(prompt.tokens, self.engine.cached_tokens(seq)) for seq in self._free}
        seq = max(self._free, key=held.__getitem__)
        if held[seq] <= kept_tokens:
            seq = self._slot_beside_others()
        label = self._kept_chats.pop(seq, None)
        if label is not None and held[seq] < len(self.engine.cached_tokens(seq)):
            self._prefix_cache.add(self.engine.save_state(seq), label, persist=False)
        return seq, held[seq]

    def _slot_beside_others(self) -> int:
        """The longest free one next to one in use, as an engine computes neighbours at once (`LlamaEngine.step`); else
        the longest free one: what it holds is the least likely to be asked for again."""
        beside = (seq for seq in self._free if seq - 1 in self.running or seq + 1 in self.running)
        return next(beside, self._free[0])

    def save_kept_chats(self) -> None:
        """Into the prefix cache, as what free slots hold is about to be overwritten."""
        for seq, label in self._kept_chats.items():
            self._prefix_cache.add(self.engine.save_state(seq), label, persist=False)
        self._kept_chats.clear()

    def _verified(self, match: PrefixMatch, seq: int) -> PrefixState | None:
        """The state, if it was made in this run or gives the logits it was kept with.

        A file may come from another build of the engine or be damaged: a wrong state gives wrong text, not an error.
        """
        if match.verified:
            return match.state
        is_good = self.engine.verify_state(seq, match.state)
        self._prefix_cache.set_verified(match, is_good)
        return match.state if is_good else None

    # -- pausing ---------------------------------------------------------------------------------

    def pause_one(self, now_s: float) -> bool:
        """Makes room for a player: the least urgent and youngest sequence gives way. False: all are as urgent.

        The youngest, because it has the least to lose: its deadline is the farthest and least of it was shown.
        """
        if not self._has_states or not self.running:
            return False
        sequence = max(self.running.values(), key=lambda one: (one.priority_index, one.started_s))
        if sequence.priority_index == 0:
            return False
        self._paused.append(_Paused(sequence, self.engine.pause(sequence.seq), now_s))
        self._release(sequence)
        self._metrics.preemptions.inc()
        return True

    def paused_priority(self, now_s: float) -> int | None:
        """Of the most urgent that is paused; after AGED_S it is as urgent as can be, so that none starves."""
        return min((paused.priority_index(now_s) for paused in self._paused), default=None)

    def resume(self, now_s: float, events: Events) -> None:
        """The most urgent and oldest that is paused goes on in a free slot; one that cannot fails alone."""
        paused = min(self._paused, key=lambda one: (one.priority_index(now_s), one.sequence.started_s))
        self._paused.remove(paused)
        sequence = paused.sequence
        seq = self._slot_beside_others()
        self._kept_chats.pop(seq, None)
        try:
            self.engine.resume(seq, paused.handle, priority=sequence.priority_index)
        except Exception as error:
            events.extend(self._lost(sequence, error, "go on with this request"))
            return
        self._free.remove(seq)
        sequence.seq = seq
        self.running[seq] = sequence

    # -- out -------------------------------------------------------------------------------------

    def advance(self, piece: Piece, now_s: float, events: Events) -> None:
        """A piece becomes deltas, the end of a reply, or a kept state."""
        sequence = self.running.get(piece.seq)
        if sequence is None:  # ended by an earlier piece of this step: a server's stream may bring several at once
            return
        if piece.state is not None:
            self._keep(piece.state, sequence)
            return
        if piece.finish == "failed":
            events.extend(sequence.failed(piece.answer or EngineFailed(piece.error)))
            self._release(sequence)
            return
        self._count(sequence, piece, now_s)
        self._take_report(sequence, piece)
        delta, finish = sequence.feed(piece, now_s)
        if not delta and finish is None:
            return
        # What nobody is shown before its end is looked at once, as a whole: a look at each word costs more than all
        # else that is done with a token.
        is_due = finish is not None or sequence.is_streamed
        verdict = sequence.check(is_whole=finish is not None) if is_due else None
        if verdict is None:
            events.extend(sequence.deltas(delta))
        if verdict is None and finish is None:
            return
        if not piece.finish:  # held back, a stop string or a sentence end: the engine cannot know of any of these
            self.engine.stop(sequence.seq)
        if verdict is not None:
            events.extend(sequence.filtered(verdict))
        elif finish is not None and not is_warm(sequence.requests[0]):
            self._complete(sequence, finish, now_s, events)
        self._release(sequence)

    def _count(self, sequence: Sequence, piece: Piece, now_s: float) -> None:
        """What a piece adds to the metrics. Before `feed`, which notes when it came."""
        if not piece.tokens or is_warm(sequence.requests[0]):
            return
        self._metrics.generation_tokens.value += piece.tokens
        if sequence.last_s is not None:
            self._metrics.inter_token_s.observe(now_s - sequence.last_s)

    def _take_report(self, sequence: Sequence, piece: Piece) -> None:
        """What a server counted takes the place of what was guessed; a counter only grows, so never less of that."""
        sequence.model = piece.model or sequence.model
        if piece.usage is not None:
            more_tokens = piece.usage.completion_tokens - sequence.completion_tokens
            self._metrics.generation_tokens.value += max(0, more_tokens)
            sequence.reported(piece.usage)

    def _keep(self, state: PrefixState, sequence: Sequence) -> None:
        request = sequence.requests[0]
        is_start = request.chat is not None and len(request.chat.messages) <= CHAT_START_TURNS
        self._prefix_cache.add(state, request.label, persist=is_start)
        self._fresh_states.append((sequence, state))

    def share_states(self, events: Events) -> None:
        """Prompts that are still to be computed go on behind what the step has kept of the same beginning. A burst of
        requests to NPCs of one role starts before there is a state of it, and each would compute all of it.

        To be called when all pieces of the step are taken: until then it is not known whose prompt has ended.
        """
        for maker, state in self._fresh_states:
            for sequence in [one for one in self.running.values() if one.first_s is None and one is not maker]:
                common_tokens = common_prefix_length(sequence.prompt.tokens, state.tokens)
                if common_tokens - sequence.reused_tokens >= SHARED_MIN_TOKENS:
                    self._start_behind(sequence, state, common_tokens, events)
        self._fresh_states.clear()

    def _start_behind(self, sequence: Sequence, state: PrefixState, common_tokens: int, events: Events) -> None:
        """Starts it again, where it has not come as far by itself: what it has computed stays in its slot."""
        lead = sequence.requests[0]
        self.engine.stop(sequence.seq)
        own_tokens = len(self.engine.cached_tokens(sequence.seq)) - sequence.reused_tokens
        try:
            reused = self._start_engine(sequence.seq, lead, sequence.prompt, state, common_tokens)
        except Exception as error:
            events.extend(self._lost(sequence, error, "start a request again"))
            self._release(sequence)
            return
        more_tokens = max(0, reused - own_tokens - sequence.reused_tokens)
        sequence.reused_tokens += more_tokens
        if not is_warm(lead):
            self._metrics.shared(more_tokens)

    def _lost(self, sequence: Sequence, error: Exception, what: str) -> Events:
        """Of a sequence that the engine refused, though it had taken it before."""
        lead = sequence.requests[0]
        log.error("the engine could not %s", what, exc_info=error, extra=about(request=lead.id, npc=lead.npc))
        return sequence.failed(EngineFailed(f"the engine could not {what}: {type(error).__name__}"))

    def _complete(self, sequence: Sequence, finish: Finish, now_s: float, events: Events) -> None:
        """Tells everybody who waits; keeps the reply, and the chat that its slot holds.

        The reply is in the cache before its events leave this thread. So a request that arrives later finds it there,
        and one that waits in the queue already finds it in `admit`.
        """
        model = sequence.model or self.engine.info.model
        replies = [
            (request, sequence.reply(request, finish, model=model, now_s=now_s)) for request in sequence.requests
        ]
        entry = sequence.entry(finish, model)
        if entry is not None:
            self._cache.put(sequence.key, entry, sequence.requests[0].variants)
        events.extend(replies)
        self._metrics.guarded(sequence.guard_reasons)
        if not sequence.embedding:  # which says nothing of how long words take
            self._latency.replied(sequence.prompt_tokens - sequence.reused_tokens, sequence.completion_tokens)
        holds_more = len(self.engine.cached_tokens(sequence.seq)) > sequence.prompt.stable_tokens
        if self._has_states and sequence.is_client_chat and holds_more:
            self._kept_chats[sequence.seq] = sequence.requests[0].label

    def drop(self, is_unwanted: Callable[[Request], bool]) -> list[Request]:
        """Takes unwanted requests off their sequences; one that nobody waits for is freed at once, paused or not."""
        return self._drop(lambda _, request: is_unwanted(request))

    def drop_late(self, now_s: float) -> list[Request]:
        """As `drop`, those whose deadline has passed, and those that another mind is to be asked for."""
        return self._drop(lambda sequence, request: sequence.is_late(request, now_s))

    def _drop(self, is_unwanted: Callable[[Sequence, Request], bool]) -> list[Request]:
        dropped: list[Request] = []
        for sequence in list(self._all()):
            unwanted = [request for request in sequence.requests if is_unwanted(sequence, request)]
            if not unwanted:
                continue
            dropped += unwanted
            sequence.requests = [request for request in sequence.requests if not is_unwanted(sequence, request)]
            if sequence.requests:
                continue
            if self.running.get(sequence.seq) is sequence:
                self.engine.stop(sequence.seq)
                self._release(sequence)
            else:
                self._paused = [paused for paused in self._paused if paused.sequence is not sequence]
        return dropped

    def clear(self) -> list[Request]:
        """Forgets all, as the engine is gone; returns who waited."""
        rest = [request for sequence in self._all() for request in sequence.requests]
        self.running.clear()
        self._paused.clear()
        return rest

    def _all(self) -> Iterator[Sequence]:
        yield from self.running.values()
        for paused in self._paused:
            yield paused.sequence

    def _release(self, sequence: Sequence) -> None:
        if sequence.prompt.is_estimate:  # counted now, when the server has told what it was, or will tell no more
            self._metrics.started(sequence.prompt_tokens, sequence.reused_tokens)
        del self.running[sequence.seq]
        self._free.append(sequence.seq)
