"""What /proc/cpuinfo says about the processor. Any thread; no error where there is no such file."""

from __future__ import annotations

CPUINFO = "/proc/cpuinfo"


def cpu_model(cpuinfo: str = CPUINFO) -> str:
    """The processor's name; "" where the file does not say."""
    return _value(cpuinfo, "model name")


def cpu_flags(cpuinfo: str = CPUINFO) -> frozenset[str]:
    """Its instruction set extensions by the kernel's names, such as `avx2`; empty where the file does not say."""
    return frozenset(_value(cpuinfo, "flags").split())


def _value(cpuinfo: str, field: str) -> str:
    try:
        with open(cpuinfo, encoding="utf-8", errors="replace") as file:
            return next((line.split(":", 1)[1].strip() for line in file if line.startswith(field) and ":" in line), "")
    except OSError:
        return ""
