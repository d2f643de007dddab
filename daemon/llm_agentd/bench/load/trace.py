"""The requests of a village: the same ones in the same order for every side of `bench village`.

50 NPCs in 5 roles. A request is [system: the role's text, then the NPC's persona; user: facts and what a player says]:
the role's part is shared by ten NPCs, the NPC's by its requests, the rest is new each time. A share of them repeats an
earlier request letter by letter. They come in bursts that fall into one game tick. Pure: same arguments, same trace.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from llm_agentd.types import Priority

REQUESTS = 300
SEED = 4  # of the first 300 requests 215 are distinct, 63 spoken
REPEAT_SHARE = 86 / 300  # so that about 214 of 300 are distinct
NPCS_A_ROLE = 10
MAX_TOKENS = 32
BURST_MAX = 12  # requests that one game tick may bring
PRIORITY_SHARES: dict[Priority, float] = {"spoken": 0.2, "ambient": 0.4, "background": 0.4}
ROLE_CHARS = 1110  # about 251 tokens of the embedded model's vocabulary

ROLES = {
    "innkeeper": "serves food and beds, keeps the fire warm and hears every rumour",
    "smith": "forges tools, swords and armour, and cares for iron, coal and hard work",
    "farmer": "grows wheat and keeps animals, looks at the sky and works from dawn to dusk",
    "guard": "keeps the gate, watches for bandits and wolves and does not trust strangers easily",
    "healer": "mends wounds, brews potions and knows every herb of the forest",
}
NPCS = len(ROLES) * NPCS_A_ROLE
HABITS = (
    "The {role} never speaks of machines, of books of rules or of a world outside this one.",
    "The {role} answers in one or two short sentences and keeps to what was asked.",
    "The {role} greets old friends by name and strangers with a nod.",
    "The {role} knows the road to the mill, to the lake and to the old tower on the hill.",
    "The {role} has heard of wolves near the bridge and of lights in the ruins at night.",
    "The {role} pays fair prices and remembers who still owes a coin.",
    "The {role} asks for help with small things first and with great things later.",
    "The {role} tells nobody where the key of the shrine is kept.",
    "The {role} thinks that the winter will be long and the wood will not last.",
    "The {role} likes warm bread, clear mornings and people who keep their word.",
    "The {role} is angry about thieves, broken fences and promises that nobody keeps.",
    "The {role} will not fight unless a child or a neighbour is in danger.",
    "The {role} trusts the elder, fears the dark caves and laughs at old ghost stories.",
    "The {role} goes home when the bell rings and bars the door when the rain comes.",
    "The {role} knows the names of all who live here and of most who are buried here.",
    "The {role} counts every coin twice and every guest once.",
    "The {role} gives nothing for nothing.",
    "The {role} sleeps badly when the moon is full.",
)
NAMES = ("Bram", "Tilda", "Mira", "Osric", "Hilda", "Ana", "Piet", "Greta", "Finn", "Elsa")
MANNERS = ("patient", "proud", "shy", "merry", "stern", "tired", "curious", "kind", "sly", "quiet")
HOBBIES = ("carves spoons", "sings off key", "feeds the ravens", "collects old coins", "saves every nail")
TIMES = ("morning", "noon", "evening", "night")
WEATHERS = ("rain", "snow", "fog", "wind", "clear")
PLACES = ("Oakford", "Millbrook", "Ravenhill", "Elmstead", "Stonebridge")
PLAYERS = ("Guest", "Robin", "Kim", "Alex", "Sam")
UTTERANCES = (
    "What news from the road?",
    "Can you help me find the old tower?",
    "What do you sell today?",
    "Have you seen my brother near the lake?",
    "Is there any work for me here?",
    "Who lives in the house by the mill?",
    "How do I get to the next village?",
    "Why is everybody afraid of the caves?",
)


@dataclass(frozen=True, slots=True)
class TraceRequest:
    """One request. `at_s`: when it comes, from the trace's start, if the trace has times."""

    number: int
    npc: int
    system: str
    user: str
    seed: int
    priority: Priority
    at_s: float = 0.0
    max_tokens: int = MAX_TOKENS

    @property
    def messages(self) -> list[dict[str, str]]:
        return [{"role": "system", "content": self.system}, {"role": "user", "content": self.user}]

    @property
    def content(self) -> tuple[str, str, int]:
        """What makes two requests the same."""
        return (self.system, self.user, self.seed)


