"""Sentences of a persona, of what is known and of what is remembered, as clauses that an NPC can speak.

`Lost a brother in the war.` becomes `I lost a brother in the war`; `Ana said: I hid my lantern`, and what Ana says now,
become `you hid your lantern`. A clause has no full stop, and a small first letter unless a name or "I" begins it.
Admins write as they like, so this is a set of rules for English with a way out: None where no decent clause comes of a
text. Pure; any thread. Knows nothing of prompts, roles and memory.
"""

from llm_agentd.prompt.clauses.fact import fact_clause
from llm_agentd.prompt.clauses.own import own_clause
from llm_agentd.prompt.clauses.parts import parts_of
from llm_agentd.prompt.clauses.recalled import recalled_clause
from llm_agentd.prompt.clauses.retold import ordered_clause, reasked_clause, retold_clause

__all__ = [
    "fact_clause",
    "ordered_clause",
    "own_clause",
    "parts_of",
    "reasked_clause",
    "recalled_clause",
    "retold_clause",
]
