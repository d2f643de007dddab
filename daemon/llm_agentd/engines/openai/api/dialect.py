"""What one server understands of OpenAI's protocol: how a call is written for it, and what its refusals teach. Pure.

A call is first written as most servers take it. One that answers 400 names a field; `without` gives the dialect that
does without it, the call is written anew, and what worked is remembered (`transport.py`) for LEARNT_S. So a server is
told nothing twice that it does not take, and nobody has to configure which fields it knows.

What may be left out: usage, a seed, samplers, our own schema, stop strings (the daemon finds those itself). The limit
of tokens is never left out, as it bounds what a call costs, nor is a client's own schema, which a reply must follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from llm_agentd.engines.openai.api.problem import Problem
from llm_agentd.engines.openai.target import Call, Target
from llm_agentd.types import Message, Sampling

LEARNT_S = 3600.0  # then all is tried again: behind the same URL another server may stand by now
TRIES_MAX = 10  # of writing one call: more than there are fields to leave out one by one

# OpenAI refuses what it does not know; vLLM, llama-server, TabbyAPI and Ollama know these or pass over them. They are
# sent only where they are not the default of `Sampling`, as a server has defaults of its own.
_SAMPLERS = ("top_k", "min_p", "repetition_penalty", "repeat_penalty")
_OPTIONAL = frozenset({*_SAMPLERS, "seed", "stop", "temperature", "top_p"})
_REFUSING = frozenset({400, 404, 405, 422, 501})
_NOT_THERE = frozenset({404, 405, 501})
_PLAIN = Sampling()
_STREAM_OPTIONS = {
    "running": {"include_usage": True, "continuous_usage_stats": True},
    "last": {"include_usage": True},
    "none": None,
}


@dataclass(frozen=True, slots=True)
class Dialect:
    """`schema`: "strict" is OpenAI's own mode, "loose" without it, "none" where the server takes no json_schema.

    `usage`: "running" is told with each chunk, so that also a reply that is stopped early is counted as what it was.
    """

    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    schema: Literal["strict", "loose", "none"] = "strict"
    usage: Literal["running", "last", "none"] = "running"
    left_out: frozenset[str] = frozenset()
    has_completions: bool = True  # for raw prompts; clouds have chats alone
    has_system: bool = True  # some chat templates refuse a system turn
    has_schema_field: bool = False  # TabbyAPI: beside response_format, of which it reads the type alone

    def body(self, target: Target, call: Call) -> tuple[str, dict[str, Any]]:
        """The path behind `/v1`, and what is sent there."""
        path, said = self._said(call)
        sampling = call.sampling
        fields: dict[str, Any] = {
            "model": target.model,
            **said,
            "stream": True,
            "stream_options": _STREAM_OPTIONS[self.usage],
            self.limit: sampling.max_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": sampling.seed,
            "stop": list(sampling.stop) or None,
            "response_format": self._response_format(sampling),
            "json_schema": sampling.json_schema if self.has_schema_field else None,
            **_samplers(sampling),
        }
        kept = {name: value for name, value in fields.items() if name not in self.left_out}
        kept.update(target.options)
        return path, {name: value for name, value in kept.items() if value is not None}

    def _said(self, call: Call) -> tuple[str, dict[str, Any]]:
        if call.messages is None and self.has_completions:
            return "/completions", {"prompt": call.prompt or ""}
        messages = (Message("user", call.prompt or ""),) if call.messages is None else call.messages
        if not self.has_system:
            messages = _without_system(messages)
        return "/chat/completions", {"messages": [{"role": one.role, "content": one.content} for one in messages]}

    def _response_format(self, sampling: Sampling) -> dict[str, Any] | None:
        if sampling.json_schema is None or (self.schema == "none" and sampling.is_schema_optional):
            return None
        form: dict[str, Any] = {"name": "reply", "schema": sampling.json_schema}
        return {"type": "json_schema", "json_schema": {**form, "strict": True} if self.schema == "strict" else form}

    def without(self, status: int, problem: Problem, call: Call, sent: dict[str, Any]) -> Dialect | None:
        """The dialect to try next after a refusal; None: it says nothing that another one would mend."""
        if status not in _REFUSING or problem.is_over_context:
            return None
        if call.messages is None and "prompt" in sent and status in _NOT_THERE:
            return replace(self, has_completions=False)
        if self.has_system and "messages" in sent and problem.refuses_system:
            return replace(self, has_system=False)
        for name in problem.names(sent):
            mended = self._mended(name, call.sampling)
            if mended is not None:
                return mended
        # Some name what is inside of a field, or its type alone.
        if "stream_options" in sent and problem.names(("include_usage", "continuous_usage_stats")):
            return self._mended("stream_options", call.sampling)
        if "response_format" in sent and problem.names(("json_schema", "schema", "grammar", "structured")):
            return self._mended("response_format", call.sampling)
        return None

    def _mended(self, name: str, sampling: Sampling) -> Dialect | None:
        if name == "response_format":
            if self.schema == "strict":
                return replace(self, schema="loose")
            return replace(self, schema="none") if sampling.is_schema_optional and self.schema == "loose" else None
        if name == "stream_options":
            return replace(self, usage="last" if self.usage == "running" else "none") if self.usage != "none" else None
        if name == self.limit == "max_tokens" and "max_tokens" not in self.left_out:
            return replace(self, limit="max_completion_tokens")
        if name in _OPTIONAL and name not in self.left_out:
            return replace(self, left_out=self.left_out | {name})
        return None

    def lacks(self) -> list[str]:
        """What it does without, for the log and for who looks."""
        lacking = sorted(self.left_out)
        lacking += [] if self.schema != "none" else ["json_schema"]
        lacking += [] if self.usage != "none" else ["usage of streams"]
        lacking += [] if self.has_system else ["a system turn"]
        return lacking + ([] if self.has_completions else ["/completions"])


def _samplers(sampling: Sampling) -> dict[str, Any]:
    """vLLM and TabbyAPI call it repetition_penalty, llama-server repeat_penalty."""
    penalty = sampling.repeat_penalty if sampling.repeat_penalty != _PLAIN.repeat_penalty else None
    return {
        "top_k": sampling.top_k if sampling.top_k != _PLAIN.top_k else None,
        "min_p": sampling.min_p if sampling.min_p != _PLAIN.min_p else None,
        "repetition_penalty": penalty,
        "repeat_penalty": penalty,
    }


def _without_system(messages: Sequence[Message]) -> tuple[Message, ...]:
    """What the system says stands before the first words of the user."""
    system = "\n".join(one.content for one in messages if one.role == "system")
    rest = [one for one in messages if one.role != "system"]
    if not system:
        return tuple(rest)
    if rest and rest[0].role == "user":
        return (Message("user", f"{system}\n\n{rest[0].content}"), *rest[1:])
    return (Message("user", system), *rest)
