"""The endless stream of samples: situation → Think → prompt (by llm_agentd.prompt) → gold reply and Expect.

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

from hearthling.corpus import names, patterns, situation, topics
from hearthling.corpus.expect import Expect, expect_of, time_and_weather
from hearthling.corpus.situation import Situation
from hearthling.corpus.topics import offers
from hearthling.data import load
from llm_agentd.prompt import messages as prompt
from llm_agentd.roles import Role, Roles
from llm_agentd.types import Action, Message, Npc, Think, Turn

DATA = load()
IN_TALK_SHARE = 0.45  # of what players say in plain talk: actions are on offer, and none of them fits
MOD_ORDER_SHARE, DESCRIBED_SHARE = 0.85, 0.05
LAYMAN_SHARE = 0.4  # of the samples of other roles, in topics that have experts
HELDOUT_SHARE = 10  # one combination in ten is held out
ROLES, CUSTOM_ROLES = DATA.folk.roles, tuple(DATA.folk.custom_roles.items())
MOODS, TIMES, WEATHERS = DATA.folk.moods, tuple(DATA.facts.times), DATA.facts.weathers
TALK = DATA.conversation
TOPIC_NAMES = tuple(topics.TOPICS)
TOPIC_WEIGHTS = tuple(topic.weight for topic in topics.TOPICS.values())


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
    topic = rng.choices(TOPIC_NAMES, TOPIC_WEIGHTS)[0]
    if not _worth_it(rng, role.name, topic):
        return None
    mood = rng.choice(MOODS) if rng.random() < 0.55 else None
    time = rng.choice(TIMES) if rng.random() < 0.7 else None
    if combination_is_heldout(role.name, topic, mood, time) != heldout:
        return None
    s = _situation(rng, heldout, role, topic, mood, time)
    topics.build(s)
    if s.decision is None:
        situation.add_noise(s)
    if s.decision is None and s.intent == "dialogue" and s.player_scene and rng.random() < IN_TALK_SHARE:
        offers.add_background_facts(s)
        s.decision = situation.NOTHING
        offers.offer_in_talk(s, without=topics.TOPICS[topic].fits)
    npc_line = _npc_line(s, s.npc_scene) if s.npc_scene else None
    pattern = patterns.choose(rng, s.reply_scene, s.role, s.mood, time_and_weather(s), s.slots)
    if pattern is None:
        return None
    npc = Npc(id="n", name=s.npc, role=role.name, persona=persona, mood=mood)
    actions = offers.offered_actions(s)
    utterance = npc_line or (_player_line(s, s.player_scene) if s.player_scene else None)
    think = Think(npc, s.speaker, utterance, s.intent, s.facts, actions)  # type: ignore[arg-type]
    messages = prompt.build(think, role, _history(s))
    reply = _reply(_sentence(pattern.text, s), _in_order(s.decision, actions))
    return Sample(messages, reply, expect_of(s, messages, actions), actions)


def _in_order(decision: dict[str, Any] | None, actions: tuple[Action, ...]) -> dict[str, Any] | None:
    """The parameters in the order in which the schema has them."""
    for action in actions:
        if decision and action.name == decision["action"]:
            return {"action": action.name, **{key: decision[key] for key in action.params["properties"]}}
    return decision


def _worth_it(rng: random.Random, role: str, topic: str) -> bool:
    """Thins out what most roles answer alike, so that the healer's cure and the brave's blow are seen often enough."""
    experts = topics.experts(topic)
    if experts and role not in experts:
        return rng.random() < LAYMAN_SHARE
    return True


def _pick_role(rng: random.Random) -> tuple[Role, str | None]:
    if rng.random() < 0.06:
        name, persona = rng.choice(CUSTOM_ROLES)
        return _roles().get(name, persona), persona
    role = _roles().get(rng.choice(ROLES))
    return role, rng.choice(DATA.folk.personas) if rng.random() < 0.2 else None


def _situation(
    rng: random.Random, heldout: bool, role: Role, topic: str, mood: str | None, time: str | None
) -> Situation:
    by_player = rng.random() < 0.75 and topic != "banter"
    npc = names.person(rng, heldout)
    speaker = names.person(rng, heldout, player=by_player)
    while speaker.lower() == npc.lower():
        speaker = names.person(rng, heldout, player=by_player)
    s = Situation(rng, heldout, role.name, role.title, npc, topic, mood, time, speaker)
    s.in_mod_order, s.is_described = rng.random() < MOD_ORDER_SHARE, rng.random() < DESCRIBED_SHARE
    s.slots.update(npc=npc, title=role.title, trade=role.name, speaker=speaker)
    _surroundings(s, in_near=not by_player)
    return s


def _surroundings(s: Situation, in_near: bool) -> None:
    """Time, weather, place, who is near, what is held: each known or not."""
    rng = s.rng
    s.slots["goodday"] = situation.FACTS.times[s.time] if s.time else situation.FACTS.greeting_otherwise
    if s.time:
        s.facts["time"] = s.slots["time"] = s.time
    if rng.random() < 0.5:
        weather = rng.choice(WEATHERS)
        s.facts["weather"] = s.slots["weather"] = weather
        if weather != "clear":
            s.slots["badweather"] = weather
    if rng.random() < 0.5:
        place = names.town(rng, s.heldout) if rng.random() < 0.75 else f"the {rng.choice(names.LISTS.sites)}"
        s.facts["place"] = s.slots["place"] = place
    for _ in range(rng.choice((0, 0, 0, 1, 1, 2))):
        s.near.append((s.person(), f"the {rng.choice(ROLES)}"))
    shown = [f"{name} {title}" for name, title in s.near]
    if in_near and s.near and rng.random() < 0.5 and s.topic not in ("near", "who_is"):
        shown.append(f"{s.speaker} the {rng.choice(ROLES)}")
    if s.near:
        s.facts["near"] = shown
        s.slots["near1"] = s.near[0][0]
        s.slots["near_list"] = " and ".join(f"{name} {title}" for name, title in s.near)
    if rng.random() < (0.65 if s.topic == "held" else 0.12):
        held = s.item()
        while held in names.LISTS.unholdable:
            held = s.item()
        s.facts["held"] = s.slots["held"] = held
        s.slots["a_held"] = names.with_article(held)


def _sentence(template: str, s: Situation) -> str:
    text = patterns.fill(template, s.slots)
    begins_with_name = s.speaker is not None and text.startswith(s.speaker)
    return text if begins_with_name else text[:1].upper() + text[1:]


def _reply(text: str, decision: dict[str, Any] | None) -> str:
    if decision is None:
        return text
    return json.dumps({"say": text, "do": decision}, separators=(",", ":"), ensure_ascii=False)


def _player_line(s: Situation, scene: str) -> str:
    """A player's words: with or without the NPC's name, capitals and last mark."""
    rng = s.rng
    text = rng.choice([line for line in patterns.PLAYER_LINES[scene] if _slots_of(line) <= s.slots.keys()])
    roll = rng.random()
    if roll > 0.91 and scene not in TALK.without_opener and len(text) > 8:
        text = f"{rng.choice(TALK.openers)} {text}"
    elif roll < 0.1:
        text = f"{{npc}}, {text[:1].lower() + text[1:] if not text.startswith(('I ', '{')) else text}"
    elif roll < 0.2 and text[-1] in "?!.":
        text = f"{text[:-1]}, {{npc}}{text[-1]}"
    if rng.random() < 0.25:
        text = text.lower()
    if rng.random() < 0.2 and len(text) > 1:
        text = text.rstrip("?.!") or text
    return patterns.fill(text, s.slots)


_slots_of = cache(patterns.slots_of)


def _npc_line(s: Situation, scene: str) -> str:
    """Another NPC's line: by its own trade, spoken to this NPC."""
    slots: dict[str, str] = {key: s.slots[key] for key in ("time", "weather", "badweather", "place") if key in s.slots}
    slots["speaker"] = s.npc
    other = s.rng.choice(ROLES)
    line = patterns.choose(s.rng, scene, other, s.rng.choice(MOODS), time_and_weather(s), slots)
    if line is None:
        line = patterns.choose(s.rng, "mutter", other, None, time_and_weather(s), slots)
    return patterns.fill(line.text, slots) if line else TALK.banter_otherwise


