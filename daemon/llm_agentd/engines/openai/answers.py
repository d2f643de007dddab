"""Which error of ours a failed call is answered with. Pure.

What another mind can do in the place of this one is `unavailable`, `overloaded` or `engine_failed`; what none can,
because the request itself is wrong, is `bad_request` or `too_large`.
"""

from __future__ import annotations

import logging

from llm_agentd.engines.openai.budget import OverBudget
from llm_agentd.engines.openai.target import UpstreamError
from llm_agentd.errors import AgentdError, BadRequest, EngineFailed, Overloaded, TooLarge, Unavailable
from llm_agentd.types import Sampling

log = logging.getLogger(__name__)

RETRY_AFTER_S = 5.0  # where the server names no time: it may be back by then
RETRY_AFTER_MAX_S = 86_400.0  # a month's budget may end in weeks; a client that waits so long is gone
_UNREADABLE = (400, 422)


def answer_of(error: Exception, sampling: Sampling) -> AgentdError:
    """Of what `Pool.stream` raised. Anything that is no expected failure is a bug: it is logged."""
    if isinstance(error, BadRequest):
        return error
    if isinstance(error, OverBudget):
        return Overloaded(error.message, retry_after_ms=_ms(error.retry_after_s))
    if not isinstance(error, UpstreamError):
        log.exception("a call of a remote model broke", exc_info=error)
        return EngineFailed(f"the call of the remote model broke: {type(error).__name__}")
    if error.is_over_context:
        return TooLarge(f"{error.message}; shorten it, or tell the daemon the truth in model.context_tokens")
    if error.status == 429:
        return Overloaded(error.message, retry_after_ms=_ms(error.retry_after_s))
    if error.status in _UNREADABLE:
        is_clients = sampling.json_schema is not None and not sampling.is_schema_optional
        return BadRequest(f"json_schema: {error.message}") if is_clients else EngineFailed(error.message)
    if error.kind in ("connect", "tls", "timeout") or (error.kind == "status" and error.status is not None):
        return Unavailable(error.message, retry_after_ms=_ms(error.retry_after_s))
    return EngineFailed(error.message)


def _ms(retry_after_s: float | None) -> int:
    seconds = RETRY_AFTER_S if retry_after_s is None else min(retry_after_s, RETRY_AFTER_MAX_S)
    return max(1, round(seconds * 1000))
