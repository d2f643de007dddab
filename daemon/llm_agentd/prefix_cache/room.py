"""How many bytes of states may be in memory: a share of what the machine has free, looked at anew while it runs.

A constant is too much for a small machine and too little for a large one, and what is free changes: a game loads its
map, a second daemon starts. Engine thread only.
"""

from __future__ import annotations

import time
from collections.abc import Callable

LOOK_EVERY_S = 1.0  # a look takes some 0.1 ms


class Room:
    """`share`: of what is free, and of what the states themselves take already."""

    def __init__(
        self, share: float, free_bytes: Callable[[], int], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._share = share
        self._free_bytes = free_bytes
        self._clock = clock
        self._looked_s = float("-inf")
        self._bytes = 0

    def __call__(self, held_bytes: int) -> int:
        """`held_bytes`: of the states that are in memory."""
        now_s = self._clock()
        if now_s - self._looked_s >= LOOK_EVERY_S:
            self._looked_s = now_s
            self._bytes = int(self._share * (self._free_bytes() + held_bytes))
        return self._bytes
