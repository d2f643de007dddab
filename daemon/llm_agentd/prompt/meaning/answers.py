"""What the NPC knows or remembers, where it answers what was asked, and what it says where nothing does.

Router thread. Which sentence answers is for `relevance.py`; here: for which topics, and what is looked at.
"""

from __future__ import annotations

from collections.abc import Callable

from llm_agentd.memory.keywords import concepts, index_words
from llm_agentd.memory.sentences import is_question
from llm_agentd.prompt.meaning.articles import the
from llm_agentd.prompt.meaning.draft import Draft
from llm_agentd.prompt.meaning.forms import forms, line_kinds, reactions
from llm_agentd.prompt.meaning.forms.line_kinds import asks
from llm_agentd.prompt.meaning.forms.said_back import said_back
from llm_agentd.prompt.meaning.known import kinds, openings, told_outright, unheld
from llm_agentd.prompt.meaning.known.follow_ups import taken_up
from llm_agentd.prompt.meaning.known.own_sentences import wants_deed
from llm_agentd.prompt.meaning.known.ranking import ENOUGH, LIKELY, SHARES, SURE, TOUCHED, Answer
from llm_agentd.prompt.meaning.known.relevance import ANY_MEMORY_ANSWERS
from llm_agentd.prompt.meaning.orders import orders
from llm_agentd.prompt.meaning.rule_topics import (
    ANSWERED_BY_RULE,
    JOKE,
    KNOW,
    NEVER_TOLD,
    OF_MEMORY,
    RECALL,
    RULE_SLOTS,
    TALK_AMONG,
)
from llm_agentd.prompt.meaning.topic_choice import SURE_FROM
from llm_agentd.prompt.meaning.world import IS_THERE
from llm_agentd.topics import Topic, mentions, normalize

# Who does what is asked for: where one of that trade stands near, that is the answer of all others.
TRADE_ASKED_FOR = {"where_smith": "smith", "help_repair": "smith", "help_heal": "healer", "where_sleep": "innkeeper"}
STATED = 0.8  # score of a sentence that is said where nothing was asked: it seldom takes up what was told
SAID_BY_TOPIC_FROM = 0.6  # share of a topic: from there its own words are said around a sentence, not those for any
# What the game must have told for such a topic to answer by itself.
NEEDED: dict[str, Callable[[Draft], bool]] = {
    "stock": lambda draft: bool(draft.world.stock),
    "buy": lambda draft: bool(draft.world.stock),
    "price": lambda draft: bool(draft.words.get("price")),
    "quest": lambda draft: bool(draft.world.need) or "offer_quest" in draft.offered,
}
WAY_TO = "the way to "  # how the game's ways are told
SAID_AS = {
    "item": ("item", "a_item", "items", "wanted"),
    "target": ("target",),
    "other": ("other",),
    "foe": ("foe", "foe_call"),
    "told": ("told",),
}


def answering(draft: Draft, topic: Topic) -> Topic:
    """The topic, with a sentence that it has a place for; one that says the sentence, where this one cannot."""
    if "deed" in topic.slots:
        draft.words["deed"] = draft.relevance.deed(draft.recalled, draft.think)
    # Words belong to the deed, also to one that another mod made.
    is_done = not draft.offered.isdisjoint(topic.action_names) or "act" in draft.words
    outright = told_outright.clause(draft) if draft.text and not is_done else ""
    if outright:
        draft.words["known"] = outright
        return draft.topic(KNOW)
    by_rule = _is_told(draft, topic) or draft.words.get(RULE_SLOTS.get(topic.name, ""))
    if not draft.text or is_done or by_rule or topic.name == JOKE or reactions.asks_nothing(draft.form):
        return topic
    of_trade = _near_of_trade(draft, TRADE_ASKED_FOR.get(topic.name, ""))
    if of_trade:
        draft.words["known"] = of_trade
        return draft.topic(KNOW)
    again = taken_up(draft, topic)
    if again:
        draft.words["known"] = again
        return topic
    asked = draft.world.asked()
    recalled = draft.relevance.recalled(asked, topic, draft.recalled, draft.think)
    if recalled and ("recalled" in topic.slots or recalled.is_sure):
        draft.words["recalled"] = recalled.clause
        return draft.topic(RECALL)
    return _of_known(draft, topic, _known(draft, topic, asked))


def _of_known(draft: Draft, topic: Topic, known: Answer | None) -> Topic:
    """A sure topic has words to say the sentence with; without any it must be the answer itself."""
    has_words = "known" in topic.slots and draft.share >= SAID_BY_TOPIC_FROM
    is_sure = not draft.form and draft.share >= SURE_FROM
    is_asked = asks(draft.text) or kinds.asked_of(draft.text).kind or (topic.asks and is_sure)
    evades = draft.form in forms.ASKING  # no topic is sure, and what answers its form answers anything
    shares = bool(draft.form) or (known is not None and known.shared >= SHARES)
    asked_enough = TOUCHED if evades else ENOUGH if shares else LIKELY if "known" in topic.slots else SURE
    is_declined = known is not None and wants_deed(draft.text) and line_kinds.declines(known.clause)
    enough = ENOUGH if has_words or is_declined else asked_enough if is_asked else _stated_enough(draft, known)
    if known is None or known.score < enough:
        return topic
    draft.words["known"] = known.clause
    form = forms.form_of(draft.text, draft.topics.knows_word)
    return topic if has_words else draft.topic(openings.topic_with(form, draft.text) or KNOW)


