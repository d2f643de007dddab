"""Tells the daemon's request log what was spoken, without waiting for it.

Runs on the event loop. A daemon that is away misses it: it is for those who look, and nobody is held up by it. What the
log may keep (requests.private) is the daemon's to decide.
"""

from __future__ import annotations

from llm_agentd.client.records import Record
from llm_agentd.errors import Cancelled, Unavailable
from llm_agentd.http.daemon_client import CONTROL_TIMEOUT_S, DaemonClient
from llm_agentd.http.open_requests import Submission
from llm_agentd.protocol.admin_records import REPORT_MESSAGE_MAX_CHARS, SPOKEN_MAX_CHARS
from llm_agentd.speech.sentence import Ended

SILENT = (Unavailable.code, Cancelled.code)  # nothing was spoken, and nothing failed


class SpokenLog:
    def __init__(self, daemon: DaemonClient) -> None:
        self._daemon = daemon

    def note(self, ended: Ended) -> None:
        if ended.outcome not in SILENT and self._daemon.is_ready:
            self._daemon.submit([Submission(_record(ended), lambda *_: None, CONTROL_TIMEOUT_S, is_control=True)])


def _record(ended: Ended) -> Record:
    request, is_kept = ended.request, ended.outcome == "kept"
    return {
        "op": "spoken",
        "npc": request.npc,
        "name": request.npc_name,
        "role": request.role,
        "text": request.text[:SPOKEN_MAX_CHARS],
        "lang": request.lang,
        "engine": ended.engine,
        "outcome": "done" if is_kept else ended.outcome,
        "message": ended.message[:REPORT_MESSAGE_MAX_CHARS],
        "cached": is_kept,
        "priority": request.priority,
        "timing_ms": {stage: round(spent_ms, 1) for stage, spent_ms in ended.timing_ms.items()},
    }
