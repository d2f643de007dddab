"""What a player tells an NPC to do: gestures, ways, doors, a fight, the chores of other mods; and what it cannot do.

Answered in the JSON form. Each public function is the `build` of a topic in `topics.py`. Pure.
"""

from __future__ import annotations

from typing import Any

from hearthling.corpus import names, offers
from hearthling.corpus.acts import enemies, offer
from hearthling.corpus.situation import BRAVE, EMOTES, NOTHING, Situation

_GESTURES = ("emote", "follow", "stay", "give_item")
_DOORS = ("a door", ["a door", "a furnace"], ["a chest", "a door"], ["water", "a door"])


def gesture(s: Situation) -> None:
    kind = s.rng.choice(("follow", "stay", *EMOTES))
    s.scene = f"j_{kind}"
    if kind == "follow":
        s.do = {"action": "follow", "target": s.speaker}
    elif kind == "stay":
        s.do = {"action": "stay"}
    else:
        s.do = {"action": "emote", "kind": kind}
    offer(s, "gesture", (s.do["action"],), _GESTURES)
    # in plain talk a greeting is no wish for a wave, nor a riddle one for a shrug
    s.said = f"o_{kind}" if s.intent == "dialogue" and kind in ("wave", "shrug") else s.scene


def order(s: Situation) -> None:
    """In plain talk; one time in four it is not on offer, and the NPC says so."""
    build = s.rng.choice((_go, _go, _open, _open, _chore, _chore, _guard, _fight, _fight, _follow, _go, _open))
    s.do = build(s)
    cannot = {_follow: "come", _go: "come", _open: "j_no_door"}.get(build)
    offers.add_affairs(s)
    if cannot and (build is _follow or s.rng.random() < 0.3):
        s.scene = cannot
        offers.in_talk(s, without=(s.do["action"],))
        s.do = NOTHING
    else:
        offers.in_talk(s, (s.do["action"],))


def _go(s: Situation) -> dict[str, Any]:
    goal = names.site(s.rng, s.heldout)
    others = [names.site(s.rng, s.heldout) for _ in range(s.rng.randint(1, 5))]
    s.places = sorted({goal, *others})
    s.slots["target"] = names.target(goal)
    s.said, s.scene = "o_go", "j_go"
    return {"action": "go_to", "place": goal}


def _open(s: Situation) -> dict[str, Any]:
    if s.rng.random() < 0.6:
        s.facts["sees"] = s.rng.choice(_DOORS)
    s.said, s.scene = "o_open", "j_open"
    return {"action": "open_door"}


def _follow(s: Situation) -> dict[str, Any]:
    s.said = "j_follow"
    return {"action": "follow"}


def _guard(s: Situation) -> dict[str, Any]:
    s.said = s.scene = "j_guard"
    return {"action": "guard", "target": s.speaker}


def _fight(s: Situation) -> dict[str, Any]:
    """The brave strike when told to; the meek run, told or not."""
    raw = enemies(s)
    s.said, s.scene = s.rng.choice((("j_attack", "j_attack"), ("o_flee", "j_flee")))
    if s.scene == "j_attack" and s.role in BRAVE:
        return {"action": "attack", "target": raw}
    s.scene = "j_flee"
    return {"action": "flee"}


def _chore(s: Situation) -> dict[str, Any]:
    """What another mod taught it: an action whose name says it all."""
    verb, thing = names.chore(s.rng, s.heldout).split()
    s.own.append(f"{verb}_{thing}")
    s.slots["chore"] = f"{verb} the {thing}"
    s.said, s.scene = "o_chore", "j_chore"
    return {"action": s.own[0]}
