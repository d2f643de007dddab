"""The endless stream of samples: situation → Think → prompt (by agents/prompt.py) → gold reply and Expect.

Everything is decided by one random.Random. A combination of role, topic, mood and time is either held out or
trained on, never both. Runs wherever it is called; knows nothing of tokens.
"""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from hearthling.corpus import bank, folk, names, offers, situation, topics
from hearthling.corpus.expect import Expect
from hearthling.corpus.situation import Situation
from llm_agentd.prompt import messages as prompt
from llm_agentd.roles.registry import Roles
from llm_agentd.roles.role import Role
from llm_agentd.types import Action, Message, Npc, Think, Turn

IN_TALK_SHARE = 0.45  # of what players say in plain talk: actions are on offer, and none of them fits
AS_MOD_SHARE, DESCRIBED_SHARE = 0.85, 0.05
# What would fit after all where it is on offer: those answers stand among the topics that open with j_.
FITTING = {
    "quest": ("offer_quest",), "work": ("offer_quest",), "help": ("offer_quest",), "trade": ("offer_trade",),
    "come": ("follow",), "food": ("give_item",), "heal": ("give_item",), "find": ("offer_trade", "give_item"),
    "tells": ("take_item",), "told": ("take_item",), "threat": ("attack", "flee", "call_help"),
    "farewell": ("go_to",),
}  # fmt: skip
HELDOUT_SHARE = 10  # one combination in ten is held out
NAME_SLOTS = frozenset(("speaker", "npc", "near1", "near_list", "other", "target", "place", "ally", "foe", "foe_call"))
ITEM_SLOTS = frozenset(("item", "held", "wanted"))
NUMBER_SLOTS = frozenset(("count", "price", "reward", "want", "offer", "counter"))
PHRASE_SLOTS = frozenset(("way", "deed", "told", "other_title", "chore"))
_SMALL_TALK = [
    (scene, scene)
    for scene in ("greeting", "mood", "work", "rumour", "who", "praise", "family", "live", "joke", "village", "age")
]
_SMALL_TALK.insert(3, ("talk", "ack"))
_OPENERS = ("Hello!", "Hi.", "Hello {npc}.", "hey,", "Good day.", "Excuse me.", "Hi {npc},", "Hello again.", "Please,")
_ROLE_NAMES = names.words(
    "elder merchant guard smith healer farmer innkeeper hunter child bandit fisher scholar miner priest"
)
_TOPIC_NAMES = tuple(topics.TOPICS)
_TOPIC_WEIGHTS = tuple(topic.weight for topic in topics.TOPICS.values())


@dataclass(frozen=True)
class Sample:
    """One training example: the prompt as it is served, the wanted reply, and what a checker needs."""

    messages: tuple[Message, ...]
    reply: str
    expect: Expect
    actions: tuple[Action, ...] = ()  # on offer, each with its schema for this moment


@cache
def _roles() -> Roles:
    return Roles.load()


def combination_is_heldout(role: str, topic: str, mood: str | None, time: str | None) -> bool:
    return zlib.crc32(f"{role}|{topic}|{mood}|{time}".encode()) % HELDOUT_SHARE == 0


def samples(seed: int, split: Literal["train", "heldout"]) -> Iterator[Sample]:
    """Endless and deterministic: the same seed and split give the same samples."""
    rng = random.Random(f"{seed}/{split}")
    while True:
        sample = _sample(rng, split == "heldout")
        if sample is not None:
            yield sample


def _sample(rng: random.Random, heldout: bool) -> Sample | None:
    role, persona = _pick_role(rng)
    topic = rng.choices(_TOPIC_NAMES, _TOPIC_WEIGHTS)[0]
    if not _worth_it(rng, role.name, topic):
        return None
    mood = rng.choice(situation.MOODS) if rng.random() < 0.55 else None
    time = rng.choice(situation.TIMES) if rng.random() < 0.7 else None
    if combination_is_heldout(role.name, topic, mood, time) != heldout:
        return None
    s = _situation(rng, heldout, role, topic, mood, time)
    topics.TOPICS[topic].build(s)
    if s.do is None:
        situation.add_noise(s)
    if s.do is None and s.intent == "dialogue" and s.said and topic != "banter" and rng.random() < IN_TALK_SHARE:
        offers.add_affairs(s)
        s.do = situation.NOTHING
        offers.in_talk(s, without=FITTING.get(topic, ()))
    if s.said and s.said.startswith("~"):
        s.words = _other_npc_says(s, s.said[1:])
    answer = bank.choose(rng, s.scene, s.role, s.mood, _marks(s), s.slots)
    if answer is None:
        return None
    npc = Npc(id="n", name=s.npc, role=role.name, persona=persona, mood=mood)
    actions = offers.actions(s)
    think = Think(npc, s.speaker, _utterance(s), s.intent, s.facts, actions)  # type: ignore[arg-type]
    messages = prompt.build(think, role, _history(s))
    said = _sentence(answer.text, s)
    return Sample(messages, _reply(said, _in_order(s.do, actions)), _expect(s, messages, actions), actions)


