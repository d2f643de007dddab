"""The grammar of plain commands and names, in JSGF (https://www.w3.org/TR/jsgf/), that pocketsphinx searches. Pure.

What players say to NPCs most: a command, with the name of the NPC before or after it, a greeting. Knows no engine.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from llm_agentd.speech.recognizers.names import is_name

GREETINGS = ("hello", "hi", "hey", "good morning", "good evening", "goodbye", "farewell")
COMMANDS = (
    *("follow me", "stop", "wait here", "stay here", "come here", "come with me", "go away", "go home", "help me"),
    *("yes", "no", "thank you", "show me your goods", "what do you sell", "what is your name", "who are you"),
)
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)*")


def tokens_of(phrase: str) -> tuple[str, ...]:
    """The words of a phrase as a dictionary has them; () for one that is not of Latin letters."""
    plain = unicodedata.normalize("NFKD", phrase.lower().replace("’", "'"))
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    words = _WORD.findall(letters)
    return tuple(words) if "".join(words) == "".join(filter(_is_of_word, letters)) else ()


def _is_of_word(letter: str) -> bool:
    return letter.isalnum() or letter == "'"


def jsgf(phrases: Sequence[str]) -> str:
    """`phrases`: those whose words all stand in the dictionary."""
    names = [phrase for phrase in phrases if is_name(phrase)]
    lines = [
        "#JSGF V1.0; grammar players;",
        f"<greeting> = {_any(GREETINGS)};",
        f"<command> = {_any(_commands(phrases))};",
    ]
    ways = ["<command>", "<greeting>"]
    if names:
        lines.append(f"<name> = {_any(names)};")
        ways += ["[<greeting>] <name> [<command>]", "<command> <name>"]
    return "\n".join([*lines, f"public <said> = {' | '.join(ways)};"])


def whole(phrases: Sequence[str]) -> re.Pattern[str]:
    """What the grammar says, as a pattern: a search may end within a command, which is then none."""
    greeting, command = (f"(?:{_any(group)})" for group in (GREETINGS, _commands(phrases)))
    ways = [command, greeting]
    if names := [phrase for phrase in phrases if is_name(phrase)]:
        name = f"(?:{_any(names)})"
        ways += [f"(?:{greeting} )?{name}(?: {command})?", f"{command} {name}"]
    return re.compile("|".join(ways).replace(" | ", "|"))


def _commands(phrases: Sequence[str]) -> Sequence[str]:
    return [*COMMANDS, *(phrase for phrase in phrases if not is_name(phrase))]


def _any(phrases: Iterable[str]) -> str:
    return " | ".join(dict.fromkeys(" ".join(tokens_of(phrase)) for phrase in phrases))
