"""A slip of the finger in a question is spelt as the sentence that may answer it."""

from __future__ import annotations

import pytest

from llm_agentd.prompt.meaning.known.spelling import mended

ENGLISH = frozenset(("who", "taught", "you", "is", "the", "where", "of", "healing", "had", "herbs"))
TOLD = ["A herbalist who was taught by a nun.", "Sister Brunhild keeps the lighthouse."]


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("who tought you healing", "who taught you healing"),
        ("where is the lighthuose", "where is the lighthouse"),
        ("who is Brunhilde", "who is brunhild"),
        ("who is the king", "who is the king"),  # like nothing that was told
        ("who is the bruder", "who is the bruder"),
        ("bruder, wo ist healing", "bruder, wo ist healing"),  # another language
        ("where is the oldlighthouse", "where is the lighthouse"),  # joined
        ("had you the nub", "had you the nub"),  # too short to be sure
    ],
)
def test_slip_is_mended(asked: str, meant: str) -> None:
    assert mended(asked, TOLD, ENGLISH.__contains__) == meant


def test_word_that_is_english_stays() -> None:
    assert mended("herbs", ["a herd of goats", "my herb"], ENGLISH.__contains__) == "herbs"
