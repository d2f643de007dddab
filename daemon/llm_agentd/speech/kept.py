"""The store of sounds as the event loop sees it: on a thread of its own, with little patience. Event loop.

A disk that is slow is a miss, and one that hangs costs a few closures: what is asked of the thread is bounded.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from llm_agentd.speech.store import SoundStore

WAIT_S = 0.1  # to render a sentence anew takes no longer
OPEN_MAX = 32  # asked of the thread and not done
FRESH_MAX = 16  # the last ones, some 50 KB each, which may not be on the disk yet


class KeptSounds:
    """`get` and `put`, then `close`. The thread, and all that it loads, comes with the first."""

    def __init__(self, store: SoundStore) -> None:
        self._store = store
        self._thread: ThreadPoolExecutor | None = None
        self._fresh: dict[str, tuple[dict[str, Any], bytes]] = {}
        self._places = threading.BoundedSemaphore(OPEN_MAX)

    @property
    def total_bytes(self) -> int:
        return self._store.total_bytes

    @property
    def is_off(self) -> bool:
        return self._store.is_off

    async def get(self, sound_id: str) -> tuple[dict[str, Any], bytes] | None:
        """None where it is not kept, or the disk is too slow."""
        asked = None if sound_id in self._fresh else self._submit(self._store.get, sound_id)
        found = None
        if asked is not None:
            done, _ = await asyncio.wait({asyncio.wrap_future(asked)}, timeout=WAIT_S)
            found = done.pop().result() if done else None
        return found or self._fresh.get(sound_id)  # it may have come meanwhile

    def put(self, sound_id: str, facts: dict[str, Any], audio: bytes) -> None:
        if self._store.is_off:
            return
        self._fresh[sound_id] = facts, audio
        if len(self._fresh) > FRESH_MAX:
            del self._fresh[next(iter(self._fresh))]
        self._submit(self._store.put, sound_id, facts, audio)

    def close(self) -> None:
        if self._thread is not None:
            self._thread.submit(self._store.close)
            self._thread.shutdown(wait=False)
            self._thread = None

    def _submit(self, call: Any, *args: Any) -> Future[Any] | None:
        if self._store.is_off or not self._places.acquire(blocking=False):
            return None
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "speech store")
        asked = self._thread.submit(call, *args)
        asked.add_done_callback(lambda _: self._places.release())
        return asked
