"""What an NPC is by its persona, where that rules answers out: who does not live is not hungry, a queen is not poor.

Read from what the NPC says that it is, `I am a ghost who haunts the tower`, not from what it says of others, `I am
afraid of ghosts`. Each kind is a sign, which cases of topics ask for (`hearthling/data/topics.yaml`). English, as the
models that are told topics. Pure.
"""

from __future__ import annotations

import re
from functools import lru_cache

from llm_agentd.prompt.clauses import own_clause
from llm_agentd.prompt.meaning.known.own_sentences import sentences

PERSONAS_KEPT = 1024
LIFELESS, NOBLE = "lifeless", "noble"
_IS = re.compile(r"I am (?:a|an|the|one of the|what is left of|no longer|not|\w+'s) (?P<what>.+)", re.I)
_HEAD_ENDS = re.compile(r"\b(?:who|that|which|whose|of|in|with|from|for|at|on|by|and|under|like)\b|[,:;(]")
_LIFELESS = re.compile(
    r"\b(?:ghost|spirit|spectre|specter|phantom|wraith|undead|dead|skeleton|lich|zombie|mummy|revenant|poltergeist"
    r"|robot|android|automaton|machine|computer|golem|drone|statue|scarecrow|gargoyle|puppet|portrait|reaper)\b",
    re.I,
)
_DIED = re.compile(
    r"I (?:died|drowned|was (?:killed|murdered|hanged|drowned|slain|executed|beheaded)|have been dead|row the dead)\b"
)
_NOBLE = re.compile(
    r"\b(?:king|queen|emperor|empress|prince|princess|duke|duchess|countess|earl|baron|baroness|lord|sultan|sultana"
    r"|pharaoh|archduke|marquis|tsar|tsarina|caliph)\b(?!'s)",
    re.I,
)
_FALLEN = re.compile(r"\b(?:poor|penniless|debts?|beggar|exiled?|dethroned|former|ran away|runaway|lost|fled)\b", re.I)


@lru_cache(maxsize=PERSONAS_KEPT)
def signs_of(persona: str, name: str, title: str) -> tuple[str, ...]:
    """`title`: of the NPC's role."""
    clauses = [clause for sentence in sentences(persona) if (clause := own_clause(sentence, name, title))]
    called = [name, title, *(_HEAD_ENDS.split(found["what"])[0] for clause in clauses if (found := _IS.match(clause)))]
    is_lifeless = _any(_LIFELESS, called) or any(_DIED.match(clause) for clause in clauses)
    is_noble = _any(_NOBLE, called) and not _FALLEN.search(persona)
    return tuple(sign for sign, holds in ((LIFELESS, is_lifeless), (NOBLE, is_noble)) if holds)


def _any(words: re.Pattern[str], called: list[str]) -> bool:
    return any(words.search(text) for text in called)
