"""What of a text is spoken."""

from __future__ import annotations

import pytest

from llm_agentd.speech.spoken_text import spoken_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*waves* Hello there!", "Hello there!"),
        ("*waves* hello", "hello"),
        ("Hello! *smiles warmly* Come in.", "Hello! Come in."),
        ("Hello *waves*", "Hello"),
        ("*Bows*. Welcome!", "Welcome!"),
        ("I am *very* sure.", "I am very sure."),
        ("*Very* funny, you are.", "Very funny, you are."),
        ("**Stop**, _thief_!", "Stop, thief!"),
        ("<b>Hi</b> there", "Hi there"),
        ("See [the map](http://x.y/z), or https://a.b/c?d now", "See the map, or now"),
        ("\x1b(c@#ff0000)Red\x1b(c@#ffffff) door\x1bE", "Red door"),
        ("Nooooooo!!!!", "Nooo!"),
        ("Well... no", "Well. no"),
        ("a\x00b\x07c\ud800", "a b c?"),
        ("Hi 👋🏽, friend 😀!", "Hi, friend!"),
        ("5 + 5, £5, 50 %", "5 + 5, £5, 50 %"),
        ("Привет, друг", "Привет, друг"),
        ("Größe", "Größe"),
        ("e\u0301tude", "étude"),
    ],
)
def test_words_stay_and_marks_go(text: str, expected: str) -> None:
    assert spoken_text(text) == expected


@pytest.mark.parametrize(
    "text", ["", " \n\t", "…", "*waves*", "*waves* *nods*", "😀", "***", "\x1b(c@#fff)", "<br>", "?!"]
)
def test_text_without_words_is_nothing(text: str) -> None:
    assert spoken_text(text) == ""
