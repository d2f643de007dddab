"""Which order a line gives: an action on offer that plain words of it name (`orders.py`). Router thread."""

from __future__ import annotations

import re

from llm_agentd.memory.sentences import is_question
from llm_agentd.prompt.gestures import EMOTE
from llm_agentd.prompt.meaning.draft import Draft
from llm_agentd.prompt.meaning.orders import bargain, chores, gestures, imperatives, orders, quest_words
from llm_agentd.prompt.meaning.orders.imperatives import tells
from llm_agentd.prompt.meaning.rule_topics import CHORE, GIVE, LEFT_UNDONE
from llm_agentd.topics import mentions

STAY, FOLLOW, OPEN_DOOR, HOLD, RETREAT, ATTACK, FLEE = (
    "stay",
    "follow",
    "open_door",
    "hold",
    "retreat",
    "attack",
    "flee",
)  # actions, and the topics that come with them

COME_CLOSER, COME_CLOSER_BY = "order_come_closer", frozenset(["go_to", FOLLOW])
_CLAUSE = re.compile(r"[,.;!?]|\b(?:but|so)\b")
_TO_PLACE = re.compile(r"\W*(?:(?:ok|now|quick|please|to|the|your)\W+)*", re.I)
_AT_ONCE = re.compile(r"\W*(?:now|quick(?:ly)?|at once|please|pls|hurry(?: up)?|go)[^\w?]*|\s*!+", re.I)
_FIRST = re.compile(r"\s*(?:first|next|now)\b", re.I)  # `the troll first!`


def ordered(draft: Draft) -> str:
    """The topic of an order that plain words give away, where its action is on offer; else ""."""
    if not draft.offered or is_for_somebody_else(draft):
        return ""
    is_left = orders.NOT_TO.search(draft.told) is not None
    in_fight = draft.think.intent == "tactics" or bool(draft.world.facts.get("enemy"))
    return (
        _staying(draft)
        or _handed(draft, is_left)
        or _chore_or_gesture(draft, is_left)
        or (_in_fight(draft, is_left) if in_fight else "")
        or (LEFT_UNDONE if is_left and (in_fight or orders.GESTURES.search(draft.told)) else "")
        or _against(draft, is_left, in_fight)
        or _protecting(draft, is_left, in_fight)
        or _going(draft, is_left)
        or _opening(draft, is_left)
        or _working(draft)
    )


def is_for_somebody_else(draft: Draft) -> bool:
    """`Olle, come here`, where it is not Olle who is asked what to do."""
    return "other" in draft.world.found and imperatives.is_for(draft.told)


def _staying(draft: Draft) -> str:
    """Before all else: `don't move` is an order, not the want of one."""
    target = draft.world.found.get("target")
    is_there = bool(target and target.name in draft.world.enum("place", "go_to"))  # `wait at the mill`: to go there
    is_said = tells(orders.STAY, draft.told) and not (is_there and tells(orders.GO, draft.told))
    return STAY if STAY in draft.offered and (is_said or orders.STAY_ALONE.search(draft.told)) else ""


def _handed(draft: Draft, is_left: bool) -> str:
    if draft.world.enum("item", "take_item") and not is_left and _gives(draft):
        return "take"
    asks = orders.ASKS_FOR.search(draft.told) or bargain.is_bare(draft)
    is_asked = asks and not is_left and "offer_trade" not in draft.offered
    return GIVE if is_asked and bargain.may_give(draft) else ""


def _gives(draft: Draft) -> bool:
    """Whether the player hands something over: the game offers to take nothing but what they hold out."""
    item, plain = draft.world.found.get("item"), draft.told
    is_held = item is not None and item.name in draft.world.enum("item", "take_item")
    if is_held and not is_question(plain):
        return orders.HANDS_OVER.search(plain) is not None or tells(orders.TAKES, plain)
    return orders.GIVES.search(plain) is not None


def _chore_or_gesture(draft: Draft, is_left: bool) -> str:
    if chores.ordered(draft) or _gesture(draft):
        return LEFT_UNDONE if is_left else CHORE
    return "" if is_left else gestures.by_words(draft.told, draft.world.enum("kind", EMOTE))


def _gesture(draft: Draft) -> bool:
    """Whether the words order a gesture that is on offer and that no topic names: `shake your head`."""
    kind, chore = gestures.ordered(draft.told, draft.world.enum("kind", EMOTE))
    if kind:
        draft.gesture, draft.words["chore"] = kind, chore
        draft.words["act"] = draft.params["act"] = EMOTE
    return bool(kind)


def _in_fight(draft: Draft, is_left: bool) -> str:
    """Who shall not fall back holds."""
    offered = draft.offered
    if HOLD in offered and orders.NO_INCH.search(draft.told):
        return HOLD
    name = next((name for name, words in orders.IN_FIGHT if name in offered and words.search(draft.told)), "")
    if not is_left:
        return name
    return HOLD if name in (HOLD, RETREAT, FLEE) and HOLD in offered else ""


