"""Which order a line gives: an action on offer that plain words of it name (`orders.py`). Router thread."""

from __future__ import annotations

from llm_agentd.memory.keywords import words_of
from llm_agentd.prompt.gestures import EMOTE
from llm_agentd.prompt.meaning import gestures, orders
from llm_agentd.prompt.meaning.draft import Draft
from llm_agentd.prompt.meaning.rule_topics import CHORE, GIVE, LEFT_UNDONE
from llm_agentd.prompt.meaning.world import is_spoken


def ordered(draft: Draft) -> str:
    """The topic of an order that plain words give away, where its action is on offer; else ""."""
    if not draft.offered:
        return ""
    is_left = orders.NOT_TO.search(draft.text) is not None
    in_fight = draft.think.intent == "tactics" or bool(draft.world.facts.get("enemy"))
    return (
        _handed(draft, is_left)
        or _chore_or_gesture(draft, is_left)
        or (_in_fight(draft) if in_fight else "")
        or (LEFT_UNDONE if is_left and (in_fight or orders.GESTURES.search(draft.text)) else "")
        or _against(draft, is_left)
        or _protecting(draft, is_left)
        or _going(draft, is_left)
    )


def _handed(draft: Draft, is_left: bool) -> str:
    if orders.GIVES.search(draft.text) and draft.world.enum("item", "take_item"):
        return "take"
    asks = orders.ASKS_FOR.search(draft.text) and not is_left and "offer_trade" not in draft.offered
    return GIVE if asks and _may_give(draft) else ""


def _may_give(draft: Draft) -> bool:
    """Whether the text names a thing that may be given."""
    item = draft.world.found.get("item")
    return bool(item and item.name in draft.world.enum("item", "give_item"))


def _chore_or_gesture(draft: Draft, is_left: bool) -> str:
    if _chore(draft) or _gesture(draft):
        return LEFT_UNDONE if is_left else CHORE
    return ""


def _chore(draft: Draft) -> bool:
    """Whether the words name an action that another mod made: `ring the bell, will you` and ring_bell."""
    known = draft.topics.actions
    spoken = set(words_of(draft.text))
    for action in draft.think.actions:
        parts = action.name.split("_")
        if action.name not in known and all(is_spoken(part, spoken) for part in parts):
            verb, *rest = parts
            draft.words["act"] = draft.params["act"] = action.name
            draft.words["chore"] = " ".join([verb, *(["the"] if rest else []), *rest])
            return True
    return False


def _gesture(draft: Draft) -> bool:
    """Whether the words order a gesture that is on offer and that no topic names: `shake your head`."""
    kind, chore = gestures.ordered(draft.text, draft.world.enum("kind", EMOTE))
    if kind:
        draft.gesture, draft.words["chore"] = kind, chore
        draft.words["act"] = draft.params["act"] = EMOTE
    return bool(kind)


def _in_fight(draft: Draft) -> str:
    offered = draft.offered
    return next((name for name, words in orders.IN_FIGHT if name in offered and words.search(draft.text)), "")


def _against(draft: Draft, is_left: bool) -> str:
    foe = draft.world.found.get("foe")
    is_told = foe and "attack" in draft.offered and orders.attacks(draft.text[: foe.start]) and not is_left
    return "attack" if is_told else ""


def _protecting(draft: Draft, is_left: bool) -> str:
    other = draft.world.found.get("other")
    if not orders.PROTECT.search(draft.text):
        return ""
    if other:
        return "guard_other" if other.name in draft.world.enum("target", "guard") else ""
    return "guard" if "guard" in draft.offered and not is_left else ""


def _going(draft: Draft, is_left: bool) -> str:
    """To follow somebody, to go to somebody, or to a place."""
    text, world = draft.text, draft.world
    other, target = world.found.get("other"), world.found.get("target")
    if other and orders.WITH_SOMEBODY.search(text) and other.name in world.enum("target", "follow"):
        return "order_help_somebody"
    if other and orders.TO_SOMEBODY.search(text) and other.name in world.enum("place", "go_to"):
        return "go_to_other"
    is_place = bool(target and target.name in world.enum("place", "go_to"))
    return "go" if is_place and orders.GO.search(text) and not orders.ASKS_WAY.search(text) and not is_left else ""
