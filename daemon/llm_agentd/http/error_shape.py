"""Errors as clients of OpenAI's API expect them, on the routes that are OpenAI's; elsewhere they are our own.

Pure. The fields are a superset of ours: `code` and `message` are there in both. docs/openai.md has the table. Knows no
route but their addresses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from llm_agentd.errors import AgentdError, BadRequest, Overloaded, SwitchedOff, TooLarge, Unavailable

PREFIXES = ("/v1/chat/completions", "/v1/completions", "/v1/models", "/v1/embeddings", "/v1/audio/")
# What the daemon calls otherwise than OpenAI.
PARAMS = {"player": "user", "json_schema": "response_format", "text": "input"}
_FIELD = re.compile(r"([a-z_]+)((?:\.[a-z0-9_]+)*): ")
_CODES = {401: "invalid_api_key", 429: "rate_limit_exceeded"}
_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


class UnknownModel(AgentdError):
    """A model was asked for that is not served here."""

    code, http_status = "model_not_found", 404


class PromptTooLong(AgentdError):
    """What the daemon calls too large is a prompt that clients may shorten: OpenAI answers 400, and clients know it."""

    code, http_status = "context_length_exceeded", 400


def is_openai(path: str) -> bool:
    return path.startswith(PREFIXES)


def as_openai(error: AgentdError) -> AgentdError:
    """An answer of the daemon, as a client of OpenAI's API expects it."""
    if isinstance(error, TooLarge):
        return PromptTooLong(error.message)
    found = _FIELD.match(error.message)
    if isinstance(error, BadRequest) and found is not None:
        name = PARAMS.get(found[1], found[1])
        return BadRequest(name + error.message[found.end(1) :])
    return error


def openai_fields(fields: Mapping[str, Any], status: int) -> dict[str, Any]:
    """Of the object under `error`; `fields`: those of ours."""
    kind = _TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
    found = _FIELD.match(fields["message"]) if status == 400 else None
    param = found[1] + found[2] if found else None
    return {**fields, "type": kind, "param": param, "code": _CODES.get(status, fields["code"])}


def openai_headers(error: AgentdError) -> Mapping[str, str]:
    """OpenAI's clients try again what failed with a status of 5xx. Only where there is hope they should."""
    has_hope = isinstance(error, (Overloaded, Unavailable)) and not isinstance(error, SwitchedOff)
    wait = {} if error.retry_after_ms is None else {"Retry-After-Ms": str(error.retry_after_ms)}  # they read it first
    return {"X-Should-Retry": "true" if has_hope else "false", **wait}
