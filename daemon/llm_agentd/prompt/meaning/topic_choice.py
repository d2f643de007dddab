"""Which topic a line is about: plain words decide first, then the classifier, then the form of the line.

Router thread.
"""

from __future__ import annotations

import re

from llm_agentd.memory.keywords import words_of
from llm_agentd.memory.sentences import is_question
from llm_agentd.prompt.gestures import EMOTE, INTENT
from llm_agentd.prompt.meaning.draft import Draft
from llm_agentd.prompt.meaning.forms import forms, reactions
from llm_agentd.prompt.meaning.known import unheld
from llm_agentd.prompt.meaning.orders import bargain, gestures, orders
from llm_agentd.prompt.meaning.orders.given import ordered
from llm_agentd.prompt.meaning.rule_topics import JOKE, OF_PLAYER, RULE_SLOTS, TALK_AMONG, is_of_game
from llm_agentd.topics import FOLLOW_UP, UNCLEAR, UNCLEAR_BELOW, Topic, normalize

ON_APPROACH, ALONE = "approach", "mutter"
BY_INTENT = {"tactics": "tactics", "quest": "offer_quest", "gesture": "wave"}
IN_FIGHT = frozenset(["attack", "flee", "guard", "fight", "follow", "stay", "go", "help_heal"])
_ONLY_ASKS = re.compile(r"(?:where|who|why|when|do|does|did|are|is|was|were|have|has)\b")  # not what shall be done
# With a quest to offer, all of these are an occasion.
_FOR_WORK = (
    "help offer_help hire_me where_work want_adventure ask_need_most need_money ask_if_quest_giver"
    " what_do_you_want_of_me"
)
ASKS_FOR_WORK = frozenset(_FOR_WORK.split())
SURE_FROM = 0.3  # share of a topic: below, fewer than half are right, and the form answers better
SURELY_FROM = 0.75  # share of a topic: below, the words of a reaction to the NPC's last words tell more
OF_TASK = "ask_task_"  # how topics begin that ask about a task
OF_WHAT_WAS_TOLD = "about_"  # how topics begin that ask about what the NPC has told
STATED_FROM = 0.85  # share of an order to move, where the line tells of somebody: `i would like to visit the mill`
MOVES = frozenset(["follow", "stay", "go", "ask_npc_to_wait", "order_come_closer", "open_door"])
RIDDLE = re.compile(
    r"\bwhat do you call (?:an?|the|someone|somebody) (?:\w+ ){1,3}(?:with|without|that|who|in|on|at|wearing)\b"
    r"|\bwhat do you get (?:when|if) you (?:cross|mix)\b|\bwhat did (?:the|one|an?) \w+ say to (?:the|another|an?)\b"
    r"|\bhow many \w+ does it take to \w+|\bknock ,? ?knock\b|\bwhat is \w+ and \w+ like\b"
    r"|\bwhy (?:did|do|does|can|could|is|are|was) .{3,60}\?.{5,60}\b(?:lol|haha\w*|hehe\w*|lmao|get it)\b"
)
BARE_MAX_WORDS = 7  # of a bare follow-up: a longer question says what it is about
SURELY_BARE_WORDS = 3  # so few mean nothing without what was said before: `really? never?`
ABOUT_YOU = re.compile(r"\b(?:you\w*|u|ur)\b", re.I)
INTRODUCES = re.compile(r"\b(?:i am|i.?m|my name is|name.?s|call me)\W*$", re.I)
TELLS = re.compile(
    r"(?:(?:hey|well|so|oh|and|but|ok|yes|no|btw|listen)\b[ ,]*)*"
    r"(?:i|i'm|im|i've|ive|my|we|our|he|she|they|it|the|there|this|that|some\w*|people|today|yesterday|last|every\w*)"
    r"(?: [\w']+){2}",
    re.I,
)  # how one begins to tell something


def topic_of(draft: Draft, said: str) -> Topic:
    """`said`: the player's words with the names that the game knows replaced, as the classifier reads them."""
    if not draft.text:
        return draft.topic(BY_INTENT.get(draft.think.intent) or (ON_APPROACH if draft.think.player else ALONE))
    bargain.mean_what_is_asked_for(draft)
    by_words = ordered(draft) or bargain.wanted(draft) or _introduced(draft) or _joked(draft)
    return draft.topic(by_words or _classified(draft, said))


def _classified(draft: Draft, said: str) -> str:
    meaning = draft.topics.classify(said)
    read = meaning.topic_for(bool(draft.said) and len(words_of(said)) <= BARE_MAX_WORDS)
    name = _by_intent(draft, said, _by_speaker(draft, _by_game(draft, read)))
    if name == read and not is_of_game(draft, name) and unheld.asks_of_mine(draft.text):
        name = OF_PLAYER
    draft.share = dict(meaning.topics).get(name, 0.0)
    reaction = reactions.reaction(draft.text, draft.said) if name == read and _may_react(draft, name) else ""
    if reaction:
        draft.form, draft.reacts, draft.share = reaction, True, 0.0
        return reaction
    if name == UNCLEAR or (name == read and not _is_sure(draft, name)):
        draft.form = _form(draft)
        if draft.form or meaning.topics[0][1] < UNCLEAR_BELOW:
            return OF_PLAYER if draft.form == forms.OF_PLAYER else _vague(draft)
    return name


