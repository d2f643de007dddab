"""Lines of players with their topics, and sentences that somebody may know with the topics that ask for them.

For the classifier (`train_topics.py`). Each call of `noisy` is another way to type the same line. Decided by the
`random.Random` handed in. Pure.
"""

from __future__ import annotations

import random
import string
from collections.abc import Mapping
from functools import cache

from hearthling.corpus import names
from hearthling.data import PLACEHOLDER, load
from llm_agentd.prompt.meaning.articles import plural, the, with_article

DATA = load()
# What the daemon puts in the place of a thing that the game knows (topics/mentions.py). Words that are read anyway.
MARKS: Mapping[str, str] = {
    "item": "thing",
    "a_item": "a thing",
    "items": "things",
    "wanted": "things",
    "wrong": "some things",
    "held": "thing",
    "count": "5",
    "want": "5",
    "offer": "5",
    "price": "5",
    "reward": "5",
    "target": "place",
    "place": "place",
    "other": "somebody",
    "near1": "somebody",
    "foe": "monster",
    "foe_call": "monster",
}
MARKED_SHARE = 0.5  # else a real word, as where the game does not know what is meant
LEADS = (
    "hey", "so", "hi.", "hello!", "well,", "ok", "um", "tell me,", "excuse me,", "please", "hi {npc},", "{npc},",
    "hey {npc}", "good day.", "oh", "and", "but", "listen,", "sir,", "hmm", "yo", "hey man", "quick question,",
    "just wondering,", "i was wondering,", "btw", "by the way,", "no offence but", "dude", "ok so", "can i ask,",
    "pardon me,", "good morning.", "evening.", "oh wow,", "also", "wait,", "haha", "tell me something,", "friend,",
)  # fmt: skip
TAILS = (
    "please", "pls", "lol", "thx", ", {npc}", "then", "bro", "man", "?", "!!", "...", "now", "here", "haha",
    ", my friend", "tho", "btw", "eh", "huh", "mate", "if you don't mind", "i wonder", "really", ", right?", "xd",
    "or what",
)  # fmt: skip
PREFACES = ("tell_new_here", "tell_back", "nice_to_meet_you", "am_tired", "thanks", "say_ok", "praise", "sorry", "talk")
LOWER, UNMARKED, TYPO, LEAD, TAIL, DROPPED = 0.35, 0.35, 0.3, 0.15, 0.1, 0.06  # shares
PREFACED = 0.04  # a sentence of small talk first: what comes last is meant


@cache
def topic_lines() -> dict[str, tuple[str, ...]]:
    """Topic → what players say, with placeholders. Only topics that are told by words."""
    return {
        name: tuple(line for scene in topic.lines for line in DATA.scenes[scene].player)
        for name, topic in DATA.topics.items()
        if topic.lines
    }


def known_sentences() -> dict[str, tuple[str, ...]]:
    """Topic → sentences of personas and knowledge that answer it."""
    return {
        name: found
        for name, topic in DATA.topics.items()
        if (found := tuple(line for scene in topic.lines for line in DATA.known.get(scene, ())))
    }


def filled(line: str, rng: random.Random) -> str:
    """With something in the place of each placeholder."""
    is_marked = rng.random() < MARKED_SHARE
    return PLACEHOLDER.sub(lambda found: _word(found.group(1).lower(), rng, is_marked), line)


def _word(slot: str, rng: random.Random, is_marked: bool) -> str:
    if slot in MARKS and is_marked:
        return MARKS[slot]
    if slot in ("item", "held"):
        return names.item(rng)
    if slot in ("a_item", "wrong", "told"):
        return with_article(names.item(rng))
    if slot in ("items", "wanted"):
        return plural(names.item(rng))
    if slot in ("count", "want", "offer", "price", "reward"):
        return str(rng.randint(1, 60))
    if slot in ("target", "place"):
        return the(names.site(rng))
    if slot in ("foe", "foe_call"):
        return the(names.enemy(rng))
    if slot == "chore":
        return names.chore(rng)
    if slot in ("trade", "title"):
        role = rng.choice(DATA.folk.roles)
        return role if slot == "trade" else f"the {role}"
    return names.person(rng)


def noisy(line: str, rng: random.Random, strength: float = 1.0) -> str:
    """As somebody in a hurry types it: a lead-in, no capitals, no marks, slips of the finger. `strength`: how much of
    it."""
    if rng.random() < PREFACED * strength:
        before = rng.choice(topic_lines()[rng.choice(PREFACES)])
        line = f"{before} {line}" if before[-1] in "?.!" else f"{before}. {line}"
    elif rng.random() < LEAD * strength:
        line = f"{rng.choice(LEADS)} {line}"
    if rng.random() < TAIL * strength:
        tail = rng.choice(TAILS)
        line = line.rstrip("?.!") + tail if tail[0] in ",?!." else f"{line.rstrip('.')} {tail}"
    line = filled(line, rng)
    if rng.random() < LOWER:
        line = line.lower()
    if rng.random() < UNMARKED:
        line = line.rstrip("?.!") or line
    words = line.split()
    if rng.random() < DROPPED * strength and len(words) > 4:
        del words[rng.randrange(len(words))]
        line = " ".join(words)
    while rng.random() < TYPO * min(strength, 2.0) and len(line) > 5:
        line = _typo(line, rng)
    return line


def _typo(line: str, rng: random.Random) -> str:
    at = rng.randrange(len(line) - 1)
    if not (line[at].isalpha() and line[at + 1].isalpha()):
        return line
    kind = rng.random()
    if kind < 0.35:
        return line[:at] + line[at + 1] + line[at] + line[at + 2 :]
    if kind < 0.65:
        return line[:at] + line[at + 1 :]
    if kind < 0.8:
        return line[:at] + line[at] + line[at:]
    return line[:at] + rng.choice(string.ascii_lowercase) + line[at + 1 :]
