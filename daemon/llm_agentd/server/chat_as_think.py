"""A chat with a model that only speaks for NPCs, read as what somebody says to one: a `Think`.

Such a model (the embedded one) never learnt to chat. Given bare messages it writes lines with holes where names belong;
told the topic of what was said it answers sensibly, as in the game. Pure; router thread.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import fields

from llm_agentd.protocol.schema import InferRecord, Options, ThinkRecord
from llm_agentd.roles.role import PERSONA_MAX_CHARS
from llm_agentd.types import HISTORY_MAX, NAME_MAX_CHARS, Npc, Turn
from llm_agentd.util.sanitize import single_line

USER = "Traveller"  # whoever chats; its name, where the client tells one, is an account's and no name to be called by
NAME = "Hearthling"  # whom no system message names
ROLE = "villager"  # which no system message names
_NAMED = re.compile(
    r"\b(?:you are|you're|your name is)\s+(?-i:([A-Z][\w'’-]*))(?:,\s*(?:and )?|[.!]\s*|$)", re.IGNORECASE
)


def is_talk(record: InferRecord) -> bool:
    """Whether it is somebody's words to be answered: no raw text, no format of the client's, no reply to go on with."""
    return bool(record.moderate and not record.has_format and record.messages and record.messages[-1].role == "user")


def as_think(record: InferRecord, known_roles: Collection[str]) -> ThinkRecord:
    """Of an `is_talk`. The system message is the NPC's persona, and may name it and its trade."""
    messages = record.messages or ()
    persona = single_line(" ".join(one.content for one in messages if one.role == "system"))[:PERSONA_MAX_CHARS]
    found = _NAMED.search(persona)
    name = found[1][:NAME_MAX_CHARS] if found else NAME
    if found:  # "You are Bram, the smith" says two things, and he is to say the second of himself
        rest = persona[found.end() :]
        persona = persona[: found.start()] + ("You are " if rest and "," in found[0] else "") + rest
        persona = persona.strip()
    said = [one for one in messages if one.role != "system"]
    turns = (Turn(name if one.role == "assistant" else USER, single_line(one.content)) for one in said[:-1])
    role = next((word for word in re.findall(r"[a-z]+", persona.lower()) if word in known_roles), ROLE)
    return ThinkRecord(
        **{option.name: getattr(record, option.name) for option in fields(Options)},
        npc=Npc(name, name, role),
        player=USER,
        utterance=single_line(said[-1].content),
        draft={"title": f"the {role}", "persona": persona or f"A {role}."},
        history=tuple(turn for turn in turns if turn.text)[-HISTORY_MAX:],
        remember=False,
    )
