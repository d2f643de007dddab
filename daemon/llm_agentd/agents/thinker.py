"""From a `Think` to what the engine is asked: messages, and the actions that the reply may choose from.

Runs on the router thread. Knows roles and prompts; knows nothing of sockets, caches or engines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from llm_agentd.agents import actions, language, prompt
from llm_agentd.agents.moderation import Moderator
from llm_agentd.agents.role import BadField, Role, make_role
from llm_agentd.agents.roles import Roles
from llm_agentd.errors import BadRequest
from llm_agentd.serving.request import Action, Message, Talk, Think


@dataclass(frozen=True, slots=True)
class Question:
    """`actions`: those the reply may choose from, with bounded schemas; empty: plain words. `lang`: the words' own.

    `talk`: set where moderation has looked at the question and will look at the reply.
    """

    messages: tuple[Message, ...]
    lang: str
    actions: tuple[Action, ...] = ()
    talk: Talk | None = None


class Thinker:
    """Turns thinks into questions with the roles it was given."""

    def __init__(self, roles: Roles, default_language: str = "en", moderator: Moderator | None = None) -> None:
        self.roles = roles
        self.default_language = default_language
        self._moderator = moderator

    def question(self, think: Think, languages: Sequence[str] = ()) -> Question:
        """`languages`: the model's, none where nothing is known.

        Raises BadRequest for a bad action, for a role that nobody describes and for a translation into a language that
        the model lacks; Filtered by moderation.
        """
        if think.translate:
            return self._translation(think, think.translate, languages)
        role = self._role(think)
        wanted = think.lang or role.language or self.default_language
        lang = language.spoken(wanted, languages, self.default_language)
        think, talk = self._moderated(replace(think, lang=lang), wanted)
        turns = prompt.history(think.history, think.npc.name)
        messages = prompt.build(think, role, turns)
        return Question(messages, lang, actions.bounded(think.actions), talk)

    def _translation(self, think: Think, line: str, languages: Sequence[str]) -> Question:
        """Who says it does not matter: a line is asked for once in each language."""
        if think.actions or think.utterance:
            raise BadRequest("translate: a line is only translated; leave out utterance and actions")
        lang = think.lang or self.default_language
        language.check_has(languages, lang)
        _, talk = self._moderated(think, lang)
        return Question(language.translation(line, lang), lang, talk=talk)

    def _moderated(self, think: Think, lang: str) -> tuple[Think, Talk | None]:
        if not self._moderator:
            return think, None
        talk = Talk(think.npc.id, think.npc.name, think.player or "", lang, think.utterance or "")
        return self._moderator.check_asked(think, talk), talk

    def _role(self, think: Think) -> Role:
        if think.draft is None:
            return self.roles.get(think.npc.role, think.npc.persona)
        try:
            return make_role(think.npc.role, think.draft)
        except BadField as error:
            raise BadRequest(f"draft.{error}") from None