def _against(draft: Draft, is_left: bool, in_fight: bool) -> str:
    """Whom to attack is the last of those that are told so: `you get the bandit`, beside whom others may be named."""
    if is_left or ATTACK not in draft.offered:
        return ""
    told = [foe for foe in _foes(draft) if _is_attacked(draft, foe, in_fight)]
    if told:
        draft.world.found["foe"] = max(told, key=lambda foe: foe.start)
    return ATTACK if told or (in_fight and tells(orders.STRIKES, draft.told)) else ""


def _foes(draft: Draft) -> list[mentions.Mention]:
    said = draft.world.found.get("foe")
    names = [name for name in draft.world.enum("target", ATTACK) if name not in draft.think.audience]
    found = [draft.world.mention(draft.text, [name]) for name in names]
    return [foe for foe in (said, *found) if foe]


def _is_attacked(draft: Draft, foe: mentions.Mention, in_fight: bool) -> bool:
    before = imperatives.told(draft.text[: foe.start], draft.called) + " "
    verb = orders.attacks(before, in_fight)
    if in_fight and _FIRST.match(draft.text[foe.end :]):
        return True
    return verb is not None and imperatives.is_told(before[: verb.start()])


def _protecting(draft: Draft, is_left: bool, in_fight: bool) -> str:
    found = orders.PROTECT.search(draft.told) or (orders.HELP_IN_FIGHT.search(draft.told) if in_fight else None)
    if not found or is_left or not imperatives.is_told(draft.told[: found.start()]):
        return ""
    other = draft.world.found.get("other")
    if other and not orders.OF_ME.search(draft.told[found.start() :].partition(imperatives.OTHER)[0]):
        return "guard_other" if other.name in draft.world.enum("target", "guard") else ""
    return "guard" if "guard" in draft.offered and (other or orders.OF_ME.search(draft.told)) else ""


def _going(draft: Draft, is_left: bool) -> str:
    """To follow somebody, to go to somebody, or to a place."""
    plain, world = draft.told, draft.world
    if is_left:
        return ""
    other, target = world.found.get("other"), world.found.get("target")
    if other and _is_sent_to_somebody(plain) and other.name in world.enum("place", "go_to"):
        return "go_to_other"
    if other and tells(orders.WITH_SOMEBODY, plain) and other.name in world.enum("target", FOLLOW):
        return "order_help_somebody"
    is_beside = tells(orders.WITH_ME, plain) or orders.BESIDE.search(plain) is not None
    if draft.think.player in world.enum("target", FOLLOW) and is_beside:
        return FOLLOW
    is_place = bool(target and target.name in world.enum("place", "go_to"))
    asks_way = orders.ASKS_WAY.search(plain) is not None and not orders.LEADS.search(plain)
    is_sent = tells(orders.GO, plain) or orders.NEEDED.search(plain) is not None
    if is_place and (_is_bare_place(draft) or (is_sent and not asks_way)):
        return "go"
    if tells(orders.COME_HERE, plain) and COME_CLOSER_BY & draft.offered:
        return COME_CLOSER
    return FLEE if FLEE in draft.offered and imperatives.commands(orders.FLEES, plain) else ""


def _is_sent_to_somebody(plain: str) -> bool:
    is_told = tells(orders.TO_SOMEBODY, plain) or imperatives.commands(orders.SENDS, plain)
    return is_told or orders.WANTED.search(plain) is not None


def _is_bare_place(draft: Draft) -> bool:
    """`lighthouse. now!`: no more than where to, and that it is an order."""
    target = draft.world.found["target"]
    before, after = draft.text[: target.start], draft.text[target.end :]
    return _TO_PLACE.fullmatch(before) is not None and _AT_ONCE.fullmatch(after) is not None


def _opening(draft: Draft, is_left: bool) -> str:
    return OPEN_DOOR if OPEN_DOOR in draft.offered and not is_left and tells(orders.OPEN, draft.told) else ""


def _working(draft: Draft) -> str:
    plain = draft.told
    if "complete_quest" in draft.offered and _is_done(plain):
        return "quest_done"
    return "quest" if "offer_quest" in draft.offered and _asks_for_work(plain) else ""


def _asks_for_work(plain: str) -> bool:
    """In a clause that refuses none: `i won't do any more work`."""
    clauses = [clause.strip() for clause in _CLAUSE.split(plain)]
    return any(quest_words.ASKS_FOR_WORK.search(one) and not orders.NOT_TO.search(one) for one in clauses)


def _is_done(plain: str) -> bool:
    return quest_words.SAYS_DONE.search(plain) is not None and not quest_words.NOT_DONE.search(plain)