def _in_order(do: dict[str, Any] | None, actions: tuple[Action, ...]) -> dict[str, Any] | None:
    """The parameters in the order in which the schema has them."""
    for action in actions:
        if do and action.name == do["action"]:
            return {"action": action.name, **{key: do[key] for key in action.params["properties"]}}
    return do


def _worth_it(rng: random.Random, role: str, topic: str) -> bool:
    """Thins out what most roles answer alike, so that the healer's cure and the brave's blow are seen often enough."""
    if topic in situation.EXPERTS and role not in situation.EXPERTS[topic]:
        return rng.random() < situation.LAYMAN_SHARE
    return True


def _pick_role(rng: random.Random) -> tuple[Role, str | None]:
    if rng.random() < 0.06:
        name, persona = rng.choice(folk.CUSTOM_ROLES)
        return _roles().get(name, persona), persona
    role = _roles().get(rng.choice(_ROLE_NAMES))
    return role, rng.choice(folk.PERSONAS) if rng.random() < 0.2 else None


def _situation(
    rng: random.Random, heldout: bool, role: Role, topic: str, mood: str | None, time: str | None
) -> Situation:
    by_player = rng.random() < 0.75 and topic != "banter"
    npc = names.person(rng, heldout)
    speaker = names.person(rng, heldout, player=by_player)
    while speaker.lower() == npc.lower():
        speaker = names.person(rng, heldout, player=by_player)
    s = Situation(rng, heldout, role.name, role.title, npc, topic, mood, time, speaker)
    s.as_mod, s.is_described = rng.random() < AS_MOD_SHARE, rng.random() < DESCRIBED_SHARE
    s.slots.update(npc=npc, title=role.title, trade=role.name, speaker=speaker)
    _surroundings(s, in_near=not by_player)
    return s


def _surroundings(s: Situation, in_near: bool) -> None:
    """Time, weather, place, who is near, what is held: each known or not."""
    rng = s.rng
    s.slots["goodday"] = situation.HELLO[s.time] if s.time else "Good day"
    if s.time:
        s.facts["time"] = s.slots["time"] = s.time
    if rng.random() < 0.5:
        weather = rng.choice(situation.WEATHERS)
        s.facts["weather"] = s.slots["weather"] = weather
        if weather != "clear":
            s.slots["badweather"] = weather
    if rng.random() < 0.5:
        place = names.town(rng, s.heldout) if rng.random() < 0.75 else f"the {rng.choice(names.SITES)}"
        s.facts["place"] = s.slots["place"] = place
    for _ in range(rng.choice((0, 0, 0, 1, 1, 2))):
        s.near.append((s.person(), f"the {rng.choice(_ROLE_NAMES)}"))
    shown = [f"{name} {title}" for name, title in s.near]
    if in_near and s.near and rng.random() < 0.5 and s.topic not in ("near", "who_is"):
        shown.append(f"{s.speaker} the {rng.choice(_ROLE_NAMES)}")
    if s.near:
        s.facts["near"] = shown
        s.slots["near1"] = s.near[0][0]
        s.slots["near_list"] = " and ".join(f"{name} {title}" for name, title in s.near)
    if rng.random() < (0.65 if s.topic == "held" else 0.12):
        held = s.item()
        while held in names.UNHOLDABLE:
            held = s.item()
        s.facts["held"] = s.slots["held"] = held
        s.slots["a_held"] = names.with_article(held)


def _marks(s: Situation) -> dict[str, str]:
    return {key: s.facts[key] for key in ("time", "weather") if key in s.facts}


def _sentence(template: str, s: Situation) -> str:
    text = bank.fill(template, s.slots)
    begins_with_name = s.speaker is not None and text.startswith(s.speaker)
    return text if begins_with_name else text[:1].upper() + text[1:]


def _reply(said: str, do: dict[str, Any] | None) -> str:
    if do is None:
        return said
    return json.dumps({"say": said, "do": do}, separators=(",", ":"), ensure_ascii=False)


def _utterance(s: Situation) -> str | None:
    if s.words is not None:
        return s.words
    if s.said is None:
        return None
    return _said(s, s.said)


