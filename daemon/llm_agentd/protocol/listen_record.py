"""The op `listen`: a game wants to hear what a player says into a web page. Pure.

The HTTP process answers it itself (http/voice/); the daemon never gets one, so it is not in `schema.RECORDS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, StrictStr

from llm_agentd.protocol.record import Record
from llm_agentd.types import LUA_LIST, WHOLE, AnyName, Name

LISTEN = "listen"
LISTEN_MAX_MS = 8 * 3600 * 1000  # a long evening: a page that was forgotten is not one for ever
PHRASES_MAX = 64  # a hint for the recogniser: a village's names and the plain commands


@dataclass(frozen=True, kw_only=True)
class ListenRecord(Record):
    """Sent again with the same `id` it changes `lang` and `phrases` of the one that is open."""

    player: Annotated[Name, Field(description="whose voice it is")]
    lang: Annotated[
        Annotated[StrictStr, Field(max_length=16)] | None, Field(description="what the player speaks, such as de")
    ] = None
    phrases: Annotated[
        tuple[AnyName, ...],
        Field(max_length=PHRASES_MAX, description="what is likely said: names of NPCs near, commands"),
        LUA_LIST,
    ] = ()
    deadline_ms: Annotated[
        Annotated[int, Field(ge=1, le=LISTEN_MAX_MS), WHOLE] | None,
        Field(description="it ends with `done` after this long; 8 hours at most, and where it is left out"),
    ] = None
