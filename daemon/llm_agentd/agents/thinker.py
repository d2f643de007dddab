"""From a `Think` to what the engine is asked: messages, and the actions that the reply may choose from.

Runs on the router thread. Knows roles and prompts; knows nothing of sockets, caches or engines.
"""

from __future__ import annotations

from dataclasses import dataclass

from llm_agentd.agents import actions, prompt
from llm_agentd.agents.role import BadField, Role, make_role
from llm_agentd.agents.roles import Roles
from llm_agentd.errors import BadRequest
from llm_agentd.serving.request import Action, Message, Think


@dataclass(frozen=True, slots=True)
class Question:
    """`actions`: those the reply may choose from, with bounded schemas; empty: plain words."""

    messages: tuple[Message, ...]
    actions: tuple[Action, ...] = ()


class Thinker:
    """Turns thinks into questions with the roles it was given."""

    def __init__(self, roles: Roles, language: str = "en") -> None:
        self.roles = roles
        self._language = language

    def question(self, think: Think) -> Question:
        """Raises BadRequest for a role that neither the daemon nor the request describes, and for a bad action."""
        turns = prompt.history(think.history, think.npc.name)
        messages = prompt.build(think, self._role(think), turns, language=self._language)
        return Question(messages, actions.bounded(think.actions))

    def _role(self, think: Think) -> Role:
        if think.draft is None:
            return self.roles.get(think.npc.role, think.npc.persona)
        try:
            return make_role(think.npc.role, think.draft)
        except BadField as error:
            raise BadRequest(f"draft.{error}") from None
