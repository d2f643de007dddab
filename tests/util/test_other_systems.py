"""The helpers where functions of Linux are missing. The whole daemon there: tests/ops/test_other_systems.py."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from llm_agentd.util.cpus import available_cpus
from llm_agentd.util.lmdb_files import reserve


def test_reserved_file_has_its_blocks_and_keeps_its_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "posix_fallocate")
    file = tmp_path / "lock.mdb"
    file.write_bytes(b"kept")
    reserve(file, 100_000)
    assert file.read_bytes() == b"kept".ljust(100_000, b"\0")
    assert file.stat().st_blocks * 512 >= 100_000
    reserve(file, 50_000)
    assert file.stat().st_size == 100_000


def test_available_cpus_are_those_of_the_process_on_every_system(monkeypatch: pytest.MonkeyPatch) -> None:
    linux = available_cpus()
    monkeypatch.delattr(os, "sched_getaffinity")
    assert available_cpus() == linux  # Windows: psutil knows
    monkeypatch.delattr(psutil.Process, "cpu_affinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    assert available_cpus() == [0, 1, 2]  # macOS
