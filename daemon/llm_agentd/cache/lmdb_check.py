"""Whether the completion cache on disk is consistent: reads all of it and changes nothing.

For `dump --verify`, and at the start where the file was found short. Any process that has the environment open.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import lmdb

from llm_agentd.cache.entry import SLOT_KEY_BYTES, DamagedEntry, decode, decode_header, index_key


def find_problems(env: lmdb.Environment, schema: int) -> list[str]:
    """What is wrong, as lines of text; [] where every entry decodes and indexes and byte count agree with them."""
    problems: list[str] = []
    try:
        entries, by_use, by_expiry, meta = (
            env.open_db(name, create=False) for name in (b"entries", b"by_use", b"by_expiry", b"meta")
        )
        with env.begin() as txn:
            found = int(txn.get(b"schema", b"0", db=meta))
            if found != schema:
                return [f"schema: version {found}, want {schema}"]
            total_bytes = 0
            for slot, raw in txn.cursor(entries):
                total_bytes += len(slot) + len(raw)
                problems += _entry_problems(txn, slot, raw, by_use, by_expiry)
            counted = int(txn.get(b"bytes", b"0", db=meta))
            if counted != total_bytes:
                problems.append(f"bytes: {counted} counted, {total_bytes} there")
            kept = txn.stat(entries)["entries"]
            for name, database in (("by_use", by_use), ("by_expiry", by_expiry)):
                indexed = txn.stat(database)["entries"]
                if indexed != kept:
                    problems.append(f"{name}: {indexed} index records for {kept} entries")
    except (lmdb.Error, ValueError) as error:
        problems.append(f"unreadable: {error}")
    return problems


def _entry_problems(
    txn: lmdb.Transaction[bytes], slot: bytes, raw: bytes, by_use: Any, by_expiry: Any
) -> Iterator[str]:
    name = slot.hex()
    if len(slot) != SLOT_KEY_BYTES:
        yield f"{name}: the key has {len(slot)} bytes, want {SLOT_KEY_BYTES}"
        return
    try:
        decode(raw)
        header = decode_header(raw)
    except DamagedEntry as error:
        yield f"{name}: {error}"
        return
    if txn.get(index_key(header.last_use_us, slot), db=by_use) is None:
        yield f"{name}: by_use does not know it"
    if txn.get(index_key(header.expires_us, slot), db=by_expiry) is None:
        yield f"{name}: by_expiry does not know it"
