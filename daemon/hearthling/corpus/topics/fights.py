"""The topic of a fight, answered in the JSON form: what the NPC shouts, and what it does.

`tactics` builds the topic `j_tactics` of topics.yaml. Pure.
"""

from __future__ import annotations

from hearthling.corpus import names
from hearthling.corpus.situation import BRAVE, FACTS, NOTHING, SIDES, Situation, set_health
from hearthling.data import load, split_words

ACTIONS = load().actions
FIGHT = ACTIONS.groups.fight
CHOICES = tuple(map(split_words, ACTIONS.fight_choices))


def tactics(s: Situation) -> None:
    s.intent = "tactics"
    if s.rng.random() < 0.1:
        s.player_scene, s.reply_scene, s.decision = "fight_none", "j_calm", NOTHING
        s.offer_some(("attack",), FIGHT)
        return
    raw = set_enemies(s)
    s.player_scene = s.rng.choice(("j_attack", None, None))
    if s.player_scene is None and s.rng.random() < 0.75:
        s.speaker = None  # the fight itself asks
        del s.slots["speaker"]
    if s.speaker and s.rng.random() < 0.15:
        s.player_scene = s.reply_scene = "j_guard"
        s.decision = {"action": "guard", "target": s.speaker}
        s.offer_some(("guard",), FIGHT)
        return
    low = s.rng.random() < 0.3
    if low or s.rng.random() < 0.5:
        set_health(s, low)
        if s.facts["health"] == "hurt" or (not low and s.rng.random() < 0.4):
            s.facts["health"] = "badly hurt" if low else "hurt"  # who is hurt but not badly fights on
    fronted = _set_squad(s) if s.rng.random() < 0.4 else False
    if s.rng.random() < 0.7:
        s.offer(_choices_of_mod(s))
    else:
        s.offer_some(s.rng.choice(CHOICES), FIGHT)
    _decide(s, raw, low, fronted)


def _set_squad(s: Situation) -> bool:
    """Who fights beside it, and what they do; True where one stands before the enemy, or may."""
    allies = [s.person() for _ in range(s.rng.choice((1, 1, 2)))]
    s.facts["allies"] = allies
    s.slots["ally"] = allies[0]
    if s.rng.random() < 0.4:
        return True
    orders = [s.rng.choice(FACTS.ally_orders) for _ in allies]
    s.facts["orders"] = [f"{ally} {order}" for ally, order in zip(allies, orders, strict=True)]
    s.sides = tuple(side for side in SIDES if f"flanks {side}" not in orders) or SIDES
    return "attacks" in orders or "holds" in orders


def _choices_of_mod(s: Situation) -> set[str]:
    """What the mod lets an NPC of this role choose from in a fight."""
    may_call = {"call_help"} if s.rng.random() < 0.6 else set()
    if s.role not in BRAVE:
        return {"flee", "retreat"} | may_call
    more = {"flank"} if "allies" in s.facts else set()
    more |= {"guard"} if s.rng.random() < 0.4 else set()
    return {"attack", "flee", "hold", "retreat"} | more | may_call


def set_enemies(s: Situation) -> str:
    """One enemy or several; who asks for a blow means the first, which a mod puts there as the nearest."""
    raw = names.enemy(s.rng, s.heldout)
    others = [names.enemy(s.rng, s.heldout) for _ in range(s.rng.choice((0, 0, 0, 1, 2)))]
    s.facts["enemy"] = list(dict.fromkeys((raw, *others))) if others or s.rng.random() < 0.2 else raw
    s.slots.update(foe=names.foe(raw), foe_call=raw if names.is_person(raw) else raw.split()[-1])
    return raw


def _decide(s: Situation, raw: str, low: bool, fronted: bool) -> None:
    """What is right: the meek run, the badly hurt fall back, one takes the flank of an enemy whom a friend holds."""
    if s.role not in BRAVE:
        preferred = ["flee", "call_help", "retreat"]
    elif low:
        preferred = ["retreat", "flee", "call_help"]
    else:
        preferred = ["flank", "attack"] if fronted else ["attack"]
    action = next((name for name in preferred if name in s.offered), "hold")
    s.offer({*s.offered, action})
    s.reply_scene = f"j_{action}"
    s.decision = {"action": action}
    if action == "flank":
        s.slots["side"] = s.decision["side"] = s.rng.choice(s.sides)
    if action in ("flank", "attack"):
        s.decision["target"] = raw
