"""A daemon with two minds inside a test: two stub engines with models and fingerprints of their own, and the faults
that a server elsewhere or an engine here may have.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from llm_agentd.config.remote import Policy
from llm_agentd.engines.base import Engine, Piece, Prompt
from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.errors import StartError
from llm_agentd.scheduler.request_queue import RequestQueue
from llm_agentd.server.daemon import Remote
from llm_agentd.server.request_builder import RequestDefaults
from llm_agentd.types import Message, Sampling
from tests.support.daemon_in_process import InProcess

NPC = {"id": "1", "name": "Mira", "role": "healer"}
ROLE = "healer"
PATIENCE_MS = 30_000  # on a busy machine no share of it passes by itself; tests of deadlines name their own
LOCAL, REMOTE = "model-here", "model-there"
WORDS = ("Well ", "met, ", "Ana.")


@dataclass
class Rules:
    policy: Policy = "fallback"
    quality_intents: tuple[str, ...] = ()
    quality_roles: tuple[str, ...] = (ROLE,)


class Mind(StubEngine):
    """Says WORDS and its model's name. What is wrong with it, from the next step on:

    `fails`: each of its sequences; `breaks_off`: after the first words; `hangs`: nothing comes any more, and its loop
    turns on, as that of a server which does not answer. While `is_free` is cleared its step does not return.
    """

    def __init__(self, model: str, words: Sequence[str] = WORDS, **options: Any) -> None:
        super().__init__(model_id=model, script=lambda _: [*map(str.encode, words), f" {model}.".encode()], **options)
        self.fails = self.breaks_off = self.hangs = self.has_grammar = False
        self.is_free = threading.Event()
        self.is_free.set()
        self.entered = threading.Event()
        self.started: list[str] = []  # prompts
        self.stopped = 0
        self._sent: dict[int, int] = {}

    def encode(self, prompt: str | None, messages: Sequence[Message] | None, sampling: Sampling) -> Prompt:
        return super().encode(prompt, messages, replace(sampling, grammar=None) if self.has_grammar else sampling)

    def start(self, seq: int, prompt: Prompt, sampling: Sampling, **options: Any) -> int:
        reused = super().start(seq, prompt, sampling, **options)
        self._sent[seq] = 0
        self.started.append(self._active[seq].text)
        return reused

    def step(self) -> list[Piece]:
        self.entered.set()
        self.is_free.wait()
        if self.hangs:
            time.sleep(0.01)
            return []
        return [self._spoilt(piece) for piece in super().step()]

    def _spoilt(self, piece: Piece) -> Piece:
        if piece.state is not None:
            return piece
        self._sent[piece.seq] += 1
        if self.fails or (self.breaks_off and self._sent[piece.seq] > 2):
            super().stop(piece.seq)
            return Piece(piece.seq, tokens=0, finish="failed", error="the server broke off")
        return piece

    def stop(self, seq: int) -> None:
        self.stopped += seq in self._active
        super().stop(seq)


def _unopenable() -> Engine:
    raise StartError("model.path: there is no such file")


@dataclass
class TwoMinds:
    """`problem`: why the remote mind can be asked nothing; `is_over_budget`: whether that is the reason."""

    endpoint: str
    rules: Rules = field(default_factory=Rules)
    local: Mind = field(default_factory=lambda: Mind(LOCAL))
    remote: Mind = field(default_factory=lambda: Mind(REMOTE))
    problem: str = ""
    is_over_budget: bool = False
    has_local: bool = True
    stats: dict[str, Any] = field(default_factory=dict)

    def mind(self, name: str) -> Mind:
        return self.local if name == "local" else self.remote

    def daemon(self, *, remote_queue_max: int = 64, **options: Any) -> InProcess:
        open_local: Callable[[], Engine] = (lambda: self.local) if self.has_local else _unopenable
        return InProcess(
            self.endpoint,
            engine=open_local,
            defaults=RequestDefaults(timeout_ms=PATIENCE_MS),
            remote=Remote(
                open_engine=lambda: self.remote,
                queue=RequestQueue(size=8, window_s=0.0, queue_max=remote_queue_max),
                rules=self.rules,
                not_ready=lambda: self.problem,
                is_over_budget=lambda: self.is_over_budget,
                stats=lambda: self.stats,
            ),
            **options,
        )
