"""Measurements kept in a file, one row a key: a JSON object, written whole, then renamed. One thread a file.

What cannot be read is measured again, what cannot be written too, at each start: a log line says so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import orjson

from llm_agentd.util.regular_file import read_regular
from llm_agentd.util.replace_file import replace_file

log = logging.getLogger(__name__)

FILE_MAX_BYTES = 2**20  # ROWS_MAX of them have some 50 kB
ROWS_MAX = 64  # the newest: someone who tries many models must not grow a file for ever
Row = TypeVar("Row")


def load_row(path: Path, key: str, parse: Callable[[Any], Row]) -> Row | None:
    """What `parse` makes of the row that `save_row` wrote for `key`; None where there is none, or only damage."""
    try:
        row = orjson.loads(read_regular(path, FILE_MAX_BYTES)).get(key)
        return None if row is None else parse(row)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, AttributeError, LookupError) as error:
        log.warning("%s cannot be read (%s); it is measured again", path, error)
        return None


def save_row(path: Path, key: str, row: Any) -> None:
    """A disk that refuses costs a measurement at the next start."""
    try:
        rows = orjson.loads(read_regular(path, FILE_MAX_BYTES))
        kept = dict(list(rows.items())[-ROWS_MAX + 1 :])
    except (OSError, ValueError, AttributeError):
        kept = {}
    kept[key] = row
    try:
        replace_file(path, orjson.dumps(kept).decode(), is_synced=False)
    except OSError as error:
        log.warning("%s cannot be written (%s); it is measured at each start", path, error)
