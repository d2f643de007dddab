"""The ops by which admins see and steer what the daemon does, and by which the mod reports: their fields.

Pure. `protocol/schema.py` has them in its table of all ops.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import BeforeValidator, Field, StrictBool, StrictStr

from llm_agentd.protocol.record import Change, Record
from llm_agentd.types import LUA_LIST, NUMBER, STRICT, WHOLE, AnyName, Name, Priority

REPORTED_MAX = 64  # requests that one report tells of: more than a village answers in the 5 s between two
REPORT_MESSAGE_MAX_CHARS = 400  # what came of an action, as the player read it
SPOKEN_MAX_CHARS = 4096  # of what was spoken at once; a sentence of an NPC has a hundred
REPORT_BUCKETS_MAX = 32  # of a histogram; the mod has a dozen
REASONS_MAX = 32  # there are some twenty codes
LISTED_MAX = 200  # rows in an answer; some KiB each
WAIT_MAX_MS = 20_000  # proxies and engines drop connections that are silent for a minute
GREP_MAX_CHARS = 200
REASON_PATTERN = "^[a-z_]{1,32}$"
COUNT_MAX = 10**9  # of whatever a game counts; a float of Lua's JSON must not become a number without end

Count = Annotated[int, Field(ge=0, le=COUNT_MAX), WHOLE]
Seconds = Annotated[float, Field(ge=0), NUMBER]
Reason = Annotated[StrictStr, Field(pattern=REASON_PATTERN)]


def _no_map(value: object) -> object:
    return {} if value is None or value == [] else value


@dataclass(frozen=True, kw_only=True)
class StepGaps:
    """A histogram. `counts` has one more than `bounds_s`: the last is of gaps longer than all bounds."""

    __pydantic_config__ = STRICT

    bounds_s: Annotated[list[Seconds], Field(min_length=1, max_length=REPORT_BUCKETS_MAX)]
    counts: Annotated[list[Count], Field(min_length=2, max_length=REPORT_BUCKETS_MAX + 1)]
    sum_s: Seconds = 0.0

    def __post_init__(self) -> None:
        if len(self.counts) != len(self.bounds_s) + 1:
            raise ValueError("counts: want one more than there are bounds_s, for what is longer than all")
        if any(one >= other for one, other in zip(self.bounds_s, self.bounds_s[1:], strict=False)):
            raise ValueError("bounds_s: want them ascending")


@dataclass(frozen=True, kw_only=True)
class Acted:
    """What came of an action. `request`: the id of the `think` that chose it."""

    __pydantic_config__ = STRICT

    request: Annotated[StrictStr, Field(min_length=1, max_length=128)]
    ok: StrictBool
    message: Annotated[StrictStr, Field(max_length=REPORT_MESSAGE_MAX_CHARS)] = ""
    action: AnyName | None = None


@dataclass(frozen=True, kw_only=True)
class FellBack:
    """A fallback line was said in the place of the reply to `request`, and why."""

    __pydantic_config__ = STRICT

    request: Annotated[StrictStr, Field(min_length=1, max_length=128)]
    reason: Reason


@dataclass(frozen=True, kw_only=True)
class ReportRecord(Record):
    """What a game tells of itself: all counts are since its last report."""

    steps: Annotated[StepGaps | None, Field(description="how long the server's steps took")] = None
    own_ms_p99: Annotated[Seconds | None, Field(description="of these, what the mod's own part took")] = None
    players: Annotated[Count, Field(description="in the game now")] = 0
    npcs: Annotated[Count, Field(description="in the game now")] = 0
    fallbacks: Annotated[
        dict[Reason, Count],
        Field(max_length=REASONS_MAX, description="fallback lines by reason"),
        BeforeValidator(_no_map),
    ] = field(default_factory=dict)
    acted: Annotated[list[Acted], Field(max_length=REPORTED_MAX, description="what came of actions"), LUA_LIST] = field(
        default_factory=list
    )
    fell_back: Annotated[
        list[FellBack], Field(max_length=REPORTED_MAX, description="which requests ended in a fallback line"), LUA_LIST
    ] = field(default_factory=list)
    version: Annotated[AnyName | None, Field(description="the mod's")] = None
    game: Annotated[AnyName | None, Field(description="another one at each start of a game server")] = None


@dataclass(frozen=True, kw_only=True)
class SpokenRecord(Record):
    """A sentence that the HTTP process spoke, or did not: for the request log."""

    npc: Annotated[AnyName, Field(description="the NPC's id; empty: none, as of a program")] = ""
    name: Annotated[AnyName, Field(description="its name")] = ""
    role: AnyName = ""
    text: Annotated[StrictStr, Field(max_length=SPOKEN_MAX_CHARS, description="the words")] = ""
    lang: AnyName = ""
    engine: Annotated[AnyName, Field(description="what spoke")] = ""
    outcome: Annotated[Reason, Field(description="`done`, or the code of an error")] = "done"
    message: Annotated[
        StrictStr, Field(max_length=REPORT_MESSAGE_MAX_CHARS, description="with an error: its message")
    ] = ""
    cached: Annotated[StrictBool, Field(description="it was kept from another time")] = False
    priority: Priority = "spoken"
    timing_ms: Annotated[
        dict[Reason, Seconds], Field(max_length=REASONS_MAX, description="`queue`, `render`, `encode`, `total`")
    ] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RequestsRecord(Record):
    """The request log, the newest first. What is left out matches all."""

    limit: Annotated[int, Field(ge=1, le=LISTED_MAX), WHOLE] = 50
    before: Annotated[
        Annotated[int, Field(ge=1), WHOLE] | None, Field(description="only older ones than this `seq`")
    ] = None
    npc: Annotated[Name | None, Field(description="the NPC's id or name")] = None
    player: Name | None = None
    outcome: Annotated[Name | None, Field(description="`done`, or the code of an error")] = None
    priority: Priority | None = None
    grep: Annotated[
        Annotated[StrictStr, Field(min_length=1, max_length=GREP_MAX_CHARS)] | None,
        Field(description="in what was said and answered, in errors and names; capitals do not matter"),
    ] = None


@dataclass(frozen=True, kw_only=True)
class RequestRecord(Record):
    seq: Annotated[int, Field(ge=1), WHOLE]


@dataclass(frozen=True, kw_only=True)
class EventsRecord(Record):
    """What happened after the event of this `seq`; -1: after now."""

    after: Annotated[Annotated[int, Field(ge=-1), WHOLE], Field(description="-1: only what comes from now on")] = -1
    wait_ms: Annotated[
        Annotated[int, Field(ge=0, le=WAIT_MAX_MS), WHOLE], Field(description="how long to wait for one")
    ] = 0


@dataclass(frozen=True, kw_only=True)
class SwitchRecord(Change):
    on: Annotated[StrictBool | None, Field(description="left out: it is only told how it stands")] = None


@dataclass(frozen=True, kw_only=True)
class AuditRecord(Record):
    limit: Annotated[int, Field(ge=1, le=LISTED_MAX), WHOLE] = 50


ADMIN_RECORDS: dict[str, type[Record]] = {
    "report": ReportRecord,
    "spoken": SpokenRecord,
    "requests": RequestsRecord,
    "request": RequestRecord,
    "clear_requests": Change,
    "events": EventsRecord,
    "npcs": Record,
    "stats_history": Record,
    "switch": SwitchRecord,
    "audit": AuditRecord,
}
