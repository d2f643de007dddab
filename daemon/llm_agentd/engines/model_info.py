"""The `EngineInfo` of an engine that reads a GGUF file, and the fingerprint in it. Engine thread; reads the file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from llm_agentd.engines.base import Candidate, EngineInfo
from llm_agentd.engines.gguf import GgufHeader
from llm_agentd.engines.model_shape import model_files

SAMPLE_BYTES = 1024 * 1024
SAMPLES = 16  # first, last and fourteen between: a fine-tune changes all weights, and 16 MiB are read in no time


def fingerprint(path: Path, *settings: object) -> str:
    """16 hex digits from the size of the file, or of all its parts, samples of its bytes, and `settings` (engine,
    versions, context).
    """
    digest = hashlib.sha256(repr((model_bytes(path), settings)).encode())
    for part in model_files(path):
        size = part.stat().st_size
        with part.open("rb") as file:
            for index in range(SAMPLES):
                file.seek(max(0, size - SAMPLE_BYTES) * index // (SAMPLES - 1))
                digest.update(file.read(SAMPLE_BYTES))
    return digest.hexdigest()[:16]


def model_bytes(path: Path) -> int:
    return sum(part.stat().st_size for part in model_files(path))


def model_info(
    engine: str,
    path: Path,
    header: GgufHeader,
    *,
    model_id: str | None,
    context_tokens: int,
    max_num_seqs: int,
    threads: int,
    settings: Iterable[object],
    features: Iterable[str],
    candidates: tuple[Candidate, ...] = (),
) -> EngineInfo:
    """`model_id` None: the name in the file, else the file's. `settings`: what changes the text, besides the file."""
    return EngineInfo(
        engine=engine,
        model=model_id or str(header.metadata.get("general.name") or path.stem),
        fingerprint=fingerprint(path, engine, *settings),
        context_tokens=context_tokens,
        max_num_seqs=max_num_seqs,
        parameters=header.parameters,
        model_bytes=model_bytes(path),
        path=str(path),
        threads=threads,
        languages=header.languages,
        prompt_form=header.prompt_form,
        features=frozenset(features),
        candidates=candidates,
    )
