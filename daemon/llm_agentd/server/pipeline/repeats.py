"""Records that come again word for word, and what was made of them: checked, moderated, a prompt and its cache key.

Router thread. Steps 1 to 3 of the pipeline are most of what a cache hit costs, and players say the same to many NPCs.
What they make of a record depends on nothing but the record and a `basis` (the engine, the rules of moderation, the
defaults, the roles); what is remembered of a player is no part of it, so a request with memory in its prompt is never
kept here. With another basis all is forgotten. Knows no cache: whether there is still a reply is asked each time.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from llm_agentd.protocol.schema import InferRecord, ThinkRecord
from llm_agentd.types import Request

KEPT_MAX = 256  # more than a village says over and over; with their prompts some 5 KB each
RECORD_MAX_BYTES = 8 * 1024  # longer ones are rarely said twice, and would be most of the memory


@dataclass(frozen=True, slots=True)
class Known:
    """`request`: of the first one; id, peer and times are not those of the record that came now."""

    checked: InferRecord | ThinkRecord
    request: Request


class Repeats:
    """By all of a record but its id. The longest unasked goes first."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, Known] = OrderedDict()
        self._basis: Hashable = None

    def __len__(self) -> int:
        return len(self._known)

    def find(self, record: Mapping[str, Any], basis: Hashable) -> Known | None:
        if basis != self._basis:
            self._known.clear()
            self._basis = basis
        if not self._known:
            return None
        key = _words(record)
        known = self._known.get(key)
        if known is not None:
            self._known.move_to_end(key)
        return known

    def keep(self, record: Mapping[str, Any], basis: Hashable, known: Known) -> None:
        """`basis`: as it was when the record came. Nothing where it is another one by now, or memory is in it."""
        key = _words(record)
        chat = known.request.chat
        if basis != self._basis or len(key) > RECORD_MAX_BYTES or (chat is not None and chat.memory_turn is not None):
            return
        self._known[key] = known
        if len(self._known) > KEPT_MAX:
            self._known.popitem(last=False)

    def clear(self) -> None:
        self._known.clear()


def _words(record: Mapping[str, Any]) -> bytes:
    """Equal for records that are the same but for their ids. Another order of fields is another record, and 1 is not
    true: what is not found here only goes the whole way."""
    fields = dict(record)
    del fields["id"]
    return orjson.dumps(fields)
