"""Reads all of an LMDB environment, and begins to write into it: `python -m llm_agentd.util.lmdb_probe FOLDER`.

A process of its own, since LMDB ends the process at some damages. Exit code 0: it can be used. Nothing is changed.
"""

from __future__ import annotations

import sys

import lmdb

DBS_MAX = 16  # more than any of our environments has
KEYS = 64  # written on trial: enough to make LMDB read its list of free pages


def probe(folder: str) -> None:
    """Raises lmdb.Error, where it returns at all."""
    with lmdb.open(folder, max_dbs=DBS_MAX, map_size=0) as env:
        with env.begin() as txn:
            names = [bytes(name) for name in txn.cursor().iternext(values=False)]
        databases = [env.open_db(name, create=False) for name in names]
        with env.begin() as txn:
            for database in databases:
                sum(len(key) + len(value) + sum(value[::4096]) for key, value in txn.cursor(db=database))
        txn = env.begin(write=True)
        try:
            for database in databases:
                for number in range(KEYS):
                    txn.put(b"\xff" * 24 + number.to_bytes(8, "big"), bytes(512), db=database)
                txn.drop(database, delete=False)  # visits each page that a deletion would
        except lmdb.MapFullError:
            pass  # full, and sound
        finally:
            txn.abort()


if __name__ == "__main__":
    probe(sys.argv[1])
