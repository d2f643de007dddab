"""A short name for everything that may change a model's text: part of each cache key. Pure but for reading the file."""

from __future__ import annotations

import hashlib
from pathlib import Path

SAMPLE_BYTES = 1024 * 1024
SAMPLES = 16  # first, last and fourteen between: a fine-tune changes all weights, and 16 MiB are read in no time


def fingerprint(path: Path, *settings: object) -> str:
    """16 hex digits from the file's size, samples of its bytes, and `settings` (engine, versions, context)."""
    size = path.stat().st_size
    digest = hashlib.sha256(repr((size, settings)).encode())
    with path.open("rb") as file:
        for index in range(SAMPLES):
            file.seek(max(0, size - SAMPLE_BYTES) * index // (SAMPLES - 1))
            digest.update(file.read(SAMPLE_BYTES))
    return digest.hexdigest()[:16]
