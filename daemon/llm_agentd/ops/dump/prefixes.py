"""The part of `llm-agentd dump` about saved prefixes: prefixes of prompts that were computed and kept on disk.

Reads their LMDB environment in the cache's folder, also while the daemon runs. A saved state holds no text, so `prompt`
and `text` are null.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lmdb

from llm_agentd.errors import StartError
from llm_agentd.prefix_cache.lmdb_store import read_saved_prefixes
from llm_agentd.prefix_cache.store import FOLDER, SavedPrefix
from llm_agentd.util.timestamps import rfc3339


def saved_prefixes(cache_path: Path, role: str | None = None) -> tuple[list[SavedPrefix], list[bytes]]:
    """Those of `role` (None: all), and the keys of damaged ones. Raises StartError where the file is unreadable."""
    folder = cache_path / FOLDER
    try:
        saved, damaged = read_saved_prefixes(folder)
    except (lmdb.Error, OSError) as error:
        raise StartError(
            f"cache.path: {folder} cannot be read: {error}; if this stays stop the daemon and delete that folder"
        ) from None
    return [one for one in saved if role is None or one.label == role], damaged


def prefix_line(saved: SavedPrefix) -> dict[str, Any]:
    """The fields of one line of `dump --format jsonl`; `model` is the fingerprint of model and engine."""
    return {
        "key": saved.key.hex(),
        "kind": "prefix",
        "model": saved.fingerprint,
        "role": saved.label,
        "prompt": None,
        "text": None,
        "created": rfc3339(saved.created_s),
        "expires": None,
        "last_hit": rfc3339(saved.used_s) if saved.used_s > saved.created_s else None,
        "hits": None,
        "bytes": saved.bytes,
    }


def prefix_summary(saved: list[SavedPrefix]) -> str:
    """`3 prefixes, 12,345,678 bytes, 812 tokens (guard 2, smith 1)`."""
    roles: dict[str, int] = {}
    for one in saved:
        roles[one.label or "-"] = roles.get(one.label or "-", 0) + 1
    named = ", ".join(f"{role} {count}" for role, count in sorted(roles.items())) or "none"
    tokens = sum(len(one.tokens) for one in saved)
    return f"{len(saved)} prefixes, {sum(one.bytes for one in saved):,} bytes, {tokens:,} tokens ({named})"
