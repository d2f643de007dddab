"""All topics with their weights: how often each is drawn, who builds it, and whether it answers as JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hearthling.corpus import acts, orders, talk
from hearthling.corpus.situation import Situation


@dataclass(frozen=True)
class Topic:
    weight: float
    build: Callable[[Situation], None]
    json: bool = False


TOPICS: dict[str, Topic] = {
    "greeting": Topic(4.5, talk.greeting),
    "approach": Topic(4.5, talk.approach),
    "mutter": Topic(3.0, talk.mutter),
    "who": Topic(3.0, talk.same("who")),
    "way": Topic(5.0, talk.way),
    "here": Topic(1.5, talk.here),
    "rumour": Topic(3.5, talk.same("rumour")),
    "quest": Topic(4.0, talk.quest),
    "trade": Topic(5.0, talk.trade),
    "heal": Topic(4.0, talk.heal),
    "repair": Topic(3.5, talk.repair),
    "food": Topic(1.5, talk.same("help_food")),
    "thanks": Topic(2.0, talk.same("thanks")),
    "threat": Topic(1.8, talk.same("threat")),
    "insult": Topic(1.5, talk.same("insult")),
    "fight": Topic(2.5, talk.fight),
    "weather": Topic(2.5, talk.weather),
    "time": Topic(2.5, talk.time),
    "farewell": Topic(2.2, talk.same("farewell")),
    "mood": Topic(2.2, talk.same("mood")),
    "work": Topic(2.5, talk.same("work")),
    "held": Topic(1.5, talk.held),
    "near": Topic(1.5, talk.near),
    "who_is": Topic(1.5, talk.who_is),
    "memory": Topic(4.0, talk.memory),
    "health": Topic(1.2, talk.health),
    "unknown": Topic(2.0, talk.same("unknown")),
    "bot": Topic(0.8, talk.same("bot")),
    "praise": Topic(1.0, talk.same("praise")),
    "joke": Topic(1.0, talk.same("joke")),
    "sorry": Topic(0.8, talk.same("sorry")),
    "nonsense": Topic(1.0, talk.same("nonsense")),
    "your_name": Topic(0.8, talk.same("your_name")),
    "told": Topic(2.0, talk.told),
    "tells": Topic(1.6, talk.tells),
    "banter": Topic(4.5, talk.banter),
    "help": Topic(1.2, talk.same("help")),
    "age": Topic(0.6, talk.same("age")),
    "family": Topic(0.7, talk.same("family")),
    "live": Topic(0.8, talk.same("live")),
    "like": Topic(0.8, talk.thing("like")),
    "find": Topic(1.0, talk.thing("find")),
    "come": Topic(0.9, talk.same("come")),
    "village": Topic(0.9, talk.same("village")),
    "j_quest": Topic(7.0, acts.quest, json=True),
    "j_trade": Topic(10.0, acts.trade, json=True),
    "j_tactics": Topic(15.0, acts.tactics, json=True),
    "j_small": Topic(2.0, acts.small, json=True),
    "j_gesture": Topic(9.0, orders.gesture, json=True),
    "j_order": Topic(14.0, orders.order, json=True),
}
