"""Which entries of the lists stand in a text, and as which part of it."""

from __future__ import annotations

import pytest

from llm_agentd.moderation import entries


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("what a shit day", [("shit", "shit")]),
        ("(shit!)", [("shit", "shit")]),
        ("s.h.i.t", [("shit", "s.h.i.t")]),
        ("you.shit", [("shit", "shit")]),
        ("fuck/you/bitch", [("fuck", "fuck"), ("bitch", "bitch")]),
        ("fuuuuck", [("fuck", "fuuuuck")]),
        ("assss", [("ass", "assss")]),
        ("p0rn", [("porn", "p0rn")]),
        ("a$$hole", [("asshole", "a$$hole")]),
        ("45 and 455", []),  # digits are no letters by themselves, and a short entry is a coincidence
        ("b\u043eob", [("boob", "b\u043eob")]),  # a Cyrillic о
        ("\u0430\u043d\u0443c", [("\u0430\u043d\u0443\u0441", "\u0430\u043d\u0443c")]),  # a Latin c
        ("dirty,  pillows!", [("dirty pillows", "dirty,  pillows")]),
        ("phone sex", [("phone sex", "phone sex")]),  # and not `sex` by itself
        ("scunthorpe assassin", []),
        ("", []),
        ("... !!", []),
    ],
)
def test_entries_are_found_as_they_stand(text: str, found: list[tuple[str, str]]) -> None:
    assert [tuple(match) for match in entries.find(text)] == found


def test_what_was_found_stands_in_the_text() -> None:
    text = "one  fuck-you ,two: dirty - pillows; tr\u00e8s s.h.i.t. fuuuck"
    assert all(match.text in text for match in entries.find(text))