def requests(seed: int = SEED, repeat_share: float = REPEAT_SHARE, npcs: int = NPCS) -> Iterator[TraceRequest]:
    """The village's requests without end. After any 300 of them, about `repeat_share` repeat an earlier one."""
    rng = random.Random(seed)
    known: list[TraceRequest] = []
    seen: set[str] = set()
    number = 0
    while True:
        priority = rng.choices(list(PRIORITY_SHARES), list(PRIORITY_SHARES.values()))[0]
        if known and rng.random() < repeat_share:
            request = replace(rng.choice(known), number=number, priority=priority)
        else:
            npc = rng.randrange(npcs)
            user = _new(rng, seen)
            request = TraceRequest(number, npc, system_text(npc), user, rng.randrange(2**31), priority)
            known.append(request)
        yield request
        number += 1


def burst_times(rate: float, seed: int = SEED) -> Iterator[float]:
    """Seconds at which requests come, `rate` a second in the mean: bursts at once, the ticks between them by chance."""
    rng = random.Random(seed)
    at_s = 0.0
    while True:
        size = rng.randint(1, BURST_MAX)
        at_s += rng.expovariate(rate / size)
        yield from [at_s] * size


def untimed(count: int = REQUESTS, seed: int = SEED) -> list[TraceRequest]:
    """`count` requests without times, to be sent as fast as they are answered."""
    return list(islice(requests(seed), count))


def timed(rate: float, seconds: float, seed: int = SEED, npcs: int = NPCS) -> list[TraceRequest]:
    """The requests of `seconds` at `rate` a second."""
    due: list[TraceRequest] = []
    for request, at_s in zip(requests(seed, npcs=npcs), burst_times(rate, seed), strict=False):
        if at_s >= seconds:
            break
        due.append(replace(request, at_s=at_s))
    return due


def role_text(role: str) -> str:
    """What the NPCs of a role share: about 251 tokens."""
    habits = list(HABITS)
    random.Random(role).shuffle(habits)
    text = f"The {role} {ROLES[role]}."
    for habit in habits:
        line = habit.format(role=role)
        if len(text) + len(line) <= ROLE_CHARS:
            text += f" {line}"
    return text


def system_text(npc: int) -> str:
    """Role, then name and persona; NPCs are numbered through the roles. Those above 50 come from elsewhere."""
    round_number, number = divmod(npc, NPCS)
    role = list(ROLES)[number // NPCS_A_ROLE]
    place = number % NPCS_A_ROLE
    name, manner, hobby = NAMES[place], MANNERS[(npc * 7) % len(MANNERS)], HOBBIES[npc % len(HOBBIES)]
    origin = f" of {PLACES[(round_number - 1) % len(PLACES)]}" if round_number else ""
    return f"{role_text(role)}\nYou are {name}{origin}, the {role}, {manner}, who {hobby}."


def _new(rng: random.Random, seen: set[str]) -> str:
    """A user's turn that was not in the trace before."""
    while True:
        facts = f"[time {rng.choice(TIMES)}; weather {rng.choice(WEATHERS)}; place {rng.choice(PLACES)}; "
        facts += f"near {rng.choice(NAMES)}]"
        text = f"{facts}\n{rng.choice(PLAYERS)}: {rng.choice(UTTERANCES)}"
        if text not in seen:
            seen.add(text)
            return text
