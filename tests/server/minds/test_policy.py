"""Who is asked first, who after, and what is worth asking again."""

from __future__ import annotations

import pytest

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
from llm_agentd.metrics import HANDED_ON_REASONS
from llm_agentd.server.minds.policy import LEFT_MIN_S, may_go_on, order, reason
from tests.support.two_minds import Rules


@pytest.mark.parametrize(
    ("policy", "minds"),
    [
        ("never", ("local",)),
        ("fallback", ("local", "remote")),
        ("quality", ("local",)),
        ("always", ("remote", "local")),
    ],
)
def test_order_of_what_nobody_lists(policy: Policy, minds: tuple[str, ...]) -> None:
    rules = Rules(policy, quality_intents=("quest",), quality_roles=("healer",))
    assert order(rules, "trade", "smith") == order(rules, "", "") == minds


@pytest.mark.parametrize(("intent", "role"), [("quest", "smith"), ("trade", "healer")])
def test_quality_sends_listed_intents_and_roles_to_the_remote_mind(intent: str, role: str) -> None:
    rules = Rules("quality", quality_intents=("quest",), quality_roles=("healer",))
    assert order(rules, intent, role) == ("remote", "local")


ANSWERS = [Cancelled("x"), Filtered("x"), SwitchedOff("x")]
WORTH_MONEY = [EngineFailed("x"), Unavailable("x"), DeadlineExceeded("x"), TooLarge("x")]
WORTH_NOTHING: list[AgentdError] = [Overloaded("x"), BadRequest("x")]


@pytest.mark.parametrize("error", [*ANSWERS, *WORTH_MONEY, *WORTH_NOTHING], ids=lambda error: type(error).__name__)
def test_what_goes_on(error: AgentdError) -> None:
    assert may_go_on(error, "remote", 5.0) == (error in WORTH_MONEY)
    assert may_go_on(error, "local", 5.0) == (error not in ANSWERS)
    assert not may_go_on(error, "remote", LEFT_MIN_S / 2)


def test_reasons_are_those_that_the_metric_knows() -> None:
    errors = [*WORTH_MONEY, *WORTH_NOTHING, AgentdError("a bug")]
    assert {reason(error, is_over_budget=False) for error in errors} == set(HANDED_ON_REASONS) - {"budget"}
    assert reason(Unavailable("x"), is_over_budget=True) == reason(Overloaded("x"), is_over_budget=True) == "budget"
    assert reason(EngineFailed("x"), is_over_budget=True) == "failed"
