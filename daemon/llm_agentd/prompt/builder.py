"""From a `Think` to what the engine is asked: messages, and the actions that the reply may choose from.

Runs on the router thread. Knows roles and prompts; knows nothing of sockets, caches or engines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from llm_agentd.errors import BadRequest
from llm_agentd.memory import Memory, NullMemory
from llm_agentd.moderation.moderator import Moderator
from llm_agentd.prompt import actions, language
from llm_agentd.prompt import messages as prompt
from llm_agentd.prompt.token_budget import UNLIMITED_TOKENS, estimate_tokens, fit_facts, fit_turns, memory_tokens
from llm_agentd.roles import FieldError, Role, Roles, make_role
from llm_agentd.types import Action, MemoryTurn, Message, ModerationContext, Think
from llm_agentd.util import sanitize


@dataclass(frozen=True, slots=True)
class ChatPrompt:
    """`actions`: those the reply may choose from, with bounded schemas; empty: plain words. `lang`: the words' own.

    `moderation`: set where moderation has looked at the question and will look at the reply. `short_messages`:
    without what is remembered, where something is. `memory_turn`: what to remember with the reply.
    """

    messages: tuple[Message, ...]
    lang: str
    actions: tuple[Action, ...] = ()
    moderation: ModerationContext | None = None
    short_messages: tuple[Message, ...] | None = None
    memory_turn: MemoryTurn | None = None


class PromptBuilder:
    """Turns thinks into questions with the roles and the memory it was given."""

    def __init__(
        self,
        roles: Roles,
        default_language: str = "en",
        moderator: Moderator | None = None,
        memory: Memory | None = None,
    ) -> None:
        self.roles = roles
        self.default_language = default_language
        self.memory = memory or NullMemory()
        self._moderator = moderator

    def build(self, think: Think, languages: Sequence[str] = (), room_tokens: int = UNLIMITED_TOKENS) -> ChatPrompt:
        """`languages`: the model's, none where nothing is known. `room_tokens`: of prompt and action.

        Raises BadRequest for a bad action, for a role that nobody describes and for a translation into a language that
        the model lacks; Filtered by moderation.
        """
        if think.translate:
            return self._translation(think, think.translate, languages)
        role = self._role(think)
        wanted = think.lang or role.language or self.default_language
        lang = language.choose(wanted, languages, self.default_language)
        think, talk = self._moderated(replace(think, lang=lang), wanted)
        turns = prompt.history(think.history, think.npc.name)
        short = prompt.build(think, role, turns)
        offered = actions.bounded(think.actions)
        memory_turn = _memory_turn(think, lang)
        if memory_turn is None:
            return ChatPrompt(short, lang, offered, talk)
        room_tokens -= actions.extra_tokens(offered) if offered else 0
        messages = self._with_memory(think, short, memory_turn, room_tokens)
        return ChatPrompt(messages, lang, offered, talk, short if messages != short else None, memory_turn)

    def _translation(self, think: Think, line: str, languages: Sequence[str]) -> ChatPrompt:
        """Who says it does not matter: a line is asked for once in each language."""
        if think.actions or think.utterance:
            raise BadRequest("translate: a line is only translated; leave out utterance and actions")
        lang = think.lang or self.default_language
        language.require_supported(languages, lang)
        _, talk = self._moderated(think, lang)
        return ChatPrompt(language.translation_messages(line, lang), lang, moderation=talk)

    def _moderated(self, think: Think, lang: str) -> tuple[Think, ModerationContext | None]:
        if not self._moderator:
            return think, None
        talk = ModerationContext(think.npc.id, think.npc.name, think.player or "", lang, think.utterance or "")
        return self._moderator.check_asked(think, talk), talk

    def _with_memory(
        self, think: Think, short: tuple[Message, ...], memory_turn: MemoryTurn, room_tokens: int
    ) -> tuple[Message, ...]:
        """As `short`, with the last exchanges before the user's message and what is retrieved as the fact `memory`."""
        found = self.memory.retrieve(memory_turn, wants_turns=not think.history)
        room = memory_tokens(short, room_tokens)
        facts = fit_facts(found.facts, room)
        earlier = fit_turns(prompt.remembered(found.turns, memory_turn), room - estimate_tokens(facts))
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
        said=sanitize.single_line(think.utterance or ""),
        language=lang,
        is_retry=bool(think.avoid),
    )
