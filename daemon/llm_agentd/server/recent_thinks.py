"""The last `think` of each NPC, so that its prompt can be explained to somebody who knows no more of it than its id.

Router thread. The game knows who its NPCs are and what is around them; the daemon knows what it was told last.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from llm_agentd.errors import BadRequest
from llm_agentd.protocol.schema import ThinkRecord

NPCS_MAX = 256  # each a record of at most 256 KiB, and in practice of some KiB: more than a village and its mobs
FACTS = ("context", "actions", "audience", "lang")  # of the moment; who speaks and what is said is asked anew


class RecentThinks:
    """By NPC id; the longest silent one is forgotten first."""

    def __init__(self) -> None:
        self._records: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def note(self, record: dict[str, Any], checked: ThinkRecord) -> None:
        """Drafts, translations and what is only explained are not the NPC's own."""
        if checked.explain or checked.draft is not None or checked.translate:
            return
        self._records[checked.npc.id] = {name: record[name] for name in ("npc", *FACTS) if name in record}
        self._records.move_to_end(checked.npc.id)
        if len(self._records) > NPCS_MAX:
            self._records.popitem(last=False)

    def complete(self, record: dict[str, Any]) -> dict[str, Any]:
        """`record`, and where it asks to explain an NPC by its id alone, with who that is and its last facts.

        Raises BadRequest for an NPC that has not thought since the daemon started.
        """
        npc = record.get("npc")
        if record.get("explain") is not True or not isinstance(npc, dict) or set(npc) != {"id"}:
            return record
        last = self._records.get(npc["id"]) if isinstance(npc["id"], str) else None
        if last is None:
            raise BadRequest(
                f"npc: {npc['id']!r} has not been asked anything since the daemon started; talk to it once, or say who"
                " it is (name and role; on the command line --role)"
            )
        return {**last, **record, "npc": last["npc"]}
