"""One line of the log for each request that has ended, at debug alone: which NPC, how it ended, how long it took.

Router thread, at the end of every request: where nobody asked for debug it costs one comparison. No text of a player, a
prompt or a reply stands in it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from llm_agentd.util.journal import about

log = logging.getLogger(__name__)


def note(record: Mapping[str, Any], answer: Mapping[str, Any], total_ms: float | None) -> None:
    """`record`: as it came, checked or not; `answer`: the fields of its last record."""
    if not log.isEnabledFor(logging.DEBUG):
        return
    npc = record.get("npc")
    name = str(npc.get("id", "")) if isinstance(npc, Mapping) else ""
    request, op = str(record.get("id", "")), record.get("op")
    by = f" by {answer['model']}" if answer.get("model") else ""
    outcome = answer.get("code") or f"done{by}, cache {answer.get('cache')}, {answer.get('finish')}"
    took = "" if total_ms is None else f" after {total_ms:.1f} ms"
    who = f" of {name}" if name else ""
    log.debug("%s%s (%s): %s%s", op, who, request, outcome, took, extra=about(request=request, npc=name))