def _stated_enough(draft: Draft, known: Answer | None) -> float:
    """`that anvil sounds weird` wants to hear of the anvil, where no topic says it surely."""
    return LIKELY if known and known.is_pointed_at and draft.share < SAID_BY_TOPIC_FROM else STATED


def _is_told(draft: Draft, topic: Topic) -> bool:
    """Whether the game answers. It need not say what an NPC sells, or what something costs: then a persona may."""
    wanted = NEEDED.get(topic.name)
    return topic.name in ANSWERED_BY_RULE and (wanted is None or wanted(draft))


def _known(draft: Draft, topic: Topic, asked: str) -> Answer | None:
    """Of what the NPC is, knows and sees."""
    known = draft.relevance.known(asked, topic, draft.think, draft.role, draft.world.own_facts(), draft.said)
    if topic.name == TALK_AMONG:  # nobody answers a remark with what both have before their eyes
        return known
    seen = draft.relevance.seen(asked, topic, _seen(draft, asked))
    return seen if seen and (known is None or seen.score > known.score) else known


def _seen(draft: Draft, asked: str) -> list[str]:
    """Of what the game tells of this moment, what is of the kind that is asked for."""
    wants_more = unheld.asks_more_of(asked)
    told = [
        sentence
        for sentence in draft.world.seen()
        if unheld.may_tell(asked, sentence) and not (wants_more and sentence.endswith(IS_THERE))
    ]
    is_where = orders.WHERE.search(asked) is not None
    return [
        sentence for sentence in told if not (is_where and sentence.startswith(WAY_TO)) or _leads_to(draft, sentence)
    ]


def _leads_to(draft: Draft, way: str) -> bool:
    """Whether it is the way to what is asked for: another way does not answer."""
    target = draft.world.found.get("target")
    if target:
        return way.startswith(WAY_TO + the(target.name))
    goal = way.removeprefix(WAY_TO).partition(" is ")[0]
    stems = set(index_words(goal))
    return any(stems & concept.keys() for concept in concepts(normalize.plain(draft.text)))


def _near_of_trade(draft: Draft, trade: str) -> str:
    """`Bram the smith is over there`; "" where the NPC is of that trade itself, or nobody near is."""
    if not trade or draft.role.name == trade:
        return ""
    near = (f"{name} {title}" for name, title in draft.world.people if title.split()[-1:] == [trade])
    return next((f"{person}{IS_THERE}" for person in near), "")


def unheld_topic(draft: Draft, topic: Topic) -> str:
    """The topic that owns not to know what is asked for, where it is definite and nothing that was told answers."""
    if not draft.text or topic.name in ANSWERED_BY_RULE or topic.is_follow_up or _is_named(draft, topic):
        return ""
    if topic.name in ANY_MEMORY_ANSWERS or topic.name == JOKE:
        return ""
    if topic.name.startswith(OF_MEMORY) and "recalled" in topic.slots:
        return NEVER_TOLD if is_question(draft.text) else ""
    form = unheld.form_asked(draft.text)
    _name_told(draft, draft.topics.get(form))
    if form and "recalled" not in topic.slots and "recalled" not in draft.words and (asked := said_back(draft, form)):
        draft.words["recalled"] = asked
    return form


def _is_named(draft: Draft, topic: Topic) -> bool:
    """Whether what the topic asks for has a name here, and no more of it is asked for than that."""
    slot, words = RULE_SLOTS.get(topic.name, ""), draft.words
    is_named = words.get(slot) or (slot and not draft.world.found.keys().isdisjoint(("other", "target")))
    return bool(is_named) and not (slot == "other_title" and unheld.asks_more_of(draft.text))


def by_form(draft: Draft, topic: Topic) -> Topic:
    """What answers a line of its form, whatever it is about, where its topic is unsure and nothing else answers."""
    form = draft.topics.get(draft.form)
    if draft.form == reactions.ECHO:
        draft.words["told"] = reactions.echoed(draft.text, draft.said)
    elif form and (told := said_back(draft, draft.form)):
        draft.words["recalled"] = told
    else:
        _name_told(draft, form)
    return form or topic


def _name_told(draft: Draft, form: Topic | None) -> None:
    """A name that the game, the persona or the NPC itself has told is not strange."""
    if form and "told" in form.slots and not draft.world.found:
        name = mentions.proper_name(draft.world.asked())
        draft.words["told"] = "" if name.lower() in _told_before(draft) else name


def _told_before(draft: Draft) -> str:
    turns = (turn.text for turn in draft.think.history)
    return " ".join((draft.think.npc.persona or "", *draft.role.knowledge, *draft.recalled, draft.said, *turns)).lower()


def named(draft: Draft) -> frozenset[str]:
    """Placeholders of what the player's own words name: whoever speaks of the mill is answered about the mill."""
    told = ("told",) if draft.words.get("told") else ()
    return frozenset(slot for kind in (*draft.world.found, *told) for slot in SAID_AS[kind])
