"""From a `Think` to what the engine is asked: messages, and a schema where an action is wanted.

Runs on the router thread. Knows roles and prompts; knows nothing of sockets, caches or engines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from llm_agentd.agents import actions, prompt
from llm_agentd.agents.role import BadField, Role, make_role
from llm_agentd.agents.roles import Roles
from llm_agentd.errors import BadRequest
from llm_agentd.serving.request import Message, Think


@dataclass(frozen=True, slots=True)
class Question:
    """`actions`: names the reply may choose from (empty: plain words); `json_schema` is set with them."""

    messages: tuple[Message, ...]
    actions: tuple[str, ...] = ()
    json_schema: dict[str, Any] | None = None


class Thinker:
    """Turns thinks into questions with the roles it was given."""

    def __init__(self, roles: Roles, language: str = "en") -> None:
        self.roles = roles
        self._language = language

    def question(self, think: Think) -> Question:
        """Raises BadRequest for a role that neither the daemon nor the request describes."""
        turns = prompt.history(think.history, think.npc.name)
        messages = prompt.build(think, self._role(think), turns, language=self._language)
        if not prompt.wants_json(think):
            return Question(messages)
        return Question(messages, tuple(action.name for action in think.actions), actions.schema(think.actions))

    def _role(self, think: Think) -> Role:
        if think.draft is None:
            return self.roles.get(think.npc.role, think.npc.persona)
        try:
            return make_role(think.npc.role, think.draft)
        except BadField as error:
            raise BadRequest(f"draft.{error}") from None