def _may_react(draft: Draft, name: str) -> bool:
    """Whether the words of a reaction are believed rather than the classifier, which does not see the NPC's."""
    if is_of_game(draft, name):
        return False
    if name.startswith(OF_TASK) and not draft.world.need:  # no task was given
        return True
    limit = SURE_FROM if name.startswith((FOLLOW_UP, OF_WHAT_WAS_TOLD)) else SURELY_FROM
    return draft.share < limit


def _form(draft: Draft) -> str:
    """What answers a line of which nobody is sure: those that tell nothing by their form may be of the same matter as
    the NPC's last words, and what has the form of an order may be advice."""
    answered = reactions.answers(draft.text, draft.said)
    if answered:
        return answered
    form = forms.form_of(draft.text, draft.topics.knows_word)
    if form == forms.ORDERS:
        return reactions.advice(draft.text, draft.said) or form
    return (reactions.remark(draft.text, draft.said) if form in forms.VAGUE else "") or form


def _by_game(draft: Draft, name: str) -> str:
    """What the game told of this moment makes of it: lines alike mean another thing where there is a quest."""
    think = draft.think
    if think.intent == "tactics" and name not in IN_FIGHT and not _ONLY_ASKS.match(draft.told):
        name = "tactics"
    if name in ASKS_FOR_WORK and (draft.world.need or any(act.name == "offer_quest" for act in think.actions)):
        name = "quest"
    if name in bargain.TRADE_TALK:
        name = bargain.trade_topic(draft, name)
    if bargain.compares(draft):
        name = "price"
    if name not in RULE_SLOTS and _asks_way(draft):
        name = "way"
    if name in ("mood", "health") and draft.world.has_pain():
        name = "health"
        draft.signs.append("hurt")
    return name


def _by_speaker(draft: Draft, name: str) -> str:
    """Topics are what players say: an NPC's remark is none of them."""
    is_remark = name == UNCLEAR or name.startswith(FOLLOW_UP) or "?" not in draft.text
    return TALK_AMONG if is_remark and draft.world.speaker_is_npc() else name


def _by_intent(draft: Draft, said: str, name: str) -> str:
    if draft.think.intent == INTENT and not _has_deed(draft, name):
        return draft.topics.likeliest(said, gestures.is_gesture) or name
    return name


def _is_sure(draft: Draft, name: str) -> bool:
    """Whether a topic is to be preferred to what answers any line of the same form. What the game itself tells
    or offers is seldom asked for by chance."""
    topic = draft.topic(name)
    is_ordered = not draft.offered.isdisjoint(topic.action_names)
    if is_ordered and orders.OF_THE_SPEAKER.search(draft.text) and name in MOVES:
        return draft.share >= STATED_FROM
    if is_ordered and draft.share >= SURE_FROM:
        return True
    if "other" in draft.world.found and "other" not in topic.slots and not ABOUT_YOU.search(draft.text):
        return False  # `does Ana have children?` is not asked about the NPC
    is_bare = topic.is_follow_up and len(words_of(draft.text)) <= SURELY_BARE_WORDS
    return draft.share >= SURE_FROM or is_bare or is_of_game(draft, name)


def _asks_way(draft: Draft) -> bool:
    """Whether it is asked for a place to which the game told the way, and nothing else of it."""
    target = draft.world.found.get("target")
    return bool(target and target.name in draft.world.ways and orders.WHERE.search(draft.text))


def _has_deed(draft: Draft, name: str) -> bool:
    """Whether the topic comes with an action that is on offer; where no gesture is, there is none to be sought."""
    topic, offered = draft.topics.get(name), draft.offered
    return EMOTE not in offered or (topic is not None and bool(topic.action_names & offered))


def _vague(draft: Draft) -> str:
    """What is English enough, but about nothing that has a topic. The answer to another question would be the
    worst: a question is not known, and what is told is heard."""
    if is_question(draft.text):
        return "ask_detail"
    return "talk" if TELLS.match(draft.text) else UNCLEAR


def _joked(draft: Draft) -> str:
    """`what do u call a fish with no eyes? fsh`: a riddle as everybody makes them, which wants no answer."""
    return JOKE if RIDDLE.search(normalize.plain(draft.text)) else ""


def _introduced(draft: Draft) -> str:
    """`i'm Torvik`, said by Torvik; the classifier does not see the name."""
    if not draft.think.player:
        return ""
    before, name, after = draft.text.lower().partition(draft.think.player.lower())
    is_alone = bool(name) and INTRODUCES.search(before) and not words_of(after)
    return "introduce_self" if is_alone else ""
