"""The grammar of commands and names."""

from __future__ import annotations

import pocketsphinx
import pytest

from llm_agentd.speech.recognizers.grammar import COMMANDS, jsgf, tokens_of, whole

PHRASES = ("Torvik", "Old Tom", "dig here", "follow me")


@pytest.mark.parametrize(
    ("phrase", "tokens"),
    [
        ("Old Tom", ("old", "tom")),
        ("Éowyn", ("eowyn",)),
        ("O’Neill", ("o'neill",)),
        ("don't!", ("don't",)),
        ("Иван", ()),
        ("R2-D2", ()),
        ("☃", ()),
        ("", ()),
    ],
)
def test_words_of_a_phrase_are_those_of_a_dictionary(phrase: str, tokens: tuple[str, ...]) -> None:
    assert tokens_of(phrase) == tokens


def test_it_is_a_grammar_that_the_library_reads() -> None:
    for phrases in ((), PHRASES, ("Torvik",), ("dig here",)):
        decoder = pocketsphinx.Decoder(lm=None, loglevel="FATAL")
        for word in ("torvik", "old", "tom", "dig"):
            if decoder.lookup_word(word) is None:
                decoder.add_word(word, "T AO R", False)
        decoder.add_jsgf_string("players", jsgf(phrases))


@pytest.mark.parametrize(
    ("said", "is_whole"),
    [
        ("follow me", True),
        ("torvik follow me", True),
        ("hello old tom dig here", True),
        ("stop torvik", True),
        ("good morning", True),
        ("hey torvik", True),
        ("torvik follow", False),
        ("follow me old", False),
        ("hello follow me", False),
        ("", False),
    ],
)
def test_a_command_that_was_cut_is_none(said: str, is_whole: bool) -> None:
    assert bool(whole(PHRASES).fullmatch(said)) is is_whole


def test_without_names_commands_stand_alone() -> None:
    assert whole(()).fullmatch(COMMANDS[0])
    assert "<name>" not in jsgf(("dig here",))
