"""The fields of a body of OpenAI's API, as fields of the wire's `infer`; what cannot be done is refused by name.

Pure. Nothing that would change the answer is dropped in silence: a field is used, or it is a hint that changes no
text, or it is refused with the reason. Values of options are the daemon's to check.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from llm_agentd.client.records import Record
from llm_agentd.errors import BadRequest
from llm_agentd.types import NAME_MAX_CHARS
from llm_agentd.util.did_you_mean import did_you_mean

# A tool must not keep players waiting, nor a game's small talk a tool: between them. `priority` says otherwise.
PRIORITY = "ambient"
SEEDS = 2**32 - 1  # the daemon's seeds; OpenAI's are any whole number, and the same must give the same

# Given on under the same name. Behind the line what OpenAI has not, but vLLM, llama-server or this daemon.
SAME = ("temperature", "top_p", "stop",
        "top_k", "min_p", "repeat_penalty", "grammar", "priority", "deadline_ms", "cache")  # fmt: skip
COMMON = frozenset({*SAME, "model", "stream", "stream_options", "seed", "max_tokens", "user", "repetition_penalty"})
# They change no text.
HINTS = frozenset({"metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key",
                   "prompt_cache_retention", "parallel_tool_calls"})  # fmt: skip
_NO_TOOLS = "this server calls no tools; leave it out, or take response_format for JSON"
_NO_LOGPROBS = "this server tells no probabilities"
_PENALTY = "this server has repeat_penalty (1 = none, more = fewer repeats) in its place"
# Field → the values that ask for nothing beside null, and why others are refused.
REFUSED: Mapping[str, tuple[tuple[Any, ...], str]] = {
    "n": ((1,), "one answer a request; ask n times"),
    "tools": (([],), _NO_TOOLS),
    "tool_choice": (("none", "auto"), _NO_TOOLS),
    "functions": (([],), _NO_TOOLS),
    "function_call": (("none", "auto"), _NO_TOOLS),
    "logprobs": ((False,), _NO_LOGPROBS),
    "top_logprobs": ((0,), _NO_LOGPROBS),
    "logit_bias": (({},), "this server has no logit_bias"),
    "frequency_penalty": ((0,), _PENALTY),
    "presence_penalty": ((0,), _PENALTY),
    "modalities": ((["text"],), "this server writes text alone"),
    "audio": ((), "this server writes text alone"),
    "prediction": ((), "this server has no predicted outputs"),
    "reasoning_effort": (("none",), "this server has no levels of reasoning"),
    "verbosity": ((), "say in a system message how long answers shall be, or set max_tokens"),
    "web_search_options": ((), "this server does not search the web"),
    "best_of": ((1,), "one answer a request; ask several times and choose"),
    "echo": ((False,), "the answer is the continuation alone; put the prompt before it yourself"),
    "suffix": (("",), "this server continues a text, and does not fill in the middle"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A checked body: whom it is for, and what goes to the daemon."""

    model: str | None
    record: Record
    streams: bool
    includes_usage: bool


def read(body: Mapping[str, Any], own: frozenset[str]) -> Wanted:
    """All but what a route has for itself, whose names are `own`. Raises BadRequest."""
    given = {name: value for name, value in body.items() if value is not None}
    known = COMMON | own
    for name, value in given.items():
        if name in REFUSED and name not in own:
            _refuse(name, value)
        elif name not in known and name not in HINTS:
            raise BadRequest(f"{name}: unknown field{did_you_mean(name, known)}; docs/openai.md has those there are")
    record: Record = {"op": "infer", "moderate": True, "priority": PRIORITY}
    record |= {name: given[name] for name in SAME if name in given and given[name] != []}
    record |= _max_tokens(given) | _seed(given) | user_of(given) | _repeat_penalty(given)
    streams = _flag(given, "stream")
    if streams:
        record["stream"] = True
    return Wanted(_text(given, "model"), record, streams, _includes_usage(given, streams))


def _refuse(name: str, value: Any) -> None:
    nothing, reason = REFUSED[name]
    if not any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in nothing):
        raise BadRequest(f"{name}: {reason}")


def _max_tokens(given: Mapping[str, Any]) -> Record:
    values = [given[name] for name in ("max_completion_tokens", "max_tokens") if name in given]
    if len(values) == 2 and values[0] != values[1]:
        raise BadRequest("max_tokens: its newer name is max_completion_tokens; give one of them")
    return {"max_tokens": values[0]} if values else {}


def _seed(given: Mapping[str, Any]) -> Record:
    seed = given.get("seed")
    if seed is None:
        return {}
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise BadRequest("seed: want a whole number")
    return {"seed": seed % SEEDS}


def user_of(given: Mapping[str, Any]) -> Record:
    """Whom it is for, as the daemon calls it."""
    user = _text(given, "user")
    if user is not None and len(user) > NAME_MAX_CHARS:
        raise BadRequest(f"user: {len(user)} characters; at most {NAME_MAX_CHARS}")
    return {"player": user} if user else {}


def _repeat_penalty(given: Mapping[str, Any]) -> Record:
    """By the name that vLLM has for it."""
    if "repetition_penalty" not in given:
        return {}
    if "repeat_penalty" in given:
        raise BadRequest("repetition_penalty: another name of repeat_penalty; give one of them")
    return {"repeat_penalty": given["repetition_penalty"]}


def _includes_usage(given: Mapping[str, Any], streams: bool) -> bool:
    options = given.get("stream_options")
    if options is None:
        return False
    if not streams:
        raise BadRequest("stream_options: only together with stream: true")
    if not isinstance(options, dict):
        raise BadRequest('stream_options: want an object such as {"include_usage": true}')
    for name in options:
        if name not in ("include_usage", "include_obfuscation"):
            raise BadRequest(f"stream_options.{str(name)[:40]}: unknown field; known: include_usage")
    return _flag(options, "include_usage", "stream_options.")


def _flag(given: Mapping[str, Any], name: str, before: str = "") -> bool:
    value = given.get(name, False)
    if not isinstance(value, bool):
        raise BadRequest(f"{before}{name}: want true or false")
    return value


def _text(given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise BadRequest(f"{name}: want a text")
    return value


def response_format(value: Any) -> Record:
    """Of a chat: text, any JSON object, or JSON by a schema."""
    if value is None:
        return {}
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "text":
        return {}
    if kind == "json_object":
        return {"json_schema": {"type": "object"}}
    if kind != "json_schema":
        raise BadRequest("response_format.type: want text, json_object or json_schema")
    form = value.get("json_schema")
    if not isinstance(form, dict) or not isinstance(form.get("schema"), dict):
        raise BadRequest(
            'response_format.json_schema: want an object such as {"name": "item", "schema": {"type": "object", …}}'
        )
    return {"json_schema": form["schema"]}
