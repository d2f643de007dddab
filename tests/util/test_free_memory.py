"""What may be taken, and still may: the least of what the machine has free and what each control group leaves."""

from __future__ import annotations

from pathlib import Path

import psutil

from llm_agentd.util.free_memory import free_bytes, total_bytes

MIB = 2**20


def group(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="ascii")


def own(tmp_path: Path, line: str) -> Path:
    path = tmp_path / "own"
    path.write_text(f"1:cpu:/x\n{line}\n", encoding="ascii")
    return path


def test_limit_of_the_unit_counts_and_pages_of_files_are_free(tmp_path: Path) -> None:
    stat = f"anon 5\ninactive_file {MIB}\nactive_file {2 * MIB}\n"
    unit = tmp_path / "system.slice" / "llm-agentd.service"
    group(unit, memory__max=f"{10 * MIB}\n", memory__current=f"{8 * MIB}\n", memory__stat=stat)
    group(unit.parent, memory__max="max\n", memory__current=f"{9 * MIB}\n", memory__stat=stat)
    assert free_bytes(tmp_path, own(tmp_path, "0::/system.slice/llm-agentd.service")) == 5 * MIB
    group(unit.parent, memory__max=f"{9 * MIB}\n")
    assert free_bytes(tmp_path, own(tmp_path, "0::/system.slice/llm-agentd.service")) == 3 * MIB
    assert total_bytes(tmp_path, own(tmp_path, "0::/system.slice/llm-agentd.service")) == 9 * MIB


def test_limit_of_a_container_in_the_old_layout_counts(tmp_path: Path) -> None:
    files = {"memory__limit_in_bytes": f"{4 * MIB}", "memory__usage_in_bytes": f"{3 * MIB}"}
    group(tmp_path / "memory" / "docker", **files, memory__stat=f"total_inactive_file {MIB}\n")
    assert free_bytes(tmp_path, own(tmp_path, "4:memory:/docker")) == 2 * MIB
    assert total_bytes(tmp_path, own(tmp_path, "4:memory:/docker")) == 4 * MIB


def test_without_groups_it_is_what_the_machine_has(tmp_path: Path) -> None:
    assert free_bytes(tmp_path / "none", tmp_path / "none") > 0
    assert total_bytes(tmp_path / "none", tmp_path / "none") == psutil.virtual_memory().total
    assert free_bytes() <= total_bytes() <= psutil.virtual_memory().total
