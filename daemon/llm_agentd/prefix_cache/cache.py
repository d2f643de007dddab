"""The prefix cache: which computed prefix helps a prompt, what is kept in memory, what is kept on disk.

Engine thread only. It knows no engine: a `PrefixState` is opaque here. Three facts decide how it works:

A transformer's state for a token depends on the tokens before it only. So the state of a prompt serves every prompt
that shares a prefix with it, as far as they are equal; `RadixTree` finds the longest one. What is kept is one state a
prompt, not a block of each few tokens (as vLLM keeps them): llama.cpp saves and loads a sequence as a whole.

A state is as large as all of its tokens together: in f16 a token takes 12 KiB with a model of 0.5 B parameters and
128 KiB with one of 8 B. So the bound is in bytes, not in entries, and the least recently used state goes first. What is
on disk too leaves the memory but for the last few: to read it costs a hundredth of computing it, and the system keeps
the file's pages as long as nobody else wants the room. So what would not go there by itself, such as the later lines of
a chat, does once there is much of it. For the same reason the scheduler keeps a state only where a
good share of its tokens is new: one that adds a name to a role would cost the role's memory again.

A state from disk is data from outside: another build of llama.cpp, another processor or a changed disk may have
written it, and a wrong state gives fluent nonsense rather than an error. It is used only after the engine has computed
one token with it and found the logits with which it was saved (`PrefixMatch.verified`, `set_verified`).
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from llm_agentd.prefix_cache.radix_tree import RadixTree
from llm_agentd.prefix_cache.store import PrefixStore
from llm_agentd.types import PrefixState

log = logging.getLogger(__name__)

SAVED_IN_MEMORY_MAX = 4  # states that are on disk too: those of the talks that are going on
UNSAVED_IN_MEMORY_MAX_BYTES = 64 * 2**20  # of those that are in memory alone; others go to the disk, if it takes them


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
    """`state` None: on disk only, until it is wanted. `key`: its key in the store, where it is there. `label`: for the
    store, of one that is not there.
    """

    tokens: tuple[int, ...]
    state: PrefixState | None
    key: bytes | None
    verified: bool
    label: str = ""

    @property
    def bytes(self) -> int:
        return len(self.state.data) if self.state else 0


class PrefixCache:
    """`max_bytes`: of states in memory; 0 keeps none. What the store has at the start is read on first use.

    `room`: how many bytes there is room for now, given those that states take.
    """

    def __init__(self, max_bytes: int, store: PrefixStore, room: Callable[[int], int] | None = None) -> None:
        self._max_bytes = max_bytes
        self._room = room or (lambda _: max_bytes)
        self._store = store
        self._tree: RadixTree[_CachedPrefix] = RadixTree()
        self._prefixes: dict[tuple[int, ...], _CachedPrefix] = {}
        self._by_key: dict[bytes, _CachedPrefix] = {}  # those that are on disk
        # Of these, those whose state is in memory, the least recently used first. Apart, as most may be on disk alone:
        # a search for the oldest among all of them would cost each new prefix a walk over thousands.
        self._in_memory: OrderedDict[tuple[int, ...], _CachedPrefix] = OrderedDict()
        self._saved_in_memory: OrderedDict[tuple[int, ...], _CachedPrefix] = (
            OrderedDict()
        )  # of these, those on disk too
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
            self._keep_in_memory(prefix)
            if prefix.key is not None:
                self._store.touch(prefix.key)
            return PrefixMatch(matched_tokens, prefix.state, prefix.verified)

    def _load(self, prefix: _CachedPrefix) -> bool:
        assert prefix.key is not None
        prefix.state = self._store.read(prefix.key, is_trusted=prefix.verified)
        if prefix.state is None:
            self._remove(prefix)
            return False
        self._keep_in_memory(prefix)
        self._bytes += prefix.bytes
        self.shrink(keep=prefix)
        return True

    def add(self, state: PrefixState, label: str, *, persist: bool) -> None:
        """Keeps `state`; `persist`: on disk too, written behind the reply.

        A state over `max_bytes` is not kept, nor one for which there is no room and that is not on disk.
        """
        size = len(state.data)
        if not state.tokens or size > self._max_bytes:
            return
        key = self._store.put(state, label) if persist else None
        if key is None and size > self._room(self._bytes):
            return
        if (before := self._prefixes.get(state.tokens)) is not None:
            key = key or before.key
            self._remove(before)
        prefix = _CachedPrefix(state.tokens, state, key, verified=True, label=label)
        self._insert(prefix)
        self._bytes += prefix.bytes
        self.shrink(keep=prefix)

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
        bound = min(self._max_bytes, self._room(self._bytes))
        return {"entries": len(self._prefixes), "bytes": self._bytes, "max_bytes": bound} | {
            f"disk_{name}": value for name, value in self._store.stats().items()
        }

    def close(self) -> None:
        """Writes what is queued."""
        self._store.close()

    def _insert(self, prefix: _CachedPrefix) -> None:
        self._tree.insert(prefix.tokens, prefix)
        self._prefixes[prefix.tokens] = prefix
        if prefix.key is not None:
            self._by_key[prefix.key] = prefix
        if prefix.state is not None:
            self._keep_in_memory(prefix)

    def _keep_in_memory(self, prefix: _CachedPrefix) -> None:
        """It is the one that was used last."""
        for group in (self._in_memory, self._saved_in_memory) if prefix.key is not None else (self._in_memory,):
            group[prefix.tokens] = prefix
            group.move_to_end(prefix.tokens)

    def _remove(self, prefix: _CachedPrefix) -> None:
        self._bytes -= prefix.bytes
        self._tree.remove(prefix.tokens)
        del self._prefixes[prefix.tokens]
        if prefix.key is not None:
            self._by_key.pop(prefix.key, None)
        self._in_memory.pop(prefix.tokens, None)
        self._saved_in_memory.pop(prefix.tokens, None)

    def shrink(self, keep: _CachedPrefix | None = None) -> None:
        """Down to what there is room for, the least recently used first; to be called now and then, as the machine may
        have got short of memory. A state that is on disk too leaves only the memory: the tree still finds it, and the
        next match loads it. `keep`: one that is about to be used.
        """
        for key in self._store.evicted():
            self._forget(key)
        self._save_oldest()
        while len(self._saved_in_memory) > SAVED_IN_MEMORY_MAX:
            self._drop_state(next(iter(self._saved_in_memory.values())))
        bound = min(self._max_bytes, self._room(self._bytes))
        while self._bytes > bound:
            oldest = next(iter(self._in_memory.values()))
            if oldest is keep:  # it is the newest, so it is alone
                return
            if oldest.key is None:
                self._remove(oldest)
            else:
                self._drop_state(oldest)

    def _save_oldest(self) -> None:
        """Until few enough bytes are in memory alone, or the disk takes no more."""
        unsaved_bytes = self._bytes - sum(prefix.bytes for prefix in self._saved_in_memory.values())
        unsaved = [prefix for prefix in self._in_memory.values() if prefix.key is None]
        while unsaved_bytes > UNSAVED_IN_MEMORY_MAX_BYTES:
            oldest = unsaved.pop(0)
            assert oldest.state is not None
            oldest.key = self._store.put(oldest.state, oldest.label)
            if oldest.key is None:
                return
            unsaved_bytes -= oldest.bytes
            self._by_key[oldest.key] = oldest
            self._saved_in_memory[oldest.tokens] = oldest
            self._saved_in_memory.move_to_end(oldest.tokens, last=False)

    def _forget(self, key: bytes) -> None:
        """Of what the disk has no more, not even its tokens stay: in weeks those would be more than all states."""
        prefix = self._by_key.pop(key, None)
        if prefix is None:
            return
        prefix.key = None
        self._saved_in_memory.pop(prefix.tokens, None)
        if prefix.state is None:
            self._remove(prefix)

    def _drop_state(self, prefix: _CachedPrefix) -> None:
        self._bytes -= prefix.bytes
        prefix.state = None
        del self._in_memory[prefix.tokens]
        del self._saved_in_memory[prefix.tokens]
