"""What a player tells an NPC to do: gestures, ways, doors, a fight, the chores of other mods; and what it cannot do.

Answered in the JSON form. Each public function builds a topic `j_…` of topics.yaml. Pure.
"""

from __future__ import annotations

from typing import Any

from hearthling.corpus import names
from hearthling.corpus.situation import BRAVE, FACTS, NOTHING, Situation
from hearthling.corpus.topics import offers
from hearthling.corpus.topics.fights import set_enemies
from hearthling.data import load, split_words

ACTIONS = load().actions


def gesture(s: Situation) -> None:
    kind = s.rng.choice(("follow", "stay", *ACTIONS.gestures))
    s.reply_scene = f"j_{kind}"
    if kind == "follow":
        s.decision = {"action": "follow", "target": s.speaker}
    elif kind == "stay":
        s.decision = {"action": "stay"}
    else:
        s.decision = {"action": "emote", "kind": kind}
    offers.offer(s, "gesture", (s.decision["action"],), ACTIONS.groups.gesture)
    # in plain talk a greeting is no wish for a wave, nor a riddle one for a shrug
    s.player_scene = f"o_{kind}" if s.intent == "dialogue" and kind in ("wave", "shrug") else s.reply_scene


def order(s: Situation) -> None:
    """In plain talk; one time in four it is not on offer, and the NPC says so."""
    build = s.rng.choice((_go, _go, _open, _open, _chore, _chore, _guard, _fight, _fight, _follow, _go, _open))
    s.decision = build(s)
    refusal_scene = {_follow: "come", _go: "come", _open: "j_no_door"}.get(build)
    offers.add_background_facts(s)
    if refusal_scene and (build is _follow or s.rng.random() < 0.3):
        s.reply_scene = refusal_scene
        offers.offer_in_talk(s, without=(s.decision["action"],))
        s.decision = NOTHING
    else:
        offers.offer_in_talk(s, (s.decision["action"],))


def _go(s: Situation) -> dict[str, Any]:
    goal = names.site(s.rng, s.heldout)
    others = [names.site(s.rng, s.heldout) for _ in range(s.rng.randint(1, 5))]
    s.places = sorted({goal, *others})
    s.slots["target"] = names.target(goal)
    s.player_scene, s.reply_scene = "o_go", "j_go"
    return {"action": "go_to", "place": goal}


def _open(s: Situation) -> dict[str, Any]:
    if s.rng.random() < 0.6:
        seen = split_words(s.rng.choice(FACTS.seen_doors))
        s.facts["sees"] = seen[0] if len(seen) == 1 else list(seen)
    s.player_scene, s.reply_scene = "o_open", "j_open"
    return {"action": "open_door"}


def _follow(s: Situation) -> dict[str, Any]:
    s.player_scene = "j_follow"
    return {"action": "follow"}


def _guard(s: Situation) -> dict[str, Any]:
    s.player_scene = s.reply_scene = "j_guard"
    return {"action": "guard", "target": s.speaker}


def _fight(s: Situation) -> dict[str, Any]:
    """The brave strike when told to; the meek run, told or not."""
    raw = set_enemies(s)
    s.player_scene, s.reply_scene = s.rng.choice((("j_attack", "j_attack"), ("o_flee", "j_flee")))
    if s.reply_scene == "j_attack" and s.role in BRAVE:
        return {"action": "attack", "target": raw}
    s.reply_scene = "j_flee"
    return {"action": "flee"}


def _chore(s: Situation) -> dict[str, Any]:
    """What another mod taught it: an action whose name says it all."""
    verb, thing = names.chore(s.rng, s.heldout).split()
    s.chores.append(f"{verb}_{thing}")
    s.slots["chore"] = f"{verb} the {thing}"
    s.player_scene, s.reply_scene = "o_chore", "j_chore"
    return {"action": s.chores[0]}
