"""What a `Think` means for a model that is told topics: which topic, the values of placeholders, what may be done.

The rules here are what such a model need not learn: whose price is meant, which of the places, what the player is
called, which sentence of persona, knowledge or memory answers. Router thread. Reads facts as the mod sends them
(`world.py`); what it does not know of is a sentence that may answer a question. Knows nothing of tokens, engines and
caches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from llm_agentd.prompt.meaning import answers, line_choice
from llm_agentd.prompt.meaning.draft import Draft
from llm_agentd.prompt.meaning.forms import reactions
from llm_agentd.prompt.meaning.known.beings import signs_of
from llm_agentd.prompt.meaning.known.relevance import Relevance
from llm_agentd.prompt.meaning.orders import changes_of_mind
from llm_agentd.prompt.meaning.questions import asked
from llm_agentd.prompt.meaning.reading import Reading
from llm_agentd.prompt.meaning.rule_topics import JOKE, RULE_SLOTS
from llm_agentd.prompt.meaning.topic_choice import topic_of
from llm_agentd.prompt.meaning.values import find_values
from llm_agentd.prompt.meaning.world import World, texts_of
from llm_agentd.prompt.messages import fact_value
from llm_agentd.prompt.moment import Moment
from llm_agentd.roles import Role
from llm_agentd.topics import Topic, Topics
from llm_agentd.types import Slots, Think

ANSWERED_FROM = 0.6  # share of a question's topic: from there it is answered by itself, and a second one behind it


class SlotReader:
    """Reads thinks with the topics of the served model."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self._relevance = Relevance(topics)

    def read(
        self, think: Think, role: Role, recalled: Sequence[str] = (), earlier: str = "", said: str = ""
    ) -> Reading:
        """`recalled`: what memory has for this pair, the most important first. `earlier`: what the player said before,
        `said` what the NPC answered."""
        remembered = [*texts_of(think.context.get("memory")), *recalled]

        def read(text: str | None) -> Reading:
            part = replace(think, utterance=text)
            world = World(part, self._topics.common_words)
            return _read(Draft(self._topics, self._relevance, part, role, world, remembered, earlier, said))

        text = think.utterance
        if think.actions and text:  # `don't wait, go home` is the order to go
            text = changes_of_mind.what_to_do(text)
        whole = read(text)
        return (
            whole
            if whole.actions or whole.takes_up or whole.topic.name == JOKE or _is_told_by_game(whole)
            else _of_questions(whole, [read(part) for part in asked(text or "")])
        )

    def moment_words(self, think: Think, topic: Topic, signs: Sequence[str]) -> tuple[str, ...]:
        """Time, weather and signs, where the topic's replies depend on them."""
        given = (fact_value(think.context.get("time")), fact_value(think.context.get("weather")))
        return tuple(word for word in (*given, *signs) if word in topic.moments)

    def held(self, reading: Reading, moment: Moment, avoid: Sequence[str]) -> tuple[Reading, Moment]:
        """With the lines that the model may choose from, and with the one action that is due, if any.

        `avoid`: lines that were just said.
        """
        return line_choice.held(self._topics, reading, moment, avoid)

    @property
    def roles(self) -> Sequence[str]:
        names: list[str] = self._topics.about["roles"]
        return names

    @property
    def moods(self) -> Sequence[str]:
        names: list[str] = self._topics.about["moods"]
        return names


def _is_told_by_game(reading: Reading) -> bool:
    """Whether the game has what is asked for, such as the way to the inn."""
    return RULE_SLOTS.get(reading.topic.name, "") in reading.slots.words


def _of_questions(whole: Reading, asked: Sequence[Reading]) -> Reading:
    """What answers the questions of a line, where that is surer than what answers the line as one."""
    sure = [one for one in asked if one.share >= ANSWERED_FROM and not one.actions and not one.topic.is_follow_up]
    if len(sure) >= 2 and sure[0].topic != sure[1].topic:
        return replace(sure[0], also=sure[1])
    return sure[0] if sure and sure[0].share > whole.share else whole


def _read(draft: Draft) -> Reading:
    said = draft.world.masked()
    meant = topic_of(draft, said)
    find_values(draft, meant)
    draft.signs += signs_of(draft.think.npc.persona or "", draft.think.npc.name, draft.role.title)
    topic, unheld = answers.answering(draft, meant), ""
    if topic is meant and not draft.words.get("known"):
        topic, unheld = answers.by_form(draft, meant), answers.unheld_topic(draft, meant)
    slots = Slots({name: words for name, words in draft.words.items() if words}, draft.params)
    possible = line_choice.possible(draft, topic, slots)
    return Reading(
        topic,
        slots,
        tuple(draft.signs),
        possible,
        said,
        named=answers.named(draft),
        unheld="" if possible else unheld,
        takes_up=draft.reacts and not reactions.is_comment(draft.form),
        share=1.0 if draft.words.get("known") else 0.0 if draft.form or unheld else draft.share,
    )
