"""The bound of a prompt's tokens: never too low for tokenizers as they are, and close once a server has reported."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_agentd.engines import open_engine
from llm_agentd.engines.openai import token_bound
from llm_agentd.engines.openai.target import Call
from llm_agentd.engines.openai.token_bound import KNOWN_MAX, PER_MESSAGE, PER_PROMPT, PromptBounds, text_bound
from llm_agentd.types import Message, Sampling

ROLE = "You are Mira, a healer. " * 20
NO_SAMPLING = Sampling(max_tokens=10)


def chat(*texts: str, schema: dict[str, object] | None = None) -> Call:
    roles = ("system", *("user", "assistant") * len(texts))
    messages = tuple(Message(role, text) for role, text in zip(roles, texts, strict=False))
    return Call(messages, None, replace(NO_SAMPLING, json_schema=schema))


class Server:
    """A tokenizer of words: additive over messages, with a template around each, and never more than bytes."""

    def __init__(self, bytes_a_token: int, around: int = 5, own: int = 0) -> None:
        self.bytes_a_token = bytes_a_token
        self.around = around
        self.own = own

    def count(self, call: Call) -> int:
        texts = [message.content for message in call.messages or ()] or [call.prompt or ""]
        return self.own + 3 + sum(self.around + -(-len(text.encode()) // self.bytes_a_token) for text in texts)


def test_bytes_bound_a_prompt_that_nothing_is_known_of() -> None:
    bounds = PromptBounds()
    assert bounds.of(chat("Hello", "Grüße")) == PER_PROMPT + 2 * PER_MESSAGE + 5 + 7
    assert bounds.of(Call(None, "Hello", NO_SAMPLING)) == PER_PROMPT + PER_MESSAGE + 5
    assert bounds.of(chat("Hello", schema={"type": "object"})) > bounds.of(chat("Hello")) + len('{"type": "object"}')


def test_text_is_bound_by_its_longer_form() -> None:
    assert text_bound("Grüße") == 7
    assert text_bound("\ufdfa") == 33  # one character of three bytes, which NFKC spells out
    assert text_bound("\ud800") == 1


@pytest.mark.slow
def test_real_tokenizer_makes_no_more_tokens_than_bytes() -> None:
    """That of the embedded model, on texts that are hard to it."""
    engine = open_engine("llama", max_num_seqs=1)
    try:
        for text in ("Good evening!", "🦊🏰 ﷺ 漢字", "xqzjkv 0x7f#!", "\u0301" * 20, "Grüße, вода", "a" * 99):
            tokens = len(engine.encode(text, None, NO_SAMPLING))
            assert tokens <= text_bound(text) + 2, text  # begin of text, and a space before it
    finally:
        engine.close()


def test_report_makes_the_bound_of_what_begins_alike_close() -> None:
    bounds, server = PromptBounds(), Server(4)
    first = chat(ROLE, "Hello")
    bounds.learn(first, bounds.of(first), server.count(first))
    assert bounds.of(first) == server.count(first)
    second = chat(ROLE, "Where is the ford?")
    assert server.count(second) <= bounds.of(second) <= server.count(first) + PER_MESSAGE + len("Where is the ford?")
    longer = chat(ROLE, "Hello", "Good day.", "And now?")  # the talk goes on
    assert bounds.of(longer) == server.count(first) + 2 * PER_MESSAGE + len("Good day.And now?")
    assert bounds.of(chat("Another role", "Hello")) == PER_PROMPT + 2 * PER_MESSAGE + len("Another roleHello")
    assert bounds.of(chat(ROLE, "Hello", schema={})) == bounds.of(first)
    assert bounds.of(chat(ROLE, "Hello", schema={"type": "object"})) > len(ROLE)  # it may stand in the prompt


@given(
    talks=st.lists(st.lists(st.sampled_from(["", "a", "Hello", "Grüße", "🦊" * 9, "x" * 70]), min_size=1, max_size=6)),
    bytes_a_token=st.integers(1, 5),
    around=st.integers(0, PER_MESSAGE),
)
def test_bound_is_never_passed_by_a_server_whose_tokens_add_up(
    talks: list[list[str]], bytes_a_token: int, around: int
) -> None:
    bounds, server = PromptBounds(), Server(bytes_a_token, around)
    for talk in talks:
        call = chat(*talk)
        bound = bounds.of(call)
        assert server.count(call) <= bound
        bounds.learn(call, bound, server.count(call))


def test_system_prompt_of_the_servers_own_is_added_once_it_shows() -> None:
    bounds, server = PromptBounds(), Server(1, around=PER_MESSAGE, own=500)
    call = chat(ROLE, "Hello")
    bounds.learn(call, bounds.of(call), server.count(call))
    other = chat("Another role", "Well?")
    assert server.count(other) <= bounds.of(other)


def test_server_whose_reports_do_not_add_up_is_believed_no_more() -> None:
    """Such as one that leaves out what it had cached."""
    bounds = PromptBounds()
    call, other = chat(ROLE, "Hello"), chat(ROLE, "Well?")
    by_bytes = bounds.of(other)
    bounds.learn(call, bounds.of(call), 7)
    assert bounds.of(other) < by_bytes
    bounds.learn(other, bounds.of(other), 150)
    assert bounds.of(other) == by_bytes
    bounds.learn(call, by_bytes, 7)
    assert bounds.of(other) == by_bytes


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_bound, "KNOWN_MAX", 10)
    assert KNOWN_MAX > 10
    bounds = PromptBounds()
    for number in range(50):
        call = chat(ROLE, f"Hello {number}")
        bounds.learn(call, bounds.of(call), 130)
    assert len(bounds._known) == 10
    assert bounds.of(chat(ROLE, "Well?")) < 160  # the role is used again and again
