"""The token budget: an estimate that is rather too high, and what fits into it."""

from __future__ import annotations

import pytest

from llm_agentd.prompt.token_budget import MESSAGE_TOKENS, estimate_tokens, fit_facts, fit_turns, memory_tokens
from llm_agentd.types import Message


@pytest.mark.parametrize(("text", "tokens_min"), [("Good evening, smith!", 5), ("Привет", 12)])
def test_estimate_is_not_below_what_a_tokenizer_gives(text: str, tokens_min: int) -> None:
    assert estimate_tokens([text]) >= tokens_min


def test_facts_after_the_first_that_does_not_fit_are_dropped() -> None:
    assert fit_facts(["a" * 30, "b" * 300, "c"], 50) == ("a" * 30,)


def test_turns_are_dropped_in_pairs_the_oldest_first() -> None:
    turns = [Message(role, f"{number} {role}") for number in range(3) for role in ("user", "assistant")]
    pair_tokens = estimate_tokens(message.content for message in turns[:2]) + 2 * MESSAGE_TOKENS
    assert fit_turns(turns, 2 * pair_tokens) == tuple(turns[2:])
    assert fit_turns(turns, pair_tokens - 1) == ()


def test_memory_gets_no_tokens_in_a_full_context() -> None:
    assert memory_tokens([Message("system", "x" * 300)], 100) == 0
