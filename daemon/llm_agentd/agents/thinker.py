"""From a `Think` to what the engine is asked: messages, and the actions that the reply may choose from.

Runs on the router thread. Knows roles and prompts; knows nothing of sockets, caches or engines.
"""

from __future__ import annotations

from dataclasses import dataclass

from llm_agentd.agents import actions, prompt
from llm_agentd.agents.moderation import Moderator
from llm_agentd.agents.role import BadField, Role, make_role
from llm_agentd.agents.roles import Roles
from llm_agentd.errors import BadRequest
from llm_agentd.serving.request import Action, Message, Talk, Think


@dataclass(frozen=True, slots=True)
class Question:
    """`actions`: those the reply may choose from, with bounded schemas; empty: plain words.

    `talk`: set where moderation has looked at the question and will look at the reply.
    """

    messages: tuple[Message, ...]
    actions: tuple[Action, ...] = ()
    talk: Talk | None = None


class Thinker:
    """Turns thinks into questions with the roles it was given."""

    def __init__(self, roles: Roles, language: str = "en", moderator: Moderator | None = None) -> None:
        self.roles = roles
        self._language = language
        self._moderator = moderator

    def question(self, think: Think) -> Question:
        """Raises BadRequest for a bad action and for a role that nobody describes, Filtered by moderation."""
        role, talk = self._role(think), None
        if self._moderator:
            language = think.lang or role.language or self._language
            talk = Talk(think.npc.id, think.npc.name, think.player or "", language, think.utterance or "")
            think = self._moderator.check_asked(think, talk)
        turns = prompt.history(think.history, think.npc.name)
        messages = prompt.build(think, role, turns, language=self._language)
        return Question(messages, actions.bounded(think.actions), talk)

    def _role(self, think: Think) -> Role:
        if think.draft is None:
            return self.roles.get(think.npc.role, think.npc.persona)
        try:
            return make_role(think.npc.role, think.draft)
        except BadField as error:
            raise BadRequest(f"draft.{error}") from None
