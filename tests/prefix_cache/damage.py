"""Changes a prefix store on disk as a failing disk would, while no store of this process has it open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import lmdb


def change(folder: Path, database: Literal["heads", "data"], key: bytes, damage: Callable[[bytes], bytes]) -> None:
    with (
        lmdb.open(str(folder), max_dbs=4, map_size=0) as env,
        env.begin(write=True, db=env.open_db(database.encode())) as txn,
    ):
        txn.put(key, damage(txn.get(key) or b""))


def overwrite_data(folder: Path, key: bytes, data: bytes) -> None:
    change(folder, "data", key, lambda _: data)


def flip_bit(raw: bytes, place: int) -> bytes:
    changed = bytearray(raw)
    changed[place] ^= 1
    return bytes(changed)
