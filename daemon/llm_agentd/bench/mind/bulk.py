"""`bench mind --bulk N`: N situations recombined at random from all sets, for flaws that one in thousands shows.

Lines, NPCs, facts and offers are those of the sets; who says what to whom is drawn. Nothing is right or wrong here.
Pure; the same N gives the same situations.
"""

from __future__ import annotations

import random

from llm_agentd.bench.mind.cases import SETS, Case, load

SEED = 7
WITH_ACTIONS = 1 / 3  # of all: about as many as players' questions have in a village
TYPOS = 1 / 4  # of the lines get one


def bulk_cases(count: int) -> list[Case]:
    chance = random.Random(SEED)
    cases = [case for name in SETS for case in load(name)]
    offers = [case for case in cases if "actions" in case.think]
    return [_mixed(f"bulk-{number:06}", chance, cases, offers) for number in range(1, count + 1)]


def _mixed(case_id: str, chance: random.Random, cases: list[Case], offers: list[Case]) -> Case:
    npc, facts, line = (chance.choice(cases) for _ in range(3))
    think = {key: value for key, value in npc.think.items() if key not in ("actions", "history", "context", "intent")}
    think |= {"npc": npc.think["npc"] | {"id": case_id}, "player": line.player}
    think |= {"context": facts.think["context"]}
    think |= {"history": facts.think["history"]} if "history" in facts.think else {}
    if chance.random() < WITH_ACTIONS:
        offer = chance.choice(offers).think
        think |= {"actions": offer["actions"], "intent": offer["intent"]}
    return Case(case_id, "bulk", _with_typo(line.say, chance), think)


def _with_typo(line: str, chance: random.Random) -> str:
    if chance.random() >= TYPOS or len(line) < 2:
        return line
    at = chance.randrange(len(line) - 1)
    return chance.choice((line[:at] + line[at + 1 :], line[:at] + line[at + 1] + line[at] + line[at + 2 :]))
