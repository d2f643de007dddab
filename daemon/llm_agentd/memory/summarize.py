"""Older exchanges become a few facts: by the model, or by rules where the model is too small to summarize.

Pure. The rules keep the sentences with the most keywords and put what players say of themselves into the third person
(`I brought the herbs` becomes `Ana brought the herbs`). Facts are untrusted data, as everything that players say: a
prompt shows them among its facts, never as an instruction.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from llm_agentd.memory.keywords import index_words, words_of
from llm_agentd.memory.schema import Row
from llm_agentd.memory.sentences import fact_line, is_question, quote, split_sentences
from llm_agentd.types import Message
from llm_agentd.util import english_verbs as verbs

FACTS_MAX = 3  # of one job
TALK_MAX_CHARS = 1600  # that the model is shown: about 400 tokens, which any context holds
REPLY_TOKENS = 96  # three short lines
FACT_MIN_WORDS = 2  # `I see.` tells nothing

# First and second person to third, in this order: longer forms stand before the words they contain.
_PERSONS = (
    (r"\bI(?:'?m| am)\b", "{player} is"),
    (r"\bI(?:'?ve| have)\b", "{player} has"),
    (r"\bI'll\b", "{player} will"),
    (r"\bI'd\b", "{player} would"),
    (r"\bI (?:don'?t|do not)\b", "{player} does not"),
    (r"\bI do\b", "{player} does"),
    (r"\b(?:my|mine)\b", "{player}'s"),
    (r"\b(?:me|myself)\b", "{player}"),
    (r"\byou(?:'re| are)\b", "{npc} is"),
    (r"\byou(?:'ve| have)\b", "{npc} has"),
    (r"\byours?\b", "{npc}'s"),
    (r"\byou\b", "{npc}"),
)
_VERB = re.compile(r"\bI ([a-z]+)\b", re.IGNORECASE)
_LIST_MARK = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s*")


def facts_by_rules(rows: Sequence[Row]) -> list[str]:
    """The FACTS_MAX statements of the player with the most keywords, in the order in which they were said."""
    candidates: list[tuple[int, int, str]] = []  # keywords, position, fact
    for row in rows:
        for sentence in split_sentences(row.said):
            keywords = len(index_words(sentence))
            if not is_question(sentence) and keywords >= FACT_MIN_WORDS:
                candidates.append((keywords, len(candidates), _third_person(sentence, row)))
    best = sorted(candidates, key=lambda candidate: (-candidate[0], candidate[1]))[:FACTS_MAX]
    return list(dict.fromkeys(fact for _, _, fact in sorted(best, key=lambda candidate: candidate[1])))


def _third_person(sentence: str, row: Row) -> str:
    """A quote where it is not English, or does not speak of the player."""
    if row.language != "en":
        return quote(row.player, sentence, (row.player, row.npc_name))
    text = sentence.replace("’", "'")
    names = {"player": row.player, "npc": row.npc_name}
    for pattern, replacement in _PERSONS:
        # A backslash in a name must stay one.
        text = re.sub(pattern, replacement.format_map(names).replace("\\", r"\\"), text, flags=re.I)
    text = _VERB.sub(lambda found: f"{row.player} {_third_person_verb(found.group(1))}", text)
    text = re.sub(r"\bI\b", lambda _: row.player, text, flags=re.IGNORECASE)
    return fact_line(text) if row.player in text else quote(row.player, sentence, (row.player, row.npc_name))


def _third_person_verb(verb: str) -> str:
    """Of the present tense; a past tense has no ending, and `put` is taken for one."""
    is_present = verbs.is_base(verb) and not verbs.is_past(verb)
    return verbs.third_person(verb) if is_present else verb


def prompt_messages(rows: Sequence[Row]) -> tuple[Message, ...]:
    """The prompt that asks the model for facts, one a line. Of a long talk it shows the end."""
    npc, player = rows[-1].npc_name, rows[-1].player
    lines: list[str] = []
    for row in reversed(rows):
        lines[:0] = [f"{player}: {row.said}" if row.said else "", f"{npc}: {row.text}" if row.text else ""]
    talk = "\n".join(filter(None, lines))[-TALK_MAX_CHARS:]
    return (
        Message(
            "system",
            f"You keep notes for {npc}. From the talk write at most {FACTS_MAX} short facts about {player} that are"
            f" worth remembering, one a line, such as: {player} brought the herbs. Write nothing else.",
        ),
        Message("user", talk),
    )


def parse_facts(reply: str) -> list[str]:
    """The facts in the model's reply; [] where it has no usable line."""
    facts = (fact_line(_LIST_MARK.sub("", line)) for line in reply.splitlines())
    usable = [fact for fact in facts if len(words_of(fact)) > FACT_MIN_WORDS]
    return list(dict.fromkeys(usable))[:FACTS_MAX]
