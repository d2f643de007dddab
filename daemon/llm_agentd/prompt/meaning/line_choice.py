"""Which lines a model may choose from, and which action is due with them.

Router thread. Which lines fit the moment is for the phrasebook; here: which of those fit what was said.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from llm_agentd.prompt.actions import is_allowed
from llm_agentd.prompt.gestures import EMOTE
from llm_agentd.prompt.meaning.draft import Draft
from llm_agentd.prompt.meaning.forms import forms
from llm_agentd.prompt.meaning.known import frames, unheld
from llm_agentd.prompt.meaning.orders import bargain, chores, gestures, given, idioms, orders
from llm_agentd.prompt.meaning.reading import Reading
from llm_agentd.prompt.meaning.rule_topics import CHORE, KNOW
from llm_agentd.prompt.moment import ANY_ROLE, Moment
from llm_agentd.prompt.placeholders import CHARS, fill, is_any_of, missing
from llm_agentd.topics import FOLLOW_UP, Topic, Topics, normalize
from llm_agentd.topics.phrasebook import Case
from llm_agentd.types import Action, Slots

DIALOGUE = "dialogue"  # the intent of who answers a player
OPENS = "open_door"
BODILY = frozenset(["follow", "stay", "go_to", EMOTE, OPENS, "attack", "flee", "guard"])
ACT = "act"  # how the model is told of an action that another mod made
OWNED_MIN_LINES = 2  # of a topic, to own with them that it is not known; else those of the form do
NAMED_MIN_LINES = 2  # with what the player named in them, to say no other; one alone would always be the same
JOINED_MAX = 3  # of the lines for each of two questions
LINES_MAX = 12  # to choose among: each costs the grammar some time with every token
BUCKETS = 4  # the same words are answered by the same few lines, others by others: a model has its favourites


def held(topics: Topics, reading: Reading, moment: Moment, avoid: Sequence[str]) -> tuple[Reading, Moment]:
    """With the lines that the model may choose from, and with the one action that is due, if any.

    `avoid`: lines that were just said.
    """
    if reading.also is None:
        return _held(topics, reading, moment, avoid)
    first, shown = _held(topics, reading, moment, avoid)
    second, _ = _held(topics, reading.also, _moment_of(reading.also, moment), avoid)
    return replace(first, lines=_joined(first.lines, second)), shown


def _joined(lines: Sequence[str], second: Reading) -> tuple[str, ...]:
    """Each of the shortest with one that answers the second question, whose placeholders may have other values."""
    behind = [fill(line, second.slots.words) for line in sorted(second.lines, key=len)[:JOINED_MAX]]
    before = sorted(lines, key=len)[:JOINED_MAX]
    return tuple(f"{line} {other}" for line in before for other in behind) or tuple(lines)


def _moment_of(reading: Reading, moment: Moment) -> Moment:
    slots = reading.topic.slots.intersection(reading.slots.words)
    return replace(moment, topic=reading.topic.name, slots=slots, words=(), said="")


def _held(topics: Topics, reading: Reading, moment: Moment, avoid: Sequence[str]) -> tuple[Reading, Moment]:
    case = _case(topics, reading, moment)
    lines = topics.phrasebook.lines(case, moment.role, moment.mood, moment.words, reading.slots.words) if case else []
    is_known = "known" in reading.slots.words and reading.topic.name != KNOW
    if is_known and not any(CHARS["known"] in line for line in lines):
        return _said_by(KNOW, topics, reading, moment, avoid)
    if reading.unheld:
        owned = unheld.owned(lines)
        if len(owned) < OWNED_MIN_LINES and reading.topic.name != reading.unheld:
            return _said_by(reading.unheld, topics, reading, moment, avoid)
        lines = owned or unheld.owned(_of_anyone(topics, reading, moment, case)) or lines
    lines = _about_what_was_said(topics, reading, moment, lines)
    of_trade = topics.phrasebook.own_lines(case, moment.role) if case else frozenset()
    framed = lines if reading.topic.is_follow_up else frames.for_clause(lines, reading.slots.words.get("known", ""))
    if lines and not framed and reading.topic.name != KNOW:
        return _said_by(KNOW, topics, reading, moment, avoid)
    lines = _mixed(framed, of_trade, reading.said)
    lines = _behind_what_was_said(reading, lines)
    fresh = [line for line in lines if not is_any_of(line, avoid)]
    reading, moment = _with_deed(reading, moment, case)
    return replace(reading, lines=tuple((fresh or lines)[:LINES_MAX])), moment


def _of_anyone(topics: Topics, reading: Reading, moment: Moment, case: Case | None) -> list[str]:
    """Those that a trade does not say, as it is asked for what it knows; what nobody told it does not know either."""
    words = reading.slots.words
    return topics.phrasebook.lines(case, ANY_ROLE, moment.mood, moment.words, words) if case else []


def _case(topics: Topics, reading: Reading, moment: Moment) -> Case | None:
    topic = reading.topic
    offered = {action.name if action.name in topic.action_names else ACT for action in reading.actions}
    return topics.phrasebook.case(topic.name, moment.role, reading.signs, reading.slots.words, offered)


def _said_by(
    name: str, topics: Topics, reading: Reading, moment: Moment, avoid: Sequence[str]
) -> tuple[Reading, Moment]:
    """With the lines of another topic: the one that was meant has too few that say what is to be said."""
    topic = topics.get(name)
    if topic is None:
        return _held(topics, replace(reading, unheld=""), moment, avoid)
    reading = replace(reading, topic=topic)
    return _held(topics, reading, _moment_of(reading, moment), avoid)


def _about_what_was_said(topics: Topics, reading: Reading, moment: Moment, lines: list[str]) -> list[str]:
    """To a bare question the one that belongs to what the NPC said; of others those with what the player named."""
    if reading.topic.is_follow_up:
        own = topics.phrasebook.follow_up(moment.said, reading.topic.name.removeprefix(FOLLOW_UP))
        lines = [own] if own and not missing(own, reading.slots.words) else lines
    about_it = [line for line in lines if any(CHARS[slot] in line for slot in reading.named)]
    return about_it if len(about_it) >= NAMED_MIN_LINES else lines


def _behind_what_was_said(reading: Reading, lines: list[str]) -> list[str]:
    """`i lost my boot, have you seen it` is answered by `You lost your boot? Not today …`, `do you sparkle` by `Do I
    sparkle? Some days …`, `turn him back` by `Turn him back? …`: the lines of a form know of no boot.
    """
    if reading.topic.name not in forms.ASKED_BACK or "recalled" not in reading.slots.words:
        return lines
    return [f"{CHARS['recalled']}? {line}" for line in lines]


def _mixed(lines: Sequence[str], of_trade: Collection[str], said: str) -> list[str]:
    """The lines of the NPC's trade, and a part of the common ones."""
    common = [line for line in lines if line not in of_trade]
    return [*(line for line in lines if line in of_trade), *varied(common, said)]


