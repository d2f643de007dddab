"""Whether models may be called, for what this process does by itself: the daemon has the master switch.

Runs on the event loop. Asked at each sentence, so that an admin's switch holds at once; a daemon that is away or slow
just now is believed what it said last, as speech shall go on with the game's own lines meanwhile.
"""

from __future__ import annotations

from contextlib import suppress

from llm_agentd.errors import SwitchedOff, Unavailable
from llm_agentd.http.daemon_client import DaemonClient

PATIENCE_S = 0.25  # the daemon's router answers within milliseconds


class SwitchWatch:
    def __init__(self, daemon: DaemonClient) -> None:
        self._daemon = daemon
        self._is_on = True

    async def check(self) -> None:
        """Raises SwitchedOff."""
        if self._daemon.is_ready:
            with suppress(Unavailable):
                answer = await self._daemon.request({"op": "switch"}, PATIENCE_S)
                self._is_on = bool(answer["switch"]["on"])
        if not self._is_on:
            raise SwitchedOff("switched off by an admin, speech as well; switch it on in the dashboard")
