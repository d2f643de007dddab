"""From a `Think` to what the engine is asked: messages, and a schema where an action is wanted.

Runs on the router thread. Knows roles and prompts; knows nothing of sockets, caches or engines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from llm_agentd.agents import actions, prompt
from llm_agentd.agents.roles import Roles
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
        self._roles = roles
        self._language = language

    def role_names(self) -> list[str]:
        return self._roles.names()

    def question(self, think: Think) -> Question:
        """Raises BadRequest for a role that neither the daemon nor the request describes."""
        role = self._roles.get(think.npc.role, think.npc.persona)
        messages = prompt.build(think, role, language=self._language)
        if not prompt.wants_json(think):
            return Question(messages)
        return Question(messages, tuple(action.name for action in think.actions), actions.schema(think.actions))
