"""Roles: what an NPC is, knows and says. `Roles.load` gives all of them, `make_role` validates one."""

from llm_agentd.roles.registry import Roles
from llm_agentd.roles.role import FIELDS, FieldError, Role, make_role

__all__ = ["FIELDS", "FieldError", "Role", "Roles", "make_role"]
