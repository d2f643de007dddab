"""Chat as players type it becomes words as a book has them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_agentd.topics.normalize import plain, words


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("r u ok??", "are you ok ?"),
        ("whats ur NAME", "what is your name"),
        ("I'm here", "i am here"),
        ("heeeey", "hey"),
        ("gimme 2 aples", "give me 2 aples"),
        ("dont go!!!", "do not go !"),
        (":) xD", ":) lol"),
        ("nice ❤️👍🏽 bye😂😂", "nice i like you bye haha"),
    ],
)
def test_slang_is_written_out(typed: str, read: str) -> None:
    assert plain(typed) == read


@given(st.text(max_size=80))
def test_any_text_is_read(typed: str) -> None:
    assert all(word and word == word.lower() for word in words(typed) if word.isascii())
