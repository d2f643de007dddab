"""One running sequence and the requests that wait for its text: the first, and those coalesced with it.

Coalesced requests are those with the same cache key: they would be given the same reply, so one sequence serves them.
Engine thread only, but for `cached_reply`. Pure: engine pieces and times come in, deltas, replies and a cache entry go
out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from llm_agentd.cache import CacheEntry, CompletionCache
from llm_agentd.engines.base import Piece, Prompt
from llm_agentd.errors import AgentdError
from llm_agentd.moderation.moderator import TAIL_CHARS as MODERATED_CHARS
from llm_agentd.moderation.moderator import Moderator, Verdict
from llm_agentd.prompt.actions import bind_action, parse_action, unbound_action
from llm_agentd.prompt.placeholders import fill
from llm_agentd.scheduler.guard import SpeechGuard
from llm_agentd.scheduler.reply_json import JsonAssembler
from llm_agentd.scheduler.reply_text import TextAssembler
from llm_agentd.types import PRIORITIES, Delta, Explanation, Finish, Peer, Reply, Request, Timing, Usage

Event: TypeAlias = Delta | Reply | Explanation | AgentdError  # all but Delta are the last of a request
TAIL_CHARS = 16  # of what was shown before, as far as it decides whether a word begins a sentence
STALL_S = 1.0  # without a new piece for so long, a text does not flow; a slow model gives several in it
STALL_SHARE = 0.5  # or for so much of the time that another mind would have, where that is less
CHECKED_CHARS = 4 * MODERATED_CHARS  # of a growing reply, which is checked at each piece: names may take the rest
Events: TypeAlias = list[tuple[Request, Event]]


@dataclass(slots=True)
class Sequence:
    """`requests[0]` came first, the others are coalesced. `first_s`, `last_s`: when the first and the last piece came.

    `moderator` None: nobody's reply is checked.
    """

    seq: int
    requests: list[Request]
    assembler: TextAssembler | JsonAssembler
    prompt: Prompt
    prompt_tokens: int  # as its engine or a server counts them
    reused_tokens: int
    started_s: float
    first_s: float | None = None
    last_s: float | None = None
    completion_tokens: int = 0
    action: dict[str, Any] | None = None  # what the reply asks to be done; known at its end
    joined: set[tuple[Peer, str]] = field(default_factory=set)
    moderator: Moderator | None = None
    model: str = ""  # that says it has answered; "": the one of the engine
    embedding: tuple[float, ...] = ()

    @property
    def key(self) -> bytes:
        return self.requests[0].key

    @property
    def priority_index(self) -> int:
        """Of the most urgent who waits; 0 is the most urgent of all."""
        return min(PRIORITIES.index(request.priority) for request in self.requests)

    @property
    def is_client_chat(self) -> bool:
        """A client's own conversation: its next turn begins with all of this one."""
        first = self.requests[0]
        return first.op == "infer" and first.chat is not None and first.slots is None

    @property
    def cut(self) -> str:
        """Why the guard ended the reply; "" where it did not. A reply that was cut is given once and not kept."""
        return self.assembler.cut if isinstance(self.assembler, JsonAssembler) else ""

    @property
    def guard_reasons(self) -> frozenset[str]:
        return self.assembler.reasons if isinstance(self.assembler, JsonAssembler) else frozenset()

    def is_late(self, request: Request, now_s: float) -> bool:
        """Its deadline has passed. Or there is another mind for it, which would say nothing again: nothing was shown,
        and no text comes.
        """
        if now_s < request.waits_until_s:
            return False
        if now_s >= request.deadline_s:
            return True
        is_shown = request.stream and bool(self.assembler.text)
        stall_s = min(STALL_S, STALL_SHARE * (request.deadline_s - request.hand_on_s))
        return not is_shown and (self.last_s is None or now_s - self.last_s >= stall_s)

    @property
    def is_streamed(self) -> bool:
        """Somebody is shown the reply while it grows."""
        return any(request.stream for request in self.requests)

    def join(self, request: Request) -> Events:
        """One more waits for the same reply; what was shown so far is its first delta.

        Where nobody was shown anything, nothing was looked at yet: what moderation holds back is not joined, and ends
        for the others with the whole reply.
        """
        if request.stream and not self.is_streamed and (verdict := self.check(is_whole=True)) is not None:
            return self._held_back([request], verdict)
        self.requests.append(request)
        self.joined.add((request.peer, request.id))
        text = filled(self.assembler.text, request)
        return [(request, Delta(text, may_act(request)))] if text and request.stream else []

    def feed(self, piece: Piece, now_s: float) -> tuple[str, Finish | None]:
        """New text, and how the sequence ended if it did."""
        if self.first_s is None:
            self.first_s = now_s
        self.last_s = now_s
        self.completion_tokens += piece.tokens
        self.embedding = piece.embedding
        delta = self.assembler.feed(piece.data, piece.tokens)
        if not piece.finish and not self.assembler.finished:
            return delta, None
        last, finish = self.assembler.end("length" if piece.finish == "length" else "stop")
        first = self.requests[0]
        if first.output.actions and isinstance(self.assembler, JsonAssembler):
            raw = self.assembler.raw
            self.action = unbound_action(raw) if first.slots else parse_action(raw, first.output.actions)
        return delta + last, finish

    def reported(self, usage: Usage) -> None:
        """What a server counted holds in the place of what was guessed."""
        self.prompt_tokens, self.reused_tokens = usage.prompt_tokens, usage.reused_tokens
        self.completion_tokens = usage.completion_tokens

    def check(self, *, is_whole: bool) -> Verdict | None:
        """What moderation holds back of the text so far. Called before anything of it that is new is shown."""
        if self.moderator is None:
            return None
        first = self.requests[0]
        text = self.assembler.text if is_whole else self.assembler.text[-CHECKED_CHARS:]
        text, action = filled(text, first), bound(self.action, first)
        rules = first.moderation.rules if first.moderation else None
        return self.moderator.check_out(text, action, is_whole=is_whole, tag=rules)

    def filtered(self, verdict: Verdict) -> Events:
        """What all its requests get in the place of the reply."""
        return self._held_back(self.requests, verdict)

    def _held_back(self, requests: Iterable[Request], verdict: Verdict) -> Events:
        moderator = self.moderator
        return [
            (request, moderator.hold_back("out", request.moderation, filled(self.assembler.text, request), verdict))
            for request in requests
            if moderator and request.moderation
        ]

    def deltas(self, text: str) -> Events:
        before = self.assembler.text[-len(text) - TAIL_CHARS :].removesuffix(text)
        return [
            (request, Delta(filled(text, request, filled(before, request)), may_act(request)))
            for request in self.requests
            if request.stream and text
        ]

    def failed(self, error: AgentdError) -> Events:
        return [(request, error) for request in self.requests]

    def reply(self, request: Request, finish: Finish, *, model: str, now_s: float) -> Reply:
        """The reply to `request`. The times of a coalesced one begin when it came."""
        began_s = max(self.started_s, request.arrived_s)
        first_s = max(self.first_s or now_s, began_s)
        joined = (request.peer, request.id) in self.joined
        return Reply(
            text=filled(self.assembler.text, request),
            finish=finish,
            cache="joined" if joined else "off" if request.cache == "off" else "miss",
            model=model,
            action=bound(self.action, request),
            usage=Usage(self.prompt_tokens, self.reused_tokens, self.completion_tokens),
            timing_ms=Timing(
                queue=to_ms(began_s - request.arrived_s),
                prefill=to_ms(first_s - began_s),
                decode=to_ms(now_s - first_s),
                total=to_ms(now_s - request.arrived_s),
            ),
            lang=request.lang,
            cut=self.cut,
            matched=is_matched(self.assembler.text, self.action, request),
            raw=self.assembler.raw if isinstance(self.assembler, JsonAssembler) else "",
            embedding=self.embedding,
        )

    def entry(self, finish: Finish, model: str) -> CacheEntry | None:
        """What the cache keeps; None for a reply that must not be given again."""
        first = self.requests[0]
        if first.cache == "off" or self.cut or (first.output.whole_sentences and finish == "length"):
            return None
        return CacheEntry(
            text=self.assembler.text,
            finish=finish,
            model=model,
            action=self.action,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            role=first.label,
            prompt=_prompt_text(first),
        )


