"""What takes up the NPC's own last words: `really?` has it say them again, `tell me more` what it has not yet said.

Router thread. Other bare questions have the answers that belong to the written line (`line_choice.py`).
"""

from __future__ import annotations

from llm_agentd.prompt.meaning.draft import Draft
from llm_agentd.prompt.meaning.known.own_sentences import is_said
from llm_agentd.topics import FOLLOW_UP, Topic

REALLY, MORE = FOLLOW_UP + "really", FOLLOW_UP + "more"


def taken_up(draft: Draft, topic: Topic) -> str:
    """The clause of persona or knowledge that answers a bare question about what was just said; "" for none."""
    if topic.name not in (REALLY, MORE) or not draft.said:
        return ""
    clauses = draft.relevance.own_clauses(draft.think, draft.role)
    just_said = next((clause for clause in clauses if is_said(clause, draft.said)), "")
    if topic.name == REALLY or not just_said:  # of a rumour, say, there is no more in what it knows of itself
        return just_said
    told = " ".join((draft.said, *(turn.text for turn in draft.think.history)))
    return next((clause for clause in clauses if not is_said(clause, told)), "")
