"""How much of the router's CPU time each peer has left for what is dear: moderating and building prompts.

Pure: times come in as an argument (monotonic seconds). Each peer has a purse that fills by itself, and a game uses
a few hundredths of that. A peer whose purse is empty floods the daemon: only what the engine can soon begin of it is
worth a prompt (`pipeline.py` sees to that), and refusing the rest costs next to nothing.
"""

from __future__ import annotations

from llm_agentd.types import Peer

PURSE_S = 3.0  # a village that wakes up at once: two hundred lines that the topics model has not seen
EARNED_S_PER_S = 0.25  # of a core for one peer that goes on and on; the rest is for others, and for the engine
PEERS_MAX = 1024  # remembered at a time; a purse that is full again is as good as none


class WorkCredit:
    """By peer."""

    def __init__(self) -> None:
        self._purses: dict[Peer, tuple[float, float]] = {}  # seconds left, and when that was so

    def has_some(self, peer: Peer, now_s: float) -> bool:
        return self._left_s(peer, now_s) > 0

    def spend(self, peer: Peer, seconds: float, now_s: float) -> None:
        self._purses[peer] = (self._left_s(peer, now_s) - seconds, now_s)
        if len(self._purses) > PEERS_MAX:
            self._forget_full(now_s)

    def _left_s(self, peer: Peer, now_s: float) -> float:
        left_s, then_s = self._purses.get(peer, (PURSE_S, now_s))
        return min(PURSE_S, left_s + (now_s - then_s) * EARNED_S_PER_S)

    def _forget_full(self, now_s: float) -> None:
        """Those who spend most keep their place; more peers than remembered are each as good as new."""
        kept = {peer: purse for peer, purse in self._purses.items() if self._left_s(peer, now_s) < PURSE_S}
        poorest = sorted(kept, key=lambda peer: self._left_s(peer, now_s))[: PEERS_MAX // 2]
        self._purses = {peer: kept[peer] for peer in poorest}
