"""Figures of NVIDIA's GPUs, where there are any and the extra `gpu` is installed (nvidia-ml-py, the import `pynvml`).

A thread of its own asks the driver, as an answer may take a while; who looks at the metrics gets the last reading.
Where the library, the driver or a GPU is missing there is no thread and no metric. Knows no engine: a GPU is shown
whoever uses it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from types import ModuleType

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry

log = logging.getLogger(__name__)

READ_EVERY_S = 5.0  # three readings in a usual scrape interval; one costs the driver some milliseconds
JOIN_MAX_S = 1.0  # a driver that hangs is left to the end of the process


@dataclass(frozen=True, slots=True)
class GpuReading:
    """Of one GPU. `gpu`: its number, as nvidia-smi counts. None: this model does not tell."""

    gpu: str
    name: str
    utilization: float | None = None
    memory_used_bytes: float | None = None
    memory_total_bytes: float | None = None
    power_w: float | None = None
    temperature_c: float | None = None


_FIGURES: tuple[tuple[str, str, Callable[[GpuReading], float | None]], ...] = (
    ("utilization_ratio", "Share of the last second in which the GPU computed (0 to 1)", lambda one: one.utilization),
    ("memory_used_bytes", "Memory that is taken, by whomever", lambda one: one.memory_used_bytes),
    ("memory_total_bytes", "Memory there is", lambda one: one.memory_total_bytes),
    ("power_watts", "Power it draws", lambda one: one.power_w),
    ("temperature_celsius", "Its temperature", lambda one: one.temperature_c),
)


class GpuWatch(Collector):
    """`start`, then `stop`."""

    def __init__(self, registry: CollectorRegistry, read_every_s: float = READ_EVERY_S) -> None:
        self._read_every_s = read_every_s
        self._readings: tuple[GpuReading, ...] = ()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self.has_read = threading.Event()  # the first reading is there, or there will be none
        registry.register(self)

    def start(self) -> None:
        if find_spec("pynvml") is None:
            self.has_read.set()
            return
        self._thread = threading.Thread(target=self._run, name="gpu", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(JOIN_MAX_S)

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        readings = self._readings
        if not readings:
            return
        info = GaugeMetricFamily("llm_agentd_gpu_info", "Which GPU this is; always 1", labels=("gpu", "name"))
        for one in readings:
            info.add_metric((one.gpu, one.name), 1)
        yield info
        for name, what, figure in _FIGURES:
            family = GaugeMetricFamily(f"llm_agentd_gpu_{name}", what, labels=("gpu",))
            for one in readings:
                value = figure(one)
                if value is not None:
                    family.add_metric((one.gpu,), value)
            yield family

    # -- the gpu thread --------------------------------------------------------------------------

    def _run(self) -> None:
        # It loads the driver's library, which takes its time. Whether there is one is for it to say: a look of our own
        # would not see what stands in for it.
        import pynvml

        try:
            pynvml.nvmlInit()
            while not self._stopped.is_set():
                count = pynvml.nvmlDeviceGetCount()
                self._readings = tuple(_read(pynvml, number) for number in range(count))
                self.has_read.set()
                self._stopped.wait(self._read_every_s)
            pynvml.nvmlShutdown()
        except pynvml.NVMLError as error:
            # Without the driver's library there is no such GPU, and nothing to say.
            level = logging.DEBUG if isinstance(error, pynvml.NVMLError_LibraryNotFound) else logging.INFO
            log.log(level, "no figures of GPUs: %s; under systemd a GPU needs PrivateDevices=false", error)
        finally:
            self._readings = ()
            self.has_read.set()


def _read(nvml: ModuleType, number: int) -> GpuReading:
    device = nvml.nvmlDeviceGetHandleByIndex(number)

    def ask(question: Callable[[], float]) -> float | None:
        try:
            return question()
        except nvml.NVMLError_NotSupported:  # of a slice of a GPU, or of a small one
            return None

    return GpuReading(
        gpu=str(number),
        name=str(nvml.nvmlDeviceGetName(device)),
        utilization=ask(lambda: nvml.nvmlDeviceGetUtilizationRates(device).gpu / 100),
        memory_used_bytes=ask(lambda: nvml.nvmlDeviceGetMemoryInfo(device).used),
        memory_total_bytes=ask(lambda: nvml.nvmlDeviceGetMemoryInfo(device).total),
        power_w=ask(lambda: nvml.nvmlDeviceGetPowerUsage(device) / 1000),
        temperature_c=ask(lambda: nvml.nvmlDeviceGetTemperature(device, nvml.NVML_TEMPERATURE_GPU)),
    )
