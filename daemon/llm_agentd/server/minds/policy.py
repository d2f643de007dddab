"""Which mind is asked first, which one after it, and when a request goes on from one to the other. Pure.

What goes to a model elsewhere may cost money. So a request goes there only as `remote.policy` says, and what floods the
daemon buys nothing. What comes back from there costs nothing, so it comes back whatever went wrong.
"""

from __future__ import annotations

from typing import Protocol

from llm_agentd.config.remote import Policy
from llm_agentd.errors import (
    AgentdError,
    BadRequest,
    Cancelled,
    DeadlineExceeded,
    EngineFailed,
    Filtered,
    Overloaded,
    SwitchedOff,
    TooLarge,
    Unavailable,
)
from llm_agentd.types import Mind

# Of the time until the deadline the first mind has this share to begin, and the other one the rest: of the default 5 s
# 3 and 2. A server elsewhere that has said nothing in 3 s hangs or is overrun; the embedded model needs less than 2.
FIRST_SHARE = 0.6
LEFT_MIN_S = 0.3  # with less than this until the deadline nobody is asked any more: it would only be paid for

_NEVER_AGAIN = (Cancelled, Filtered, SwitchedOff)  # an answer, whoever is asked
_WORTH_MONEY = (EngineFailed, Unavailable, DeadlineExceeded, TooLarge)


class Rules(Protocol):
    """Of the configuration's section `remote`."""

    @property
    def policy(self) -> Policy: ...

    @property
    def quality_intents(self) -> tuple[str, ...]: ...

    @property
    def quality_roles(self) -> tuple[str, ...]: ...


def order(rules: Rules, intent: str, role: str) -> tuple[Mind, ...]:
    """Who is asked, one after the other. `intent` and `role` "" where there is none, as of an `infer`."""
    if rules.policy == "always":
        return ("remote", "local")
    if rules.policy == "fallback":
        return ("local", "remote")
    if rules.policy == "quality" and (intent in rules.quality_intents or role in rules.quality_roles):
        return ("remote", "local")
    return ("local",)


def may_go_on(error: AgentdError, to: Mind, left_s: float) -> bool:
    """Whether the other mind is asked after this one's `error`, with `left_s` until the deadline."""
    if isinstance(error, _NEVER_AGAIN) or left_s < LEFT_MIN_S:
        return False
    return to == "local" or isinstance(error, _WORTH_MONEY)


def reason(error: AgentdError, *, is_over_budget: bool) -> str:
    """One of `metrics.HANDED_ON_REASONS`."""
    if is_over_budget and isinstance(error, (Unavailable, Overloaded)):
        return "budget"
    by_class = {
        Unavailable: "down",
        DeadlineExceeded: "deadline",
        TooLarge: "context",
        Overloaded: "overloaded",
        BadRequest: "refused",
    }
    return next((why for one, why in by_class.items() if isinstance(error, one)), "failed")
