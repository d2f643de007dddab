"""What a store of prefix states on disk does, and the store that keeps nothing.

All methods run on the engine thread and must not make a reply wait for the disk. A store knows no engine: a state is
bytes to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from llm_agentd.types import PrefixState

FOLDER = "prefixes"  # in the folder of the cache


@dataclass(frozen=True, slots=True)
class SavedPrefix:
    """One state on disk, without its data. Times in seconds since 1970; `bytes`: the size of its data.

    `fingerprint`: of the engine and model that computed it. `label`: the role, for people who look into the store.
    """

    key: bytes
    fingerprint: str
    label: str
    tokens: tuple[int, ...]
    bytes: int
    created_s: float
    used_s: float


class PrefixStore(Protocol):
    def saved(self) -> list[SavedPrefix]:
        """What is there of this model, the least recently used first."""

    def read(self, key: bytes, *, is_trusted: bool = False) -> PrefixState | None:
        """None: it is gone or was damaged (and then deleted). `is_trusted`: it was made or checked in this run."""

    def put(self, state: PrefixState, label: str) -> bytes | None:
        """Queues a state; its key, or None where it will not be kept."""

    def touch(self, key: bytes) -> None:
        """It was used just now."""

    def delete(self, key: bytes) -> None:
        """Queues its deletion."""

    def evicted(self) -> list[bytes]:
        """Keys of states that it does not have any more, or could not take, each told once: nobody need know them."""

    def stats(self) -> dict[str, Any]:
        """`entries` and `bytes`, of all models."""

    def flush(self) -> None:
        """Returns when all that was put before is written or given up."""

    def close(self) -> None:
        """Writes what is queued. Last call."""


class NullPrefixStore:
    """Keeps nothing: no folder, no room, or an engine without states."""

    def saved(self) -> list[SavedPrefix]:
        return []

    def read(self, key: bytes, *, is_trusted: bool = False) -> PrefixState | None:
        return None

    def put(self, state: PrefixState, label: str) -> bytes | None:
        return None

    def touch(self, key: bytes) -> None:
        pass

    def delete(self, key: bytes) -> None:
        pass

    def evicted(self) -> list[bytes]:
        return []

    def stats(self) -> dict[str, Any]:
        return {"entries": 0, "bytes": 0}

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass
