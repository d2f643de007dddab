"""From a `Think` to the engine's input: messages, and the form of a reply that may choose an action.

Runs on the router thread. Knows roles and memory; knows nothing of sockets, caches, engines or moderation.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

from llm_agentd.errors import BadRequest
from llm_agentd.memory import Memory, NullMemory
from llm_agentd.memory.retrieval import NOTHING
from llm_agentd.memory.sentences import is_question, quote, split_sentences
from llm_agentd.prompt import actions, language
from llm_agentd.prompt import messages as prompt
from llm_agentd.prompt.meaning import Reading, SlotReader
from llm_agentd.prompt.moment import ANY_ROLE, Moment
from llm_agentd.prompt.moment import messages as moment_messages
from llm_agentd.prompt.placeholders import mark
from llm_agentd.prompt.token_budget import UNLIMITED_TOKENS, estimate_tokens, fit_facts, fit_turns, memory_tokens
from llm_agentd.roles import FieldError, Role, Roles, make_role
from llm_agentd.types import Action, ChatPrompt, LeftOut, MemoryTurn, Message, OutputFormat, Sampling, Think
from llm_agentd.util import sanitize

NOT_REMEMBERED = "nothing is remembered with this think: it is a draft, has no player, or says `remember: false`"


def output_format(
    offered: Sequence[Action], sampling: Sampling, features: Collection[str]
) -> tuple[Sampling, OutputFormat]:
    """The form of a `think`'s reply, and `sampling` with room for it. Raises BadRequest for a bad action.

    With actions the reply is JSON: `max_tokens` grows by what the action needs, so that the words keep what was meant
    for them. Where the engine (`features`) can follow a schema and the client brought no grammar, it is held to it.
    """
    if not offered:
        return sampling, OutputFormat(whole_sentences=True)
    bounded = actions.bounded(offered)
    schema = actions.reply_schema(bounded, actions.say_max_chars(sampling.max_tokens))
    return _json_format(bounded, schema, sampling, is_free=_is_free(sampling, features))


def slot_format(reading: Reading, sampling: Sampling, features: Collection[str]) -> tuple[Sampling, OutputFormat]:
    """As `output_format`, for a model that writes placeholders: `reading` has the action that is due, and the lines."""
    is_free = _is_free(sampling, features)
    if not reading.actions:
        if reading.lines and not is_free and "grammar" in features:
            sampling = replace(sampling, grammar=actions.lines_grammar(reading.lines))
        return sampling, OutputFormat(whole_sentences=True)
    bounded = actions.bounded(reading.actions)
    say_max_chars = actions.say_max_chars(sampling.max_tokens)
    deeds = reading.deeds or reading.topic.deeds
    schema = actions.slot_schema(bounded, deeds, reading.slots, reading.lines, say_max_chars)
    sampling, output = _json_format(bounded, schema, sampling, is_free=is_free)
    return sampling, replace(output, lines=reading.lines)


def _is_free(sampling: Sampling, features: Collection[str]) -> bool:
    """Whether our schema is not what holds the reply: the client brought its own, or the engine follows none."""
    return bool(sampling.grammar or sampling.json_schema) or "json_schema" not in features


def _json_format(
    bounded: tuple[Action, ...], schema: dict[str, Any], sampling: Sampling, *, is_free: bool
) -> tuple[Sampling, OutputFormat]:
    """`sampling` with room for the form and its action, and with the schema unless the reply is free."""
    words_max_tokens = sampling.max_tokens
    words_max_chars = 0 if is_free else actions.say_max_chars(words_max_tokens)
    sampling = replace(
        sampling,
        max_tokens=words_max_tokens + actions.extra_tokens(bounded),
        json_schema=sampling.json_schema if is_free else schema,
        is_schema_optional=not is_free,
    )
    return sampling, OutputFormat(bounded, schema, words_max_tokens, words_max_chars, whole_sentences=True)


class PromptBuilder:
    """Turns thinks into prompts with the roles and the memory it was given."""

    def __init__(self, roles: Roles, default_language: str = "en", memory: Memory | None = None) -> None:
        self.roles = roles
        self.default_language = default_language
        self.memory = memory or NullMemory()

    def wanted_language(self, think: Think) -> str:
        """What the player should be answered in, whether or not the model speaks it.

        Raises BadRequest for a role that nobody describes.
        """
        if think.translate:
            return think.lang or self.default_language
        return prompt.wanted_language(think, self._role(think), self.default_language)

    def build(self, think: Think, languages: Sequence[str] = (), room_tokens: int = UNLIMITED_TOKENS) -> ChatPrompt:
        """`languages`: the model's, none where nothing is known. `room_tokens`: of the prompt.

        Raises BadRequest for a role that nobody describes and for a translation into a language that the model lacks.
        """
        if think.translate:
            return self._translation(think, think.translate, languages)
        role = self._role(think)
        wanted = prompt.wanted_language(think, role, self.default_language)
        lang = language.choose(wanted, languages, self.default_language)
        short = prompt.build(think, role, prompt.history_messages(think.history, think.npc.name), lang)
        left_out = [] if lang == wanted else [_other_language(wanted, lang)]
        turn = _memory_turn(think, lang)
        if turn is None:
            left_out.append(LeftOut("memory", "all that is remembered", NOT_REMEMBERED))
            return ChatPrompt(short, lang, left_out=tuple(left_out))
        messages = self._with_memory(think, short, turn, room_tokens, left_out)
        return ChatPrompt(messages, lang, short if messages != short else None, turn, tuple(left_out))

    def build_moment(
        self, think: Think, reader: SlotReader, languages: Sequence[str] = ()
    ) -> tuple[ChatPrompt, Reading | None]:
        """For a model that is told topics and placeholders. None: a translation, which has no topic.

        Raises BadRequest as `build` does.
        """
        if think.translate:
            return self._translation(think, think.translate, languages), None
        role = self._role(think)
        wanted = prompt.wanted_language(think, role, self.default_language)
        lang = language.choose(wanted, languages, self.default_language)
        turn = _memory_turn(think, lang)
        found = self.memory.retrieve(turn, wants_turns=not think.history) if turn else NOTHING
        earlier, said = _last_exchange(think, found.turns)
        remembered = (*found.facts, *_told(found.turns, turn)) if turn else ()
        reading = reader.read(think, role, remembered, earlier, said)
        topic, slots = reading.topic, reading.slots
        moment = Moment(
            topic.name,
            _known_role(role, reader.roles),
            think.npc.mood if think.npc.mood and think.npc.mood in reader.moods else "",
            reader.moment_words(think, topic, reading.signs),
            topic.slots.intersection(slots.words),
            mark(said, slots.words) if topic.is_follow_up else "",
        )
        reading, moment = reader.held(reading, moment, think.avoid)
        left_out = () if lang == wanted else (_other_language(wanted, lang),)
        return ChatPrompt(moment_messages(moment), lang, None, turn, left_out, slots), reading

    def _translation(self, think: Think, line: str, languages: Sequence[str]) -> ChatPrompt:
        """Without the NPC: a line is translated once for all who say it."""
        lang = think.lang or self.default_language
        language.require_supported(languages, lang)
        return ChatPrompt(language.translation_messages(line, lang), lang)

    def _with_memory(
        self,
        think: Think,
        short: tuple[Message, ...],
        turn: MemoryTurn,
        room_tokens: int,
        left_out: list[LeftOut],
    ) -> tuple[Message, ...]:
        """As `short`, with the last turns before the user's message and what is retrieved as the fact `memory`.

        What does not fit is added to `left_out`.
        """
        found = self.memory.retrieve(turn, wants_turns=not think.history)
        room = memory_tokens(short, room_tokens)
        facts = fit_facts(found.facts, room)
        turns = prompt.memory_messages(found.turns, turn)
        earlier = fit_turns(turns, room - estimate_tokens(facts))
        why = f"memory has room for about {room} tokens here"
        left_out += (LeftOut("memory", fact, why) for fact in found.facts[len(facts) :])
        left_out += (LeftOut("turns", message.content, why) for message in turns[: len(turns) - len(earlier)])
        if facts:
            given = think.context.get("memory") or []
            known = list(given) if isinstance(given, (list, tuple)) else [given]
            think = replace(think, context={**think.context, "memory": [*known, *facts]})
        elif not earlier:
            return short
        return (*short[:-1], *earlier, Message("user", prompt.user_text(think)))

    def _role(self, think: Think) -> Role:
        if think.draft is None:
            return self.roles.get(think.npc.role, think.npc.persona)
        try:
            return make_role(think.npc.role, think.draft)
        except FieldError as error:
            raise BadRequest(f"draft.{error}") from None


def _told(turns: Sequence[tuple[str, str]], turn: MemoryTurn) -> Iterator[str]:
    """What the player stated in the last turns, the newest first: such a model is not shown the turns themselves."""
    for said, _ in reversed(turns):
        for sentence in split_sentences(said):
            if not is_question(sentence):
                yield quote(turn.player, sentence, (turn.npc_name,))


def _known_role(role: Role, known: Collection[str]) -> str:
    """Whose lines it speaks: its own, or those of what its title says it is: `the village smith` is a smith."""
    titled = (role.title.split() or [""])[-1].lower()
    return next((name for name in (role.name, titled) if name in known), ANY_ROLE)


def _other_language(wanted: str, lang: str) -> LeftOut:
    return LeftOut("language", wanted, f"the model does not speak it, but {lang}")


def _last_exchange(think: Think, turns: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """What the player and the NPC said last, as far as anybody knows."""
    if not think.history:
        return turns[-1] if turns else ("", "")
    said = next((turn.text for turn in reversed(think.history) if turn.speaker == think.npc.name), "")
    earlier = next((turn.text for turn in reversed(think.history) if turn.speaker != think.npc.name), "")
    return earlier, said


def _memory_turn(think: Think, lang: str) -> MemoryTurn | None:
    """What of it is remembered; None for drafts, for talk with nobody, and where the game wants none of it."""
    if think.draft is not None or not think.remember or not think.player:
        return None
    place = think.context.get("place")
    return MemoryTurn(
        npc=think.npc.id,
        npc_name=sanitize.name(think.npc.name),
        player=sanitize.name(think.player),
        place=sanitize.single_line(place) if isinstance(place, str) else "",
        player_text=sanitize.single_line(think.utterance or ""),
        language=lang,
        is_retry=bool(think.avoid),
        is_warm=think.is_warm,
    )
