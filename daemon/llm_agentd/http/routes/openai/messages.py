"""A chat as OpenAI's API has it, as the wire has it: roles, and contents in parts.

Pure. What cannot be said to a model that reads text alone is refused by name.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from llm_agentd.errors import BadRequest

ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
TEXT_PARTS = frozenset({"text", "input_text", "output_text"})
# Fields of a message that may be there without meaning: what a client got as an answer it sends back as it came.
EMPTY = ("tool_calls", "function_call", "audio", "refusal", "annotations", "reasoning", "reasoning_content")
KNOWN = frozenset({"role", "content", "name", *EMPTY})


def messages_of(value: Any) -> list[dict[str, str]]:
    """Raises BadRequest that names the message, from 0 on.

    Systems that speak one after the other become one, as many chat templates know one alone. `name` is not told to the
    model, as chat templates have no place for it.
    """
    if not isinstance(value, list) or not value:
        raise BadRequest('messages: want a list such as [{"role": "user", "content": "Good evening!"}]')
    merged: list[tuple[str, list[str]]] = []
    for at, message in enumerate(value):
        role, content = _message(f"messages.{at}", message)
        if role == "system" and merged and merged[-1][0] == "system":
            merged[-1][1].append(content)
        else:
            merged.append((role, [content]))
    return [{"role": role, "content": "\n\n".join(contents)} for role, contents in merged]


def _message(where: str, message: Any) -> tuple[str, str]:
    if not isinstance(message, dict):
        raise BadRequest(f"{where}: want an object with role and content")
    given = message.get("role")
    if given in ("tool", "function"):
        raise BadRequest(f"{where}.role: this server calls no tools, so there is no answer of one to read")
    role = ROLES.get(given) if isinstance(given, str) else None
    if role is None:
        raise BadRequest(f"{where}.role: want {', '.join(ROLES)}")
    for name, field in message.items():
        if name not in KNOWN:
            raise BadRequest(f"{where}.{name}: unknown field; known: role, content, name")
        if name in EMPTY and field and name not in ("refusal", "reasoning", "reasoning_content"):
            raise BadRequest(f"{where}.{name}: this server reads text alone; leave it out")
    content = message.get("content")
    if content is None and role == "assistant":
        return role, ""
    return role, _text(f"{where}.content", content)


def _text(where: str, content: Any) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise BadRequest(f"{where}: want a text, or a list of parts of type text")
    return "\n".join(_parts(where, content))


def _parts(where: str, parts: Iterable[Any]) -> Iterable[str]:
    for at, part in enumerate(parts):
        kind = part.get("type") if isinstance(part, dict) else None
        if kind not in TEXT_PARTS:
            raise BadRequest(f"{where}.{at}: {str(kind)[:40]!r}: this model reads text alone; want parts of type text")
        if not isinstance(part.get("text"), str):
            raise BadRequest(f"{where}.{at}.text: want a text")
        yield part["text"]
