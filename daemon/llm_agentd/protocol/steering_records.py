"""The ops by which an admin changes what the daemon does: settings, roles, memory, kept replies, the model's self-test.

Pure. `protocol/schema.py` has them in its table of all ops.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, StrictBool, StrictStr

from llm_agentd.protocol.record import Change, Record
from llm_agentd.types import WHOLE, AnyName, Name

KEY_MAX_CHARS = 64  # of a setting; the longest is half of it
SETTING_MAX_ITEMS = 1000  # of a list: words to hold back
SETTING_MAX_CHARS = 4096  # of a text: the longest path there is
MEMORY_TEXT_MAX_CHARS = 1000  # of each side: as much as is kept of what anybody says
PAIRS_MAX = 500  # NPCs with players: more than a person looks through
RECALL_MAX = 20
MEMORIES_MAX = 200  # listed at once: more would not fit a record
ENTRIES_MAX = 100  # kept replies that are shown at once
GREP_MAX_CHARS = 200

SettingText = Annotated[StrictStr, Field(max_length=SETTING_MAX_CHARS)]
Grep = Annotated[
    Annotated[StrictStr, Field(min_length=1, max_length=GREP_MAX_CHARS)] | None,
    Field(description="only what has this piece of text, whatever its case"),
]
EntryKey = Annotated[Annotated[StrictStr, Field(max_length=128)] | None, Field(description="one reply: HEX:VARIANT")]


Before = Annotated[
    Annotated[int, Field(ge=1), WHOLE] | None, Field(description="only older ones than the memory with this id")
]


@dataclass(frozen=True, kw_only=True)
class SetSettingRecord(Change):
    """`value` has no default: left out by mistake, it must not take a setting back."""

    key: Annotated[StrictStr, Field(min_length=1, max_length=KEY_MAX_CHARS, examples=["batch.size"])]
    value: Annotated[
        StrictBool
        | int
        | float
        | SettingText
        | Annotated[list[SettingText | dict[str, Any]], Field(max_length=SETTING_MAX_ITEMS)]  # words, or upstreams
        | None,
        Field(description="null: back to its default"),
    ]


@dataclass(frozen=True, kw_only=True)
class RoleNameRecord(Record):
    name: StrictStr


@dataclass(frozen=True, kw_only=True)
class UndoRoleRecord(Change):
    name: StrictStr


@dataclass(frozen=True, kw_only=True)
class EditMemoryRecord(Change):
    """`text` has no default: left out by mistake, it must not delete a memory."""

    memory: Annotated[int, Field(ge=1), WHOLE, Field(description="the memory's id, as `memories` has it")]
    text: Annotated[
        Annotated[StrictStr, Field(max_length=MEMORY_TEXT_MAX_CHARS)] | None,
        Field(description="what the NPC said, or what is told of it; null: the memory is deleted for good"),
    ]
    said: Annotated[
        Annotated[StrictStr, Field(max_length=MEMORY_TEXT_MAX_CHARS)] | None,
        Field(description="what the player said; left out: as it is"),
    ] = None


@dataclass(frozen=True, kw_only=True)
class MemoryPairsRecord(Record):
    limit: Annotated[int, Field(ge=1, le=PAIRS_MAX), WHOLE] = PAIRS_MAX


@dataclass(frozen=True, kw_only=True)
class SearchMemoriesRecord(Record):
    npc: Name | None = None
    player: Name | None = None
    text: Annotated[
        StrictStr,
        Field(min_length=1, max_length=GREP_MAX_CHARS, description="a piece of either side, whatever its case"),
    ]
    before: Before = None
    limit: Annotated[int, Field(ge=1, le=MEMORIES_MAX), WHOLE] = 50


@dataclass(frozen=True, kw_only=True)
class RecallRecord(Record):
    npc: Annotated[Name, Field(description="the NPC's id")]
    player: Name
    text: Annotated[StrictStr, Field(max_length=MEMORY_TEXT_MAX_CHARS, description="what the player would say")]
    place: Annotated[AnyName | None, Field(description="left out: where the NPC was last")] = None
    limit: Annotated[int, Field(ge=1, le=RECALL_MAX), WHOLE] = RECALL_MAX


@dataclass(frozen=True, kw_only=True)
class CacheEntriesRecord(Record):
    key: EntryKey = None
    grep: Grep = None
    role: Annotated[AnyName | None, Field(description="only of this role; empty: of `infer`")] = None
    limit: Annotated[int, Field(ge=1, le=ENTRIES_MAX), WHOLE] = ENTRIES_MAX


@dataclass(frozen=True, kw_only=True)
class PurgeCacheRecord(Change):
    """What fits all that is given goes; without any of it `all` must be true, as a slip must not empty the cache."""

    key: EntryKey = None
    grep: Grep = None
    role: AnyName | None = None
    expired: Annotated[StrictBool, Field(description="only what is not served any more")] = False
    all: StrictBool = False

    def __post_init__(self) -> None:
        if not (self.all or self.expired) and (self.key, self.grep, self.role) == (None, None, None):
            raise ValueError("key, grep, role, expired: give one of them, or set all: true to empty the cache")


STEERING_RECORDS: dict[str, type[Record]] = {
    "settings": Record,
    "set_setting": SetSettingRecord,
    "role_history": RoleNameRecord,
    "undo_role": UndoRoleRecord,
    "edit_memory": EditMemoryRecord,
    "memory_pairs": MemoryPairsRecord,
    "search_memories": SearchMemoriesRecord,
    "recall": RecallRecord,
    "cache_entries": CacheEntriesRecord,
    "purge_cache": PurgeCacheRecord,
    "model": Record,
    "self_test": Record,
}
