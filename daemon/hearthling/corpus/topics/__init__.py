"""Builds the situation of a topic: from the fields of topics.yaml, or by a function where those do not suffice.

Which topics there are, and how often each is drawn, stands in topics.yaml.
"""

from __future__ import annotations

from collections.abc import Callable

from hearthling.corpus.situation import BRAVE, Situation
from hearthling.corpus.topics import deals, fights, orders, talk
from hearthling.data import BRAVE_ROLES, Topic, load

TOPICS = load().topics
BUILDERS: dict[str, Callable[[Situation], None]] = {
    "greeting": talk.greeting,
    "approach": talk.approach,
    "mutter": talk.mutter,
    "way": talk.way,
    "quest": talk.quest,
    "trade": talk.trade,
    "fight": talk.fight,
    "who_is": talk.who_is,
    "memory": talk.memory,
    "health": talk.health,
    "told": talk.told,
    "tells": talk.tells,
    "banter": talk.banter,
    "j_quest": deals.quest,
    "j_trade": deals.trade,
    "j_small": deals.small_talk,
    "j_tactics": fights.tactics,
    "j_gesture": orders.gesture,
    "j_order": orders.order,
}


def build(s: Situation) -> None:
    """Fills in what is said, which facts are known and which scene answers. Raises KeyError for an unknown topic."""
    topic = TOPICS[s.topic]
    if topic.scene is None:
        BUILDERS[s.topic](s)
    else:
        _build_plain(s, topic, topic.scene)


def _build_plain(s: Situation, topic: Topic, scene: str) -> None:
    s.player_scene = s.reply_scene = scene
    if topic.item:
        s.set_item(s.item())
    is_met = (topic.needs is None or topic.needs in s.slots) and topic.role in (None, s.role)
    if topic.otherwise and not is_met:
        s.reply_scene = topic.otherwise


def experts(topic: str) -> frozenset[str]:
    """Roles for which the topic is drawn fully; empty: all."""
    roles = frozenset(TOPICS[topic].experts)
    return roles - {BRAVE_ROLES} | BRAVE if BRAVE_ROLES in roles else roles