def _prompt_text(request: Request) -> str:
    """For people who look into the cache with `llm-agentd dump`."""
    if isinstance(request.prompt, str):
        return request.prompt
    return "\n".join(message.content for message in request.prompt.messages)


def make_assembler(request: Request) -> TextAssembler | JsonAssembler:
    """The reader of what comes. A `think` may come in the JSON form even where no action was offered, as models that
    were trained on it write it unasked: its words are taken out, so that no brace ever reaches the chat; and whatever
    model wrote them, they pass the guard."""
    stop, output = request.sampling.stop, request.output
    if not output.whole_sentences:  # an `infer`: its text is the client's own business
        is_moderated = request.moderation is not None
        return TextAssembler(stop=stop, whole_words=is_moderated, max_tokens=request.sampling.max_tokens)
    return JsonAssembler(
        stop=stop,
        whole_sentences=True,
        max_tokens=output.words_max_tokens or request.sampling.max_tokens,
        max_chars=output.words_max_chars,
        has_action=bool(output.actions),
        guard=SpeechGuard(request.speakers),
    )


def cached_reply(cache: CompletionCache, request: Request, waited_s: float) -> Reply | None:
    """The kept reply to `request`; None: it must be generated. The one place that looks into the cache for requests.
    `waited_s`: since it came.

    Called twice in the life of a request that misses. On arrival, by the router thread (step 5 of
    `server/pipeline/`): a hit must not wait for the engine thread, which is in the middle of a step and runs at a low
    CPU priority. And when its turn has come, by the engine thread (`Batch.admit`): while it waited, another with the
    same key may have been answered and be gone, so that there is no sequence left to join.
    """
    if request.cache != "use":
        return None
    entry = cache.get(request.key, request.variants)
    if entry is None:
        return None
    waited_ms = to_ms(waited_s)
    return Reply(
        text=filled(entry.text, request),
        finish=entry.finish,
        cache="hit",
        model=entry.model,
        action=bound(entry.action, request),
        usage=Usage(entry.prompt_tokens, 0, entry.completion_tokens),
        timing_ms=Timing(queue=waited_ms, total=waited_ms),
        lang=request.lang,
        matched=is_matched(entry.text, entry.action, request),
    )


def filled(text: str, request: Request, before: str = "") -> str:
    """The words for this request: coalesced and kept replies hold placeholders, and each player has names of their
    own.
    """
    return fill(text, request.slots.words, before) if request.slots else text


def bound(action: dict[str, Any] | None, request: Request) -> dict[str, Any] | None:
    """The action for this request, with its own values."""
    return bind_action(action, request.output.actions, request.slots) if request.slots else action


def may_act(request: Request) -> bool:
    """Whether an action may come behind its words; an `infer` has none, and nobody asks."""
    return request.op != "think" or bool(request.output.actions)


def is_matched(text: str, action: dict[str, Any] | None, request: Request) -> bool:
    """Whether the words, as they were written, are a line that the model's own data has for this very action."""
    return bound(action, request) is not None and text in request.output.lines


def to_ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