def _said(s: Situation, scene: str) -> str:
    """A player's words: with or without the NPC's name, capitals and last mark."""
    rng = s.rng
    text = rng.choice([line for line in bank.SAID[scene] if _slots_of(line) <= s.slots.keys()])
    roll = rng.random()
    if roll > 0.91 and scene not in ("greeting", "farewell", "nonsense", "j_wave") and len(text) > 8:
        text = f"{rng.choice(_OPENERS)} {text}"
    elif roll < 0.1:
        text = f"{{npc}}, {text[:1].lower() + text[1:] if not text.startswith(('I ', '{')) else text}"
    elif roll < 0.2 and text[-1] in "?!.":
        text = f"{text[:-1]}, {{npc}}{text[-1]}"
    if rng.random() < 0.25:
        text = text.lower()
    if rng.random() < 0.2 and len(text) > 1:
        text = text.rstrip("?.!") or text
    return bank.fill(text, s.slots)


@cache
def _slots_of(line: str) -> frozenset[str]:
    return frozenset(slot.lower() for slot in bank.SLOT.findall(line))


def _other_npc_says(s: Situation, scene: str) -> str:
    """Another NPC's line: by its own trade, spoken to this NPC."""
    slots: dict[str, str] = {key: s.slots[key] for key in ("time", "weather", "badweather", "place") if key in s.slots}
    slots["speaker"] = s.npc
    other = s.rng.choice(_ROLE_NAMES)
    line = bank.choose(s.rng, scene, other, s.rng.choice(situation.MOODS), _marks(s), slots)
    if line is None:
        line = bank.choose(s.rng, "mutter", other, None, _marks(s), slots)
    return bank.fill(line.text, slots) if line else "Another long day."


def _history(s: Situation) -> tuple[Message, ...]:
    """Earlier turns: those the question looks back on, or, one time in five, small talk."""
    if s.speaker is None:
        return _shouts(s) if "allies" in s.facts and s.rng.random() < 0.5 else ()
    turns = list(s.told)
    if turns and s.rng.random() < 0.3:
        turns.append(s.rng.choice((("mood", "mood"), ("thanks", "thanks"), ("work", "work"))))
    elif not turns and s.rng.random() < 0.25:
        turns = s.rng.sample(_SMALL_TALK, k=s.rng.choice((1, 1, 2, 2, 3, 4, 5)))
    messages: list[Message] = []
    for said, scene in turns:
        answer = bank.choose(s.rng, scene, s.role, s.mood, _marks(s), s.slots)
        if answer is None:
            continue
        messages.append(Message("user", prompt.turn_text(s.speaker, _said(s, said))))
        messages.append(Message("assistant", _sentence(answer.text, s)))
    return tuple(messages)


def _shouts(s: Situation) -> tuple[Message, ...]:
    """What those who fight beside it called out."""
    turns = []
    for ally in s.facts["allies"]:
        scene = s.rng.choice(("j_attack", "j_hold", "j_retreat", "j_call_help"))
        line = bank.choose(s.rng, scene, s.rng.choice(_ROLE_NAMES), None, {}, s.slots | {"npc": ally})
        if line:
            turns.append(Turn(ally, _sentence(bank.fill(line.text, s.slots | {"npc": ally}), s)))
    return prompt.history(turns, s.npc)


# ---- what the checker is told --------------------------------------------------------------------------------


def _expect(s: Situation, messages: tuple[Message, ...], actions: tuple[Action, ...]) -> Expect:
    needed, used = bank.NEEDED[s.scene], bank.USED[s.scene]
    slots = s.slots if s.speaker else {key: value for key, value in s.slots.items() if key != "speaker"}
    names_due = [slots[key] for key in sorted(needed & NAME_SLOTS) if key in slots]
    phrases = [slots[key] for key in sorted(needed & PHRASE_SLOTS) if key in slots]
    numbers = [int(slots[key]) for key in sorted(needed & NUMBER_SLOTS) if key in slots and key != "counter"]
    allowed = " ".join(slots[key] for key in used if key in slots)
    foreign = [name for name in (s.npc, *(name for name, _ in s.near)) if name not in allowed]
    return Expect(
        topic=s.topic,
        scene=s.scene,
        role=s.role,
        mood=s.mood,
        facts=_marks(s),
        prompt="\n".join(message.content for message in messages),
        names=tuple(names_due),
        foreign_names=tuple(foreign),
        items=tuple(dict.fromkeys(_bare_item(slots, key) for key in sorted(needed & ITEM_SLOTS) if key in slots)),
        numbers=tuple(numbers),
        number_range=_range(s) if "counter" in needed else None,
        phrases=tuple(phrases),
        values=tuple(slots[key] for key in sorted(slots)),
        json=s.do is not None,
        listed={action.name: tuple(action.params["properties"]) for action in actions},
        do=s.do,
        sides=s.sides,
    )


def _bare_item(slots: dict[str, str], key: str) -> str:
    return slots["item"] if key == "wanted" else slots[key]


def _range(s: Situation) -> tuple[int, int]:
    return int(s.slots["offer"]) + 1, int(s.slots["price"])
