"""Reads what a server answers: events of a stream, or one JSON object, into text and the end of a reply. Pure.

Servers differ, and this is lenient where nothing is lost by it: choices may be missing or empty (a chunk with usage),
content may be null or a list of parts, thoughts may come in fields of their own. An error inside a stream, and what is
no JSON, is an UpstreamError.
"""

from __future__ import annotations

import json
from typing import Any, Literal

import orjson

from llm_agentd.engines.openai.api.problem import Problem, read_problem
from llm_agentd.engines.openai.api.thoughts import ThoughtFilter
from llm_agentd.engines.openai.target import Chunk, ReportedUsage, UpstreamError
from llm_agentd.util.surrogates import repair_surrogates

_THOUGHT_FIELDS = ("reasoning_content", "reasoning", "thinking")


class ReplyReader:
    """`feed` each event, or the one object; `end` once. `thinks_first`: see ThoughtFilter."""

    def __init__(self, *, thinks_first: bool = False) -> None:
        self._thoughts = ThoughtFilter(is_thinking=thinks_first)
        self._finish: Literal["", "stop", "length"] = ""
        self._usage: ReportedUsage | None = None
        self._model = ""
        self._half = ""  # the first half of a surrogate pair, which some servers cut between two chunks
        self._has_text = False
        self._has_thought = False

    @property
    def is_finished(self) -> bool:
        """The server told why the reply ends; usage may still come."""
        return bool(self._finish)

    @property
    def usage(self) -> ReportedUsage | None:
        """As far as it was told; some servers tell it on the way."""
        return self._usage

    @property
    def closed_unopened(self) -> bool:
        return self._thoughts.closed_unopened

    def feed(self, event: bytes) -> str:
        """Text that is new in an event, or in the one object of an answer that is no stream."""
        answer = _parse(event)
        if answer.get("error"):
            raise _failure(read_problem(answer))
        self._model = str(answer.get("model") or "") or self._model
        self._usage = _usage(answer) or self._usage
        choices = answer.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else {}
        if not isinstance(choice, dict):
            raise UpstreamError("garbage", "a choice that is no object", is_retryable=True)
        said = choice.get("delta") or choice.get("message") or {}
        if not isinstance(said, dict):
            raise UpstreamError("garbage", "a delta that is no object", is_retryable=True)
        self._has_thought = self._has_thought or any(said.get(name) for name in _THOUGHT_FIELDS)
        text = self._thoughts.feed(self._whole_characters(_text(said.get("content", choice.get("text")))))
        self._note_finish(choice.get("finish_reason"))
        self._has_text = self._has_text or bool(text)
        return text

    def _whole_characters(self, text: str) -> str:
        text, self._half = self._half + text, ""
        if "\ud800" <= text[-1:] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return repair_surrogates(text)

    def _note_finish(self, reason: Any) -> None:
        if reason == "content_filter":
            raise UpstreamError("status", "the server's own content filter stopped the reply")
        if reason == "error":
            raise UpstreamError(
                "cut", "the server broke off the reply and says no more than `error`", is_retryable=True
            )
        if reason:
            self._finish = "length" if reason in ("length", "max_tokens") else "stop"

    def end(self, *, is_done: bool) -> list[Chunk]:
        """What is left of the text, and the last chunk. `is_done`: the server said [DONE], or sent all in one object.

        Raises UpstreamError where the reply is not whole.
        """
        if not self._finish and not is_done:
            raise UpstreamError("cut", "the stream ended before the reply did", is_retryable=True)
        is_cut = self._finish == "length"
        text = self._thoughts.end(is_cut=is_cut)
        has_thought = self._has_thought or self._thoughts.has_thoughts
        if is_cut and has_thought and not (self._has_text or text):
            raise UpstreamError(
                "garbage",
                "the model used all of max_tokens for its thoughts and said nothing: switch its thinking off "
                "(docs/remote.md), or raise inference.max_tokens",
            )
        last = Chunk("", self._finish or "stop", self._usage, self._model)
        return [Chunk(text), last] if text else [last]


def _parse(event: bytes) -> dict[str, Any]:
    try:
        answer = orjson.loads(event)
    except orjson.JSONDecodeError:
        answer = _parse_leniently(event)
    if not isinstance(answer, dict):
        raise UpstreamError("garbage", "the answer is not JSON as OpenAI's protocol has it", is_retryable=True)
    return answer


def _parse_leniently(event: bytes) -> Any:
    """With halves of surrogate pairs, which orjson refuses."""
    try:
        return json.loads(event)
    except (ValueError, RecursionError):
        return None


def _text(content: Any) -> str:
    """Of a string, of null, or of parts, of which only those of type `text` are words."""
    if isinstance(content, list):
        parts = [part for part in content if isinstance(part, dict) and part.get("type", "text") == "text"]
        return "".join(str(part.get("text") or "") for part in parts)
    return content if isinstance(content, str) else ""


def _usage(answer: dict[str, Any]) -> ReportedUsage | None:
    usage = answer.get("usage")
    if not isinstance(usage, dict):
        return None
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else usage.get("prompt_cache_hit_tokens")
    prompt, completion = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    return ReportedUsage(prompt, completion, min(_count(cached), prompt))


def _count(value: Any) -> int:
    return value if isinstance(value, int) and value >= 0 else 0


def _failure(problem: Problem) -> UpstreamError:
    status = problem.status
    return UpstreamError(
        "status",
        f"the server broke off the reply: {problem.message or 'it does not say why'}",
        status=status,
        is_retryable=status is None or status in (408, 429) or status >= 500,
        is_over_context=problem.is_over_context,
    )
