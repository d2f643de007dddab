"""What the player said, to be said back before a reply that fits any line of its form: whoever does so has listened.

Router thread. What makes a clause is for `clauses/retold.py`; here: which sentence, and when.
"""

from __future__ import annotations

import re

from llm_agentd.prompt.clauses import ordered_clause, reasked_clause, retold_clause
from llm_agentd.prompt.meaning.draft import Draft
from llm_agentd.prompt.meaning.forms import forms

_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]+\b")  # not at the beginning of a sentence
_REASKED = re.compile(r"[^.!?]{1,80}\? ")  # what the NPC just said began so: twice in a row is a parrot


def said_back(draft: Draft, form: str) -> str | None:
    """`form`: that the reply is for. Of what is told, that; of a question or an order what was told before it, or the
    question."""
    is_asked = form in forms.ASKED_BACK
    names, is_word = _names(draft), draft.topics.knows_word
    for found, sentence in forms.with_form(draft.text):
        bare = forms.without_leads(sentence)
        clause = None
        if (is_asked or found == form) and _can_be_told(draft, found):
            clause = retold_clause(bare, is_word, names)
        elif is_asked and found in forms.ASKED_BACK and not _REASKED.match(draft.said):
            ways = (reasked_clause, ordered_clause, retold_clause)  # the last for `you wash here?`
            clause = next(filter(None, (way(bare, is_word, names) for way in ways)), None)
        if clause:
            return clause
    return None


def _can_be_told(draft: Draft, form: str) -> bool:
    topic = draft.topics.get(form)
    return topic is not None and "recalled" in topic.slots


def _names(draft: Draft) -> dict[str, str]:
    """Those that the NPC has spoken of or is told about, by their small letters: players seldom write capitals."""
    text = " ".join((draft.think.npc.persona or "", draft.said, *draft.role.knowledge))
    return {name.lower(): name for name in _NAME.findall(text)}
