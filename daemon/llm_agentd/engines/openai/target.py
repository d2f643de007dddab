"""What is asked of a server that speaks OpenAI's protocol, what comes back, and how it fails.

Shapes alone, shared by transport, pool, budget and engine. Imports types only. A key is in no repr and no message.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

from llm_agentd.types import Message, Sampling

# "connect": nobody answers there. "tls": its certificate is not to be believed. "timeout": no answer, or no whole one,
# in time. "status": it refuses, by status or by an error in the stream. "garbage": what it says is not the protocol.
# "cut": the stream ended or broke before the reply did.
FailureKind: TypeAlias = Literal["connect", "tls", "timeout", "status", "garbage", "cut"]


@dataclass(frozen=True, slots=True)
class Target:
    """One model of one server. `base_url`: with `/v1`, without a slash at its end. `ca_file`: "" is the system's.

    `options`: more fields for the body of each call, as the admin wrote them; they win over ours. `context_tokens`: as
    the admin says; 0 is as the server does.
    """

    base_url: str
    model: str
    api_key: str = field(default="", repr=False)
    ca_file: str = ""
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)
    context_tokens: int = 0

    @property
    def place(self) -> str:
        """Where it is, for people: without a name and password that somebody wrote into the URL."""
        parts = urlsplit(self.base_url)
        return parts.netloc.rpartition("@")[2] + parts.path


@dataclass(frozen=True, slots=True)
class Call:
    """One generation, of messages or of a raw prompt. `timeout_s`: for the whole of it, all tries together.

    With `sampling.max_tokens` 0 it is the prompt's embedding that is wanted.

    `patience_s`: how long whoever asked waits for it: no other try begins after that. What runs goes on, as somebody
    else may have joined who waits longer.
    """

    messages: tuple[Message, ...] | None
    prompt: str | None
    sampling: Sampling
    session_id: str = ""  # calls of one NPC or role share a beginning: a router sends them to the same replica
    timeout_s: float = 60.0
    patience_s: float = inf


@dataclass(frozen=True, slots=True)
class ReportedUsage:
    """Tokens as the server counted them. `cached_tokens`: of the prompt, those that it had computed before."""

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Chunk:
    """New text, or the end: the last chunk has `finish`, no text, and what the server told of usage and model.

    Where the server tells `usage` on the way, each chunk has what was used up to it.
    """

    text: str = ""
    finish: Literal["", "stop", "length"] = ""
    usage: ReportedUsage | None = None
    model: str = ""
    embedding: tuple[float, ...] = ()  # in the place of text, where none was asked for


class UpstreamError(Exception):
    """A call that failed. `message` is for people and holds no key; `is_retryable`: another try may do better.

    `retry_after_s`: what the server asks for. `is_over_context`: the prompt is longer than the model's context.
    """

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        *,
        status: int | None = None,
        retry_after_s: float | None = None,
        is_retryable: bool = False,
        is_over_context: bool = False,
    ) -> None:
        super().__init__(message)
        self.kind: FailureKind = kind
        self.message = message
        self.status = status
        self.retry_after_s = retry_after_s
        self.is_retryable = is_retryable
        self.is_over_context = is_over_context
