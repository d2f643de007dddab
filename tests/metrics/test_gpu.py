"""Figures of GPUs: with a library of our own making at the driver's edge, without any, and with the real one that finds
no driver."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from llm_agentd.metrics import gpu
from llm_agentd.metrics.gpu import GpuWatch
from tests.support.exposition import Exposition

WAIT_S = 10.0


def read(watch: GpuWatch, registry: CollectorRegistry) -> Exposition:
    watch.start()
    assert watch.has_read.wait(WAIT_S)
    return Exposition(generate_latest(registry).decode())


@pytest.fixture
def without_pynvml() -> Iterator[None]:
    """Whatever was imported under that name stays with the tests that imported it."""
    before = sys.modules.pop("pynvml", None)
    yield
    sys.modules.pop("pynvml", None)
    if before is not None:
        sys.modules["pynvml"] = before


@pytest.fixture
def fake(without_pynvml: None, monkeypatch: pytest.MonkeyPatch, repo: Path) -> Any:
    monkeypatch.syspath_prepend(str(repo / "tests" / "support" / "fake_nvml"))
    return importlib.import_module("pynvml")


def test_each_gpu_is_shown_with_what_it_tells(fake: Any) -> None:
    registry = CollectorRegistry()
    watch = GpuWatch(registry)
    found = read(watch, registry)
    assert found.value("llm_agentd_gpu_info", gpu="0", name="NVIDIA H100 PCIe") == 1
    assert found.value("llm_agentd_gpu_utilization_ratio", gpu="0") == 0.37
    assert found.value("llm_agentd_gpu_memory_used_bytes", gpu="0") == 2**30
    assert found.value("llm_agentd_gpu_memory_total_bytes", gpu="1") == 80 * 2**30
    assert found.value("llm_agentd_gpu_power_watts", gpu="0") == 212.5
    assert found.value("llm_agentd_gpu_temperature_celsius", gpu="0") == 61
    assert len(found["llm_agentd_gpu_power_watts"].samples) == 1, "the slice does not tell its power"
    watch.stop()
    assert fake.calls == ["nvmlInit", "nvmlShutdown"]
    assert not Exposition(generate_latest(registry).decode()), "a reading that is old is no reading"


def test_readings_go_on(fake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = CollectorRegistry()
    watch = GpuWatch(registry, read_every_s=0.001)
    read(watch, registry)
    monkeypatch.setattr(fake, "nvmlDeviceGetCount", lambda: 1)
    while len(found := Exposition(generate_latest(registry).decode())["llm_agentd_gpu_memory_used_bytes"].samples) != 1:
        assert found
    watch.stop()


def test_a_driver_that_says_no_is_one_line_in_the_log(fake: Any, caplog: pytest.LogCaptureFixture) -> None:
    fake.is_broken = True
    registry = CollectorRegistry()
    caplog.set_level("INFO", gpu.__name__)
    watch = GpuWatch(registry)
    assert not read(watch, registry)
    watch.stop()
    assert [record.message for record in caplog.records] == [
        "no figures of GPUs: Driver Not Loaded; under systemd a GPU needs PrivateDevices=false"
    ]


def test_without_the_library_there_is_no_thread_and_no_metric(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "find_spec", lambda name: None)
    registry = CollectorRegistry()
    watch = GpuWatch(registry)
    assert not read(watch, registry)
    watch.stop()


def test_the_real_library_finds_no_driver_here_and_has_all_that_is_asked_of_it(
    without_pynvml: None, repo: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """On a machine with a GPU it finds one; the names are the same."""
    real = importlib.import_module("pynvml")
    stands_in = (repo / "tests" / "support" / "fake_nvml" / "pynvml.py").read_text(encoding="utf-8")
    names = {
        line.split()[1].split("(")[0] for line in stands_in.splitlines() if line.startswith(("def nvml", "class "))
    }
    assert [name for name in names | {"NVML_TEMPERATURE_GPU"} if not hasattr(real, name)] == []
    registry = CollectorRegistry()
    caplog.set_level("DEBUG", gpu.__name__)
    watch = GpuWatch(registry)
    found = read(watch, registry)
    watch.stop()
    assert found or "no figures of GPUs: NVML Shared Library Not Found" in caplog.text
    assert not [record for record in caplog.records if record.levelname == "INFO"], "most machines have no such GPU"
