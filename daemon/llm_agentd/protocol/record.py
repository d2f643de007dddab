"""What every record has, and what every op that changes something has besides. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, StrictStr

from llm_agentd.types import STRICT, AnyName


@dataclass(frozen=True, kw_only=True)
class Record:
    """What every op has. `id` comes back in each answer."""

    __pydantic_config__ = STRICT

    op: StrictStr
    id: StrictStr


@dataclass(frozen=True, kw_only=True)
class Change(Record):
    """Of an op that changes something: what the audit log says of who did it."""

    by: Annotated[AnyName | None, Field(description="who asks for the change, for the audit log")] = None
    via: Annotated[
        Literal["http", "game", "cli"] | None, Field(description="by which way; the HTTP process sets it itself")
    ] = None
