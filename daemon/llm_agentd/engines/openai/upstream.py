"""One server of the pool: its target with the key as it is now, its breaker, and how much it does. The event loop's.

How an answer counts for the breaker is decided here; which server is asked, and whether again, in `pool.py`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from llm_agentd.config.remote import Upstream as UpstreamConfig
from llm_agentd.engines.openai.breaker import Breaker, Ticket
from llm_agentd.engines.openai.target import Target, UpstreamError
from llm_agentd.engines.openai.token_bound import PromptBounds
from llm_agentd.errors import StartError
from llm_agentd.util.key_source import KeyProblem, KeySource

RESTED_S = 2.0  # after a 429 without Retry-After, of a queue that is full: some calls will have ended
FAIR_TIMEOUT_S = 2.0  # a server that had less time than this is not to blame
REFUSALS = (401, 402, 403, 404)  # an admin must mend the key, the account, its rights, or model's name and address


@dataclass(slots=True)
class Upstream:
    """`name`: unique among those of a pool; metrics and messages have it."""

    name: str
    base_url: str
    model: str
    max_parallel: int
    key: KeySource
    ca_file: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    context_tokens: int = 0  # 0: as the server says
    breaker: Breaker = field(default_factory=Breaker)
    running: int = 0
    picked: int = 0  # when it was chosen last, in calls of the pool
    bounds: PromptBounds = field(default_factory=PromptBounds)
    has_told_more: bool = False

    @property
    def load(self) -> float:
        """Share of what it may be sent at once."""
        return self.running / self.max_parallel

    @property
    def is_full(self) -> bool:
        return self.running >= self.max_parallel

    def target(self) -> Target:
        """With the key as it is now. Raises KeyProblem."""
        key = self.key.read()
        return Target(
            self.base_url,
            self.model,
            api_key=key,
            ca_file=self.ca_file,
            options=self.options,
            context_tokens=self.context_tokens,
        )

    def is_ready(self, now_s: float) -> bool:
        """Whether it may be asked now, or it was refused with a key that is another by now. Any thread."""
        return self.breaker.is_ready(now_s) or (self.breaker.state() == "open" and self.key.has_changed)

    def acquire(self, now_s: float) -> Ticket | None:
        """None: it is not to be asked now."""
        if self.breaker.state() == "open" and self.key.has_changed:
            self.breaker.reset()
        return self.breaker.acquire(now_s)

    def note_failure(self, ticket: Ticket, error: UpstreamError, now_s: float, given_s: float) -> None:
        """Tells the breaker of a try that was given `given_s` seconds."""
        reason = self.reason_of(error)
        is_used_up = error.status == 429 and not error.is_retryable  # what was paid for, not what a minute allows
        if error.kind == "tls" or error.status in REFUSALS or is_used_up:
            self.breaker.refused(ticket, now_s, reason)
        elif error.status == 429 or error.retry_after_s is not None:
            self.breaker.rest(ticket, now_s, RESTED_S if error.retry_after_s is None else error.retry_after_s, reason)
        elif error.kind == "status" and error.status is not None and error.status < 500 and error.status != 408:
            self.breaker.succeeded(ticket)  # it is there, and this one call is not to its liking
        elif error.kind == "timeout" and given_s < FAIR_TIMEOUT_S:
            self.breaker.abandoned(ticket)
        else:
            self.breaker.failed(ticket, now_s, reason)

    def reason_of(self, error: UpstreamError) -> str:
        """What is wrong, and where an admin can mend it, the cure. A refusal is told in our words alone: some servers
        repeat the key, or parts of it.
        """
        key = self.key.place
        if error.status == 401:
            cure = f"write a valid key into {key}" if key else "it wants one: set api_key_env or api_key_file for it"
            return f"{self.name} does not accept the key (401): {cure}"
        if error.status == 402:
            return f"{self.name} wants to be paid (402): look at the account of the key in {key or 'use'}"
        if error.status == 403:
            return f"{self.name} refuses the model {self.model} (403): give the key in {key or 'use'} the right to it"
        if error.status == 404:
            return f"{error.message}: correct model ({self.model}) or base_url of the upstream {self.name}"
        return error.message


def upstreams_of(configured: Iterable[UpstreamConfig], environ: Mapping[str, str] = os.environ) -> list[Upstream]:
    """With a name for each: its own, or host and port, numbered where several have the same."""
    found: list[Upstream] = []
    for one in configured:
        name = one.name or one.place
        taken = {upstream.name for upstream in found}
        number = 2
        while name in taken:
            name = f"{one.place}#{number}"
            number += 1
        key = KeySource(variable=one.api_key_env, file=one.api_key_file, environ=environ)
        found.append(
            Upstream(
                name=name,
                base_url=one.base_url,
                model=one.model,
                max_parallel=one.max_parallel,
                key=key,
                ca_file=str(one.ca_file or ""),
                options=one.options,
                context_tokens=one.context_tokens or 0,
            )
        )
    return found


def require_keys(configured: Iterable[UpstreamConfig], environ: Mapping[str, str] = os.environ) -> None:
    """Raises StartError where a key that is configured is not there."""
    for index, one in enumerate(upstreams_of(configured, environ)):
        try:
            one.key.read()
        except KeyProblem as problem:
            raise StartError(f"remote.upstreams[{index}] ({one.name}): {problem}") from None
