"""OpenAI's objects out of the wire's records: a chat's or a text's, whole or as the chunks of a stream.

Pure. What differs between the two routes is in `Kind`.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from llm_agentd.client.records import Record
from llm_agentd.errors import Filtered

FILTERED = "content_filter"
FINISHES = {"stop": "stop", "sentence": "stop", "length": "length"}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a generation ended: a `done`, or what moderation held back, of which `text` is the line to show instead."""

    text: str
    finish: str
    model: str
    usage: dict[str, Any]
    is_filtered: bool


def ended(record: Record, model: str) -> Ended | None:
    """`model`: the one that was asked. None: it failed."""
    if record.get("event") == "done":
        finish = FINISHES.get(str(record["finish"]), "stop")
        return Ended(record["text"], finish, record["model"], _usage(record["usage"]), is_filtered=False)
    if record.get("code") == Filtered.code:
        return Ended(str(record.get("text") or ""), FILTERED, model, _usage({}), is_filtered=True)
    return None


def _usage(usage: Mapping[str, int]) -> dict[str, Any]:
    prompt, completion = usage.get("prompt_tokens", 0), usage.get("completion_tokens", 0)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": usage.get("reused_tokens", 0)},
    }


@dataclass(frozen=True, slots=True)
class Kind:
    """`chat.completion` or `text_completion`."""

    name: str
    chunk_name: str
    id_prefix: str
    is_chat: bool

    def whole(self, end: Ended) -> dict[str, Any]:
        said: dict[str, Any] = {"text": end.text}
        if self.is_chat:
            said = {"message": {"role": "assistant", "content": end.text, "refusal": None}}
        return {
            **self._head(self.name, end.model),
            "choices": [{"index": 0, **said, "logprobs": None, "finish_reason": end.finish}],
            "usage": end.usage,
        }

    def _head(self, name: str, model: str) -> dict[str, Any]:
        return {
            "id": self.id_prefix + secrets.token_hex(12),
            "object": name,
            "created": int(time.time()),
            "model": model,
        }


CHAT = Kind("chat.completion", "chat.completion.chunk", "chatcmpl-", is_chat=True)
TEXT = Kind("text_completion", "text_completion", "cmpl-", is_chat=False)


@dataclass(slots=True)
class Chunks:
    """The chunks of one stream. `shown`: all text that was in them."""

    kind: Kind
    model: str
    includes_usage: bool
    shown: str = ""
    _head: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self._head = self.kind._head(self.kind.chunk_name, self.model)

    def first(self) -> Iterator[dict[str, Any]]:
        if self.kind.is_chat:
            yield self._chunk({"delta": {"role": "assistant", "content": ""}})

    def text(self, text: str) -> Iterator[dict[str, Any]]:
        if text:
            self.shown += text
            yield self._chunk({"delta": {"content": text}} if self.kind.is_chat else {"text": text})

    def last(self, end: Ended) -> Iterator[dict[str, Any]]:
        """What of the answer was not shown yet, how it ended, and the usage where that is wanted."""
        if not end.is_filtered:
            yield from self.text(end.text[len(self.shown) :])
        elif not self.shown:  # behind words that were shown, the line for moderation's place would make no sense
            yield from self.text(end.text)
        self._head["model"] = end.model
        yield self._chunk({"delta": {}} if self.kind.is_chat else {"text": ""}, end.finish)
        if self.includes_usage:
            yield {**self._head, "choices": [], "usage": end.usage}

    def _chunk(self, said: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, **said, "logprobs": None, "finish_reason": finish}
        return {**self._head, "choices": [choice], **({"usage": None} if self.includes_usage else {})}
