"""The last `think` of each NPC, so that its prompt can be explained to somebody who knows no more of it than its id.

Router thread. The game knows who its NPCs are and what is around them; the daemon knows what it was told last.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from llm_agentd.errors import BadRequest
from llm_agentd.protocol.schema import ThinkRecord
from llm_agentd.types import Npc
from llm_agentd.util.steady_clock import steady_time_s
from llm_agentd.util.timestamps import rfc3339

NPCS_MAX = 256  # each a record of at most 256 KiB, and in practice of some KiB: more than a village and its mobs
TEXT_MAX_CHARS = 400  # of its last answer, for a list
FACTS = ("context", "actions", "audience", "lang")  # of the moment; who speaks and what is said is asked anew


@dataclass(slots=True)
class _Recent:
    """`record`: what is needed to explain its prompt; `text`: its last answer."""

    record: dict[str, Any] = field(default_factory=dict)
    at_s: float = 0.0
    player: str | None = None
    thinks: int = 0
    text: str | None = None


class RecentThinks:
    """By NPC id; the longest silent one is forgotten first."""

    def __init__(self, now_s: Callable[[], float] = steady_time_s) -> None:
        self._now_s = now_s
        self._npcs: OrderedDict[str, _Recent] = OrderedDict()
        self.on_new: Callable[[Npc], None] = lambda npc: None  # it thinks for the first time, as far as is known

    def note(self, record: dict[str, Any], checked: ThinkRecord) -> None:
        """Drafts, translations and what is only explained are not the NPC's own."""
        if checked.explain or checked.draft is not None or checked.translate:
            return
        npc = self._npcs.get(checked.npc.id)
        is_new = npc is None
        if npc is None:
            npc = self._npcs[checked.npc.id] = _Recent()
        npc.record = {name: record[name] for name in ("npc", *FACTS) if name in record}
        npc.at_s, npc.player, npc.thinks = self._now_s(), checked.player or npc.player, npc.thinks + 1
        self._npcs.move_to_end(checked.npc.id)
        if len(self._npcs) > NPCS_MAX:
            self._npcs.popitem(last=False)
        if is_new:
            self.on_new(checked.npc)

    def note_text(self, npc_id: str, text: str) -> None:
        npc = self._npcs.get(npc_id)
        if npc is not None:
            npc.text = text[:TEXT_MAX_CHARS]

    def forget(self, npc: str | None, player: str | None) -> None:
        """What the memory forgets: who spoke last, and what was answered."""
        for npc_id, recent in self._npcs.items():
            if npc in (None, npc_id) and player in (None, recent.player):
                recent.player = recent.text = None

    def views(self, *, is_private: bool) -> list[dict[str, Any]]:
        """Who thought last comes first. Private: without players and words."""
        return [_view(npc, is_private) for npc in reversed(self._npcs.values())]

    def complete(self, record: dict[str, Any]) -> dict[str, Any]:
        """`record`, and where it asks to explain an NPC by its id alone, with who that is and its last facts.

        Raises BadRequest for an NPC that has not thought since the daemon started.
        """
        npc = record.get("npc")
        if record.get("explain") is not True or not isinstance(npc, dict) or set(npc) != {"id"}:
            return record
        recent = self._npcs.get(npc["id"]) if isinstance(npc["id"], str) else None
        if recent is None:
            raise BadRequest(
                f"npc: {npc['id']!r} has not been asked anything since the daemon started; talk to it once, or say who"
                " it is (name and role; on the command line --role)"
            )
        return {**recent.record, **record, "npc": recent.record["npc"]}


def _view(recent: _Recent, is_private: bool) -> dict[str, Any]:
    npc, context = recent.record["npc"], recent.record.get("context")
    place = context.get("place") if isinstance(context, dict) else None
    return {
        "id": npc["id"],
        "name": npc["name"],
        "role": npc["role"],
        "place": place[:TEXT_MAX_CHARS] if isinstance(place, str) else None,
        "pos": npc.get("pos"),
        "last_time": rfc3339(recent.at_s),
        "last_player": None if is_private else recent.player,
        "thinks": recent.thinks,
        "last_text": None if is_private else recent.text,
    }
