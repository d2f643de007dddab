"""One running sequence and everybody who waits for its text: the asker and the coalesced that joined.

Engine thread only. Pure: engine pieces and times come in, deltas, replies and a cache entry go out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from llm_agentd.cache import CacheEntry
from llm_agentd.engines.base import Piece
from llm_agentd.errors import Filtered
from llm_agentd.moderation.moderator import Moderator, Verdict
from llm_agentd.prompt.actions import parse_action
from llm_agentd.scheduler.reply_json import JsonAssembler
from llm_agentd.scheduler.reply_text import TextAssembler
from llm_agentd.types import PRIORITIES, Delta, Finish, Peer, Reply, Request, Timing, Usage


@dataclass(slots=True)
class Sequence:
    """`requests[0]` asked first; `joined` holds who came later. `first_s`: when the first piece came."""

    seq: int
    requests: list[Request]
    assembler: TextAssembler | JsonAssembler
    prompt_tokens: int
    stable_tokens: int
    reused_tokens: int
    started_s: float
    first_s: float | None = None
    completion_tokens: int = 0
    joined: set[tuple[Peer, str]] = field(default_factory=set)
    moderator: Moderator | None = None  # None: nobody is told what needs a look

    @classmethod
    def begin(
        cls,
        request: Request,
        *,
        seq: int,
        prompt_tokens: int,
        stable_tokens: int,
        reused_tokens: int,
        now_s: float,
        moderator: Moderator | None = None,
    ) -> Sequence:
        live = cls(seq, [request], _assembler(request), prompt_tokens, stable_tokens, reused_tokens, now_s)
        live.moderator = moderator if request.moderation else None
        return live

    @property
    def key(self) -> bytes:
        return self.requests[0].key

    @property
    def rank(self) -> int:
        """0 is the most urgent of those who wait."""
        return min(PRIORITIES.index(request.priority) for request in self.requests)

    @property
    def is_chat(self) -> bool:
        """A client's own conversation: its next turn begins with all of this one."""
        return self.requests[0].op == "infer" and self.requests[0].messages is not None

    def join(self, request: Request) -> list[tuple[Request, Delta]]:
        """A twin waits along; what was shown so far is its first delta."""
        self.requests.append(request)
        self.joined.add((request.peer, request.id))
        text = self.assembler.text
        return [(request, Delta(text))] if text and request.stream else []

    def feed(self, piece: Piece, now_s: float) -> tuple[str, Finish | None]:
        """New text, and how the sequence ended if it did."""
        if self.first_s is None:
            self.first_s = now_s
        self.completion_tokens += piece.tokens
        delta = self.assembler.feed(piece.data, piece.tokens)
        if not piece.finish and not self.assembler.finished:
            return delta, None
        last, finish = self.assembler.end("length" if piece.finish == "length" else "stop")
        return delta + last, finish

    def offence(self, finish: Finish | None) -> Verdict | None:
        """What moderation holds back of the text so far: nothing of it that is new was shown yet."""
        if self.moderator is None:
            return None
        text = self.assembler.text
        return self.moderator.offence(text, self.action()) if finish else self.moderator.offence_in_part(text)

    def filtered(self, verdict: Verdict) -> list[tuple[Request, Filtered]]:
        """What everybody who waits is told in the place of the reply."""
        text, moderator = self.assembler.text, self.moderator
        return [
            (one, moderator.hold_back("out", one.moderation, text, verdict))
            for one in self.requests
            if moderator and one.moderation
        ]

    def deltas(self, text: str) -> list[tuple[Request, Delta]]:
        return [(request, Delta(text)) for request in self.requests if request.stream] if text else []

    def action(self) -> dict[str, Any] | None:
        """What the reply asks to be done, where that was asked for and is allowed; None while words still come."""
        if not isinstance(self.assembler, JsonAssembler):
            return None
        return parse_action(self.assembler.raw, self.requests[0].actions)

    def reply(self, request: Request, finish: Finish, *, model: str, now_s: float) -> Reply:
        """What `request`, the asker or a twin, is told at the end. A twin's times begin when it came."""
        began_s = max(self.started_s, request.arrived_s)
        first_s = max(self.first_s or now_s, began_s)
        joined = (request.peer, request.id) in self.joined
        return Reply(
            text=self.assembler.text,
            finish=finish,
            cache="joined" if joined else "off" if request.cache == "off" else "miss",
            model=model,
            action=self.action(),
            usage=Usage(self.prompt_tokens, self.reused_tokens, self.completion_tokens),
            timing_ms=Timing(
                queue=to_ms(began_s - request.arrived_s),
                prefill=to_ms(first_s - began_s),
                decode=to_ms(now_s - first_s),
                total=to_ms(now_s - request.arrived_s),
            ),
            lang=request.lang,
        )

    def entry(self, finish: Finish, model: str) -> CacheEntry | None:
        """What the cache keeps; None for what nobody should be told again."""
        first = self.requests[0]
        if first.cache == "off" or (first.whole_sentences and finish == "length"):
            return None
        return CacheEntry(
            text=self.assembler.text,
            finish=finish,
            model=model,
            action=self.action(),
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            role=first.label,
            prompt=first.prompt or "\n".join(message.content for message in first.messages or ()),
        )


def _assembler(request: Request) -> TextAssembler | JsonAssembler:
    stop, whole_sentences = request.sampling.stop, request.whole_sentences
    if not request.actions:
        return TextAssembler(stop=stop, whole_sentences=whole_sentences, max_tokens=request.sampling.max_tokens)
    return JsonAssembler(
        stop=stop,
        whole_sentences=whole_sentences,
        max_tokens=request.words_max_tokens,
        max_chars=request.words_max_chars,
    )


def known(request: Request, entry: CacheEntry, now_s: float) -> Reply:
    """The reply of a request whose text got into the cache while it waited."""
    waited_ms = to_ms(now_s - request.arrived_s)
    return Reply(
        text=entry.text,
        finish=entry.finish,
        cache="hit",
        model=entry.model,
        action=entry.action,
        usage=Usage(entry.prompt_tokens, 0, entry.completion_tokens),
        timing_ms=Timing(queue=waited_ms, total=waited_ms),
        lang=request.lang,
    )


def to_ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
