"""What /proc/cpuinfo says, and nothing where it says nothing."""

from __future__ import annotations

from pathlib import Path

from llm_agentd.util.cpu_info import cpu_flags, cpu_model

CPUINFO = """processor\t: 0
model name\t: Intel(R) Xeon(R): Platinum
flags\t\t: fpu avx2 amx_int8

processor\t: 1
model name\t: another
flags\t\t: fpu
"""


def test_model_and_flags_of_the_first_processor(tmp_path: Path) -> None:
    path = tmp_path / "cpuinfo"
    path.write_text(CPUINFO)
    assert cpu_model(str(path)) == "Intel(R) Xeon(R): Platinum"
    assert cpu_flags(str(path)) == {"fpu", "avx2", "amx_int8"}


def test_missing_or_silent_file_gives_nothing(tmp_path: Path) -> None:
    silent = tmp_path / "cpuinfo"
    silent.write_text("processor: 0\n")
    for path in (silent, tmp_path / "none"):
        assert (cpu_model(str(path)), cpu_flags(str(path))) == ("", frozenset())
