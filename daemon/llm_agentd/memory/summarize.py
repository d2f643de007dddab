"""From older exchanges to a few facts: by the model's own words, or by plain rules where the model is too small.

Pure. Rules turn what the player stated about themself into the third person (`I brought the herbs` → `Ana brought the
herbs`) and keep the sentences that tell most. Facts are data like all that players say: they stand among the facts of
a prompt, never as an order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from llm_agentd.memory import keywords as recall_words
from llm_agentd.memory.store import Row
from llm_agentd.types import Message

FACTS_MAX = 3  # of one batch of exchanges
TALK_MAX_CHARS = 1600  # of what the model is shown: about 400 tokens, which any context holds
REPLY_TOKENS = 96  # three short lines
TELLING_MIN_WORDS = 2  # `I see.` tells nothing

_PRESENT = frozenset(
    recall_words.words_of("""
    live love like want need work know think hate own sell buy keep make come go hunt fish farm mine cook travel seek
    remember believe hope fear prefer play owe trust eat drink sleep feel see hear say bring give take build
    """)
)
_PAIRS = (
    (r"\bI(?:'m| am)\b", "{player} is"),
    (r"\bI(?:'ve| have)\b", "{player} has"),
    (r"\bI'll\b", "{player} will"),
    (r"\bI'd\b", "{player} would"),
    (r"\bI (?:don't|do not)\b", "{player} does not"),
    (r"\bI do\b", "{player} does"),
    (r"\b(?:my|mine)\b", "{player}'s"),
    (r"\b(?:me|myself)\b", "{player}"),
    (r"\byou(?:'re| are)\b", "{npc} is"),
    (r"\byou(?:'ve| have)\b", "{npc} has"),
    (r"\byours?\b", "{npc}'s"),
    (r"\byou\b", "{npc}"),
)
_VERB = re.compile(r"\bI ([a-z]+)\b")
_MARK = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s*")


def rules(rows: Sequence[Row]) -> list[str]:
    """At most FACTS_MAX sentences, the most telling, in the order they were said."""
    told: list[tuple[int, int, str]] = []
    for row in rows:
        for sentence in recall_words.sentences(row.said):
            worth = len(recall_words.index_words(sentence))
            if not recall_words.is_question(sentence) and worth >= TELLING_MIN_WORDS:
                told.append((worth, len(told), _third_person(sentence, row)))
    best = sorted(sorted(told, key=lambda one: (-one[0], one[1]))[:FACTS_MAX], key=lambda one: one[1])
    return list(dict.fromkeys(fact for _, _, fact in best))


def _third_person(sentence: str, row: Row) -> str:
    if row.language != "en":
        return recall_words.line(row.player, sentence, (row.player, row.npc_name))
    text = sentence.replace("’", "'")
    names = {"player": row.player, "npc": row.npc_name}
    for pattern, words in _PAIRS:
        # A backslash in a name must stay one.
        text = re.sub(pattern, words.format_map(names).replace("\\", r"\\"), text, flags=re.I)
    text = _VERB.sub(lambda found: f"{row.player} {_of_third(found.group(1))}", text)
    text = re.sub(r"\bI\b", lambda _: row.player, text)
    return (
        recall_words.as_fact(text)
        if row.player in text
        else recall_words.line(row.player, sentence, (row.player, row.npc_name))
    )


def _of_third(verb: str) -> str:
    if verb not in _PRESENT:
        return verb
    return verb + ("es" if verb.endswith(("s", "sh", "ch", "o")) else "s")


def messages(rows: Sequence[Row]) -> tuple[Message, ...]:
    """What the model is asked: three facts of the talk, a line each."""
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


def parse(text: str) -> list[str]:
    """The facts of the model's reply; [] where it wrote none that can be used."""
    lines = (recall_words.as_fact(_MARK.sub("", line)) for line in text.splitlines())
    usable = [line for line in lines if len(recall_words.words_of(line)) > TELLING_MIN_WORDS]
    return list(dict.fromkeys(usable))[:FACTS_MAX]