def _history(s: Situation) -> tuple[Message, ...]:
    """Earlier turns: those the question looks back on, or, one time in five, small talk."""
    if s.speaker is None:
        return _shouts(s) if "allies" in s.facts and s.rng.random() < 0.5 else ()
    turns = list(s.earlier_turns)
    if turns and s.rng.random() < 0.3:
        turns.append(s.rng.choice(tuple(TALK.turns_between.items())))
    elif not turns and s.rng.random() < 0.25:
        turns = s.rng.sample(tuple(TALK.small_talk.items()), k=s.rng.choice((1, 1, 2, 2, 3, 4, 5)))
    messages: list[Message] = []
    for player_scene, reply_scene in turns:
        pattern = patterns.choose(s.rng, reply_scene, s.role, s.mood, time_and_weather(s), s.slots)
        if pattern is None:
            continue
        messages.append(Message("user", prompt.turn_text(s.speaker, _player_line(s, player_scene))))
        messages.append(Message("assistant", _sentence(pattern.text, s)))
    return tuple(messages)


def _shouts(s: Situation) -> tuple[Message, ...]:
    """What those who fight beside it called out."""
    turns = []
    for ally in s.facts["allies"]:
        scene = s.rng.choice(TALK.shouts)
        line = patterns.choose(s.rng, scene, s.rng.choice(ROLES), None, {}, s.slots | {"npc": ally})
        if line:
            turns.append(Turn(ally, _sentence(patterns.fill(line.text, s.slots | {"npc": ally}), s)))
    return prompt.history_messages(turns, s.npc)