def varied(lines: Sequence[str], said: str) -> Sequence[str]:
    """A part of many lines, by what was said: a question asked in other words has other answers."""
    bucket = zlib.crc32(said.lower().encode("utf-8", "replace")) % BUCKETS
    part = [line for index, line in enumerate(lines) if index % BUCKETS == bucket]
    return part if len(part) >= BUCKETS else lines


def _with_deed(reading: Reading, moment: Moment, case: Case | None) -> tuple[Reading, Moment]:
    wanted = case.deed if case else None
    deed = wanted["action"] if wanted else ""
    due = tuple(action for action in reading.actions if deed and deed in (action.name, ACT))
    # The case has said with which parameters; the model has no say in that.
    is_whole = wanted is not None and all(_fits(action, wanted, reading.slots) for action in due)
    deeds = (wanted,) if wanted and is_whole else reading.topic.deeds
    return replace(reading, actions=due, deeds=deeds), replace(moment, actions=(deed,) if due else ())


def possible(draft: Draft, topic: Topic, slots: Slots) -> tuple[Action, ...]:
    """The actions of the topic that are on offer and whose parameters have allowed values, each with a schema of
    them.
    """
    if _only_asked(draft, topic) or given.is_for_somebody_else(draft) or _only_sounds_so(draft, topic):
        return ()
    fitting = [action for action in draft.think.actions if _is_possible(action, draft, topic, slots)]
    narrowed = [_narrowed(action, draft, topic) for action in fitting]
    return tuple(sorted(narrowed, key=lambda action: action.name))


def _only_asked(draft: Draft, topic: Topic) -> bool:
    """Whether it is asked or told about what a body does, and not asked for it: `do you like to dance?`. By the
    classifier alone: plain words of an order are one."""
    if draft.think.intent != DIALOGUE or not draft.share or BODILY.isdisjoint(topic.action_names):
        return False
    is_leave = orders.ASKS_LEAVE.search(draft.told) is not None and topic.action_names.isdisjoint([OPENS, EMOTE])
    is_told = EMOTE in topic.action_names and orders.OF_THE_SPEAKER.search(draft.text) is not None
    return is_leave or is_told or orders.ASKS.search(draft.told) is not None


def _only_sounds_so(draft: Draft, topic: Topic) -> bool:
    """Whether the classifier heard an order in an expression that is none, a gift in what the player keeps, or
    trade in what is declined: `follow your heart`, `you can't have my eggs`, `keep your nets`."""
    is_kept = topic.name in bargain.HANDED_OVER and orders.WITHHOLDS.search(draft.told) is not None
    if topic.name in bargain.TRADE_TALK and orders.DECLINES.search(draft.text) and not bargain.wanted(draft):
        return True
    return draft.share > 0 and (is_kept or idioms.has_one(normalize.plain(draft.text)))


def _narrowed(action: Action, draft: Draft, topic: Topic) -> Action:
    if draft.gesture:
        return gestures.only(action, draft.gesture)
    return chores.named(action, draft.text) if topic.name == CHORE else action


def _is_possible(action: Action, draft: Draft, topic: Topic, slots: Slots) -> bool:
    if topic.name == CHORE:
        return action.name == draft.params.get("act")
    return any(_fits(action, deed, slots) for deed in topic.deeds if deed["action"] == action.name)


def _fits(action: Action, deed: Mapping[str, str], slots: Slots) -> bool:
    """Whether each parameter of `deed` has a value that the schema of `action` allows, and none is missing."""
    names = [name for name in deed if name != "action"]
    return set(action.params.get("required") or ()) <= set(names) and all(
        is_allowed(action, name, deed[name], slots) for name in names
    )
