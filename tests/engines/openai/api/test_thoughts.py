"""Thoughts never reach the words."""

from __future__ import annotations

import pytest

from llm_agentd.engines.openai.api.thoughts import ThoughtFilter


def through(text: str, size: int, *, is_thinking: bool = False, is_cut: bool = False) -> str:
    thoughts = ThoughtFilter(is_thinking=is_thinking)
    parts = [thoughts.feed(text[at : at + size]) for at in range(0, len(text), size)]
    return "".join(parts) + thoughts.end(is_cut=is_cut)


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<think>What do I say?</think>\n\nWell met.", "Well met."),
        ("\n<THINK>\nHm</think><think>Hm</think> Well met.", "Well met."),
        ("<thinking>a < b</thinking>Well met.", "Well met."),
        ("<think>for ever", ""),
        ("<think></think>", ""),
        ("  Well met.", "  Well met."),
        ("<thin ice>", "<thin ice>"),
        ("<", "<"),
        ('{"say":"I think <think> is a word"}', '{"say":"I think <think> is a word"}'),
    ],
)
def test_block_before_the_first_word_is_taken_out(text: str, shown: str, size: int) -> None:
    assert through(text, size) == shown


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_text_that_begins_with_thoughts_and_no_tag(size: int) -> None:
    assert through("Hm.</think>\nWell met.", size, is_thinking=True) == "Well met."
    assert through("It did not think this time.", size, is_thinking=True) == "It did not think this time."
    assert through("Hm, let me see, the", size, is_thinking=True, is_cut=True) == ""


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_block_that_was_never_opened_is_noticed(size: int) -> None:
    thoughts = ThoughtFilter()
    text = "Let me see.</think>Well met."
    for at in range(0, len(text), size):
        thoughts.feed(text[at : at + size])
    assert thoughts.closed_unopened
    opened = ThoughtFilter()
    opened.feed("<think>Hm</think>I said </think> aloud.")
    assert not opened.closed_unopened


def test_thoughts_take_no_memory() -> None:
    thoughts = ThoughtFilter()
    thoughts.feed("<think>")
    for _ in range(1000):
        thoughts.feed("all day long ")
    assert len(thoughts._held) < 20
