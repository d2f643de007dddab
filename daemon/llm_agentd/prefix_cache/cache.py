"""Computed beginnings of prompts: which one helps this prompt, what is kept in memory, what lasts on disk.

Engine thread only. Any beginning of what is kept is as good as the whole, so roles, personas and chats are each
computed once. Least recently used go first. Knows no engine: a `PrefixState` is opaque here.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from llm_agentd.prefix_cache.radix_tree import RadixTree
from llm_agentd.prefix_cache.store import PrefixStore
from llm_agentd.types import PrefixState

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Match:
    """`matched_tokens` tokens of the prompt are the state's. `verified`: made in this run, or checked in it."""

    matched_tokens: int
    state: PrefixState
    verified: bool


@dataclass(slots=True)
class _Kept:
    """`state` None: on disk only, until it is wanted. `key`: its name on disk, where it has one."""

    tokens: tuple[int, ...]
    state: PrefixState | None
    key: bytes | None
    verified: bool

    @property
    def bytes(self) -> int:
        return len(self.state.data) if self.state else 0


class PrefixCache:
    """`max_bytes` of states in memory; 0 keeps none. What the store knows at the start is read on first use."""

    def __init__(self, max_bytes: int, store: PrefixStore) -> None:
        self._max_bytes = max_bytes
        self._store = store
        self._tree: RadixTree[_Kept] = RadixTree()
        self._kept: OrderedDict[tuple[int, ...], _Kept] = OrderedDict()  # least recently used first
        self._bytes = 0
        for saved in store.known():
            self._put(_Kept(saved.tokens, None, saved.key, verified=False))

    def match(self, tokens: Sequence[int]) -> Match | None:
        """The kept state with the longest common beginning; of several the smallest, best one that is in memory."""
        while True:
            count, found = self._tree.longest(tokens)
            if not found:
                return None
            kept = min(found, key=lambda kept: (kept.state is None, len(kept.tokens)))
            if kept.state is None and not self._load(kept):
                continue  # it was damaged and is forgotten: the next best
            assert kept.state is not None
            self._kept.move_to_end(kept.tokens)
            if kept.key is not None:
                self._store.touch(kept.key)
            return Match(count, kept.state, kept.verified)

    def _load(self, kept: _Kept) -> bool:
        assert kept.key is not None
        kept.state = self._store.read(kept.key)
        if kept.state is None:
            self._forget(kept)
            return False
        self._bytes += kept.bytes
        self._shrink(keep=kept)
        return True

    def add(self, state: PrefixState, label: str, *, persist: bool) -> None:
        """Keeps `state`; `persist`: on disk too, behind the reply. One bigger than all that may be kept is not."""
        if not state.tokens or len(state.data) > self._max_bytes:
            return
        key = self._store.put(state, label) if persist else None
        if (before := self._kept.get(state.tokens)) is not None:
            key = key or before.key
            self._forget(before)
        kept = _Kept(state.tokens, state, key, verified=True)
        self._put(kept)
        self._bytes += kept.bytes
        self._shrink(keep=kept)

    def set_verified(self, match: Match, verified: bool) -> None:
        """What the engine said of a state from disk: it is believed from now on, or gone."""
        kept = self._kept.get(match.state.tokens)
        if kept is None:
            return
        if verified:
            kept.verified = True
            return
        log.warning("a kept prefix of %d tokens gave other scores; it is computed anew", len(kept.tokens))
        self._forget(kept)
        if kept.key is not None:
            self._store.drop(kept.key)

    def stats(self) -> dict[str, Any]:
        return {"entries": len(self._kept), "bytes": self._bytes, "max_bytes": self._max_bytes} | {
            f"disk_{name}": value for name, value in self._store.stats().items()
        }

    def close(self) -> None:
        """Writes what is queued."""
        self._store.close()

    def _put(self, kept: _Kept) -> None:
        self._tree.add(kept.tokens, kept)
        self._kept[kept.tokens] = kept

    def _forget(self, kept: _Kept) -> None:
        self._bytes -= kept.bytes
        self._tree.discard(kept.tokens)
        del self._kept[kept.tokens]

    def _shrink(self, keep: _Kept) -> None:
        """Down to `max_bytes`: what is on disk stays findable there."""
        for kept in [kept for kept in self._kept.values() if kept.state is not None and kept is not keep]:
            if self._bytes <= self._max_bytes:
                return
            if kept.key is None:
                self._forget(kept)
            else:
                self._bytes -= kept.bytes
                kept.state = None
