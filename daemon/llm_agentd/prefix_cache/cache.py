"""The prefix cache: which computed prefix helps a prompt, what is kept in memory, what is kept on disk.

Engine thread only. It knows no engine: a `PrefixState` is opaque here. Three facts decide how it works:

A transformer's state for a token depends on the tokens before it only. So the state of a prompt serves every prompt
that shares a prefix with it, as far as they are equal; `RadixTree` finds the longest one. What is kept is one state a
prompt, not a block of each few tokens (as vLLM keeps them): llama.cpp saves and loads a sequence as a whole.

A state is as large as all of its tokens together: in f16 a token takes 12 KiB with a model of 0.5 B parameters and
128 KiB with one of 8 B. So the bound is in bytes, not in entries, and the least recently used state goes first. For the
same reason the scheduler keeps a state only where a good share of its tokens is new: one that adds a name to a role
would cost the role's memory again.

A state from disk is data from outside: another build of llama.cpp, another processor or a changed disk may have
written it, and a wrong state gives fluent nonsense rather than an error. It is used only after the engine has computed
one token with it and found the logits with which it was saved (`PrefixMatch.verified`, `set_verified`).
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
class PrefixMatch:
    """The first `matched_tokens` tokens of the prompt are the state's. `verified`: it was computed or checked in this
    run of the daemon; else the caller checks it (`Engine.verify_state`) before it uses it.
    """

    matched_tokens: int
    state: PrefixState
    verified: bool


@dataclass(slots=True)
class _CachedPrefix:
    """`state` None: on disk only, until it is wanted. `key`: its key in the store, where it is there."""

    tokens: tuple[int, ...]
    state: PrefixState | None
    key: bytes | None
    verified: bool

    @property
    def bytes(self) -> int:
        return len(self.state.data) if self.state else 0


class PrefixCache:
    """`max_bytes`: of states in memory; 0 keeps none. What the store has at the start is read on first use."""

    def __init__(self, max_bytes: int, store: PrefixStore) -> None:
        self._max_bytes = max_bytes
        self._store = store
        self._tree: RadixTree[_CachedPrefix] = RadixTree()
        self._prefixes: dict[tuple[int, ...], _CachedPrefix] = {}
        # Of these, those whose state is in memory, the least recently used first. Apart, as most may be on disk alone:
        # a search for the oldest among all of them would cost each new prefix a walk over thousands.
        self._in_memory: OrderedDict[tuple[int, ...], _CachedPrefix] = OrderedDict()
        self._bytes = 0
        for saved in store.saved():
            self._insert(_CachedPrefix(saved.tokens, None, saved.key, verified=False))

    def match(self, tokens: Sequence[int]) -> PrefixMatch | None:
        """The state with the longest common prefix with these token ids, or None.

        All states below the same node of the tree match equally far. One in memory is preferred, as reading takes
        longer than the difference; then the shortest, since its bytes beyond the match are loaded for nothing.
        """
        while True:
            matched_tokens, found = self._tree.longest_match(tokens)
            if not found:
                return None
            prefix = min(found, key=lambda prefix: (prefix.state is None, len(prefix.tokens)))
            if prefix.state is None and not self._load(prefix):
                continue  # it was damaged and is gone now: the next best
            assert prefix.state is not None
            self._in_memory.move_to_end(prefix.tokens)
            if prefix.key is not None:
                self._store.touch(prefix.key)
            return PrefixMatch(matched_tokens, prefix.state, prefix.verified)

    def _load(self, prefix: _CachedPrefix) -> bool:
        assert prefix.key is not None
        prefix.state = self._store.read(prefix.key)
        if prefix.state is None:
            self._remove(prefix)
            return False
        self._in_memory[prefix.tokens] = prefix
        self._bytes += prefix.bytes
        self._evict(keep=prefix)
        return True

    def add(self, state: PrefixState, label: str, *, persist: bool) -> None:
        """Keeps `state`; `persist`: on disk too, written behind the reply. A state over `max_bytes` is not kept."""
        if not state.tokens or len(state.data) > self._max_bytes:
            return
        key = self._store.put(state, label) if persist else None
        if (before := self._prefixes.get(state.tokens)) is not None:
            key = key or before.key
            self._remove(before)
        prefix = _CachedPrefix(state.tokens, state, key, verified=True)
        self._insert(prefix)
        self._bytes += prefix.bytes
        self._evict(keep=prefix)

    def set_verified(self, match: PrefixMatch, verified: bool) -> None:
        """What the engine found about a state from disk: it is trusted from now on, or deleted here and there."""
        prefix = self._prefixes.get(match.state.tokens)
        if prefix is None:
            return
        if verified:
            prefix.verified = True
            return
        log.warning("a kept prefix of %d tokens gave other logits; it is computed anew", len(prefix.tokens))
        self._remove(prefix)
        if prefix.key is not None:
            self._store.delete(prefix.key)

    def stats(self) -> dict[str, Any]:
        """`entries`, `bytes` and `max_bytes` of the memory, `disk_entries` and `disk_bytes` of the store."""
        return {"entries": len(self._prefixes), "bytes": self._bytes, "max_bytes": self._max_bytes} | {
            f"disk_{name}": value for name, value in self._store.stats().items()
        }

    def close(self) -> None:
        """Writes what is queued."""
        self._store.close()

    def _insert(self, prefix: _CachedPrefix) -> None:
        self._tree.insert(prefix.tokens, prefix)
        self._prefixes[prefix.tokens] = prefix
        if prefix.state is not None:
            self._in_memory[prefix.tokens] = prefix

    def _remove(self, prefix: _CachedPrefix) -> None:
        self._bytes -= prefix.bytes
        self._tree.remove(prefix.tokens)
        del self._prefixes[prefix.tokens]
        self._in_memory.pop(prefix.tokens, None)

    def _evict(self, keep: _CachedPrefix) -> None:
        """Down to `max_bytes`, the least recently used first. A state that is on disk too leaves only the memory: the
        tree still finds it, and the next match loads it.
        """
        while self._bytes > self._max_bytes:
            oldest = next(iter(self._in_memory.values()))
            if oldest is keep:  # it is the newest, so it is alone, and fits by itself
                return
            if oldest.key is None:
                self._remove(oldest)
            else:
                self._bytes -= oldest.bytes
                oldest.state = None
                del self._in_memory[oldest.tokens]
