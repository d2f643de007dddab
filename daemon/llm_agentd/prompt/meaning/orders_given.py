"""Which order a line gives: an action on offer that plain words of it name (`orders.py`). Router thread."""

from __future__ import annotations

from llm_agentd.memory.keywords import words_of
from llm_agentd.memory.sentences import is_question
from llm_agentd.prompt.gestures import EMOTE
from llm_agentd.prompt.meaning import bargain, gestures, orders
from llm_agentd.prompt.meaning.draft import Draft
from llm_agentd.prompt.meaning.rule_topics import CHORE, GIVE, LEFT_UNDONE
from llm_agentd.prompt.meaning.world import is_spoken

STAY, FOLLOW, OPEN_DOOR, HOLD, RETREAT = (
    "stay",
    "follow",
    "open_door",
    "hold",
    "retreat",
)  # actions, and the topics that come with them


def ordered(draft: Draft) -> str:
    """The topic of an order that plain words give away, where its action is on offer; else ""."""
    if not draft.offered:
        return ""
    is_left = orders.NOT_TO.search(draft.text) is not None
    in_fight = draft.think.intent == "tactics" or bool(draft.world.facts.get("enemy"))
    return (
        _staying(draft)
        or _handed(draft, is_left)
        or _chore_or_gesture(draft, is_left)
        or (_in_fight(draft, is_left) if in_fight else "")
        or (LEFT_UNDONE if is_left and (in_fight or orders.GESTURES.search(draft.text)) else "")
        or _against(draft, is_left)
        or _protecting(draft, is_left)
        or _going(draft, is_left)
        or _opening(draft, is_left)
    )


def _staying(draft: Draft) -> str:
    """Before all else: `don't move` is an order, not the want of one."""
    return STAY if STAY in draft.offered and orders.tells(orders.STAY, draft.text) else ""


def _handed(draft: Draft, is_left: bool) -> str:
    if draft.world.enum("item", "take_item") and not is_left and _gives(draft):
        return "take"
    asks = orders.ASKS_FOR.search(draft.text) and not is_left and "offer_trade" not in draft.offered
    return GIVE if asks and bargain.may_give(draft) else ""


def _gives(draft: Draft) -> bool:
    """Whether the player hands something over: the game offers to take nothing but what they hold out."""
    item, text = draft.world.found.get("item"), draft.text
    is_held = item is not None and item.name in draft.world.enum("item", "take_item")
    if is_held and not is_question(text):
        return orders.HANDS_OVER.search(text) is not None or orders.tells(orders.TAKES, text)
    return orders.GIVES.search(text) is not None


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


def _in_fight(draft: Draft, is_left: bool) -> str:
    """Who shall not fall back holds."""
    offered = draft.offered
    name = next((name for name, words in orders.IN_FIGHT if name in offered and words.search(draft.text)), "")
    if not is_left:
        return name
    return HOLD if name in (HOLD, RETREAT) and HOLD in offered else ""


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
    if other and orders.tells(orders.TO_SOMEBODY, text) and other.name in world.enum("place", "go_to"):
        return "go_to_other"
    if other and orders.WITH_SOMEBODY.search(text) and other.name in world.enum("target", "follow"):
        return "order_help_somebody"
    if is_left:
        return ""
    if draft.think.player in world.enum("target", FOLLOW) and orders.tells(orders.WITH_ME, text):
        return FOLLOW
    is_place = bool(target and target.name in world.enum("place", "go_to"))
    asks_way = orders.ASKS_WAY.search(text) is not None and not orders.LEADS.search(text)
    return "go" if is_place and orders.tells(orders.GO, text) and not asks_way else ""


def _opening(draft: Draft, is_left: bool) -> str:
    return OPEN_DOOR if OPEN_DOOR in draft.offered and not is_left and orders.tells(orders.OPEN, draft.text) else ""
