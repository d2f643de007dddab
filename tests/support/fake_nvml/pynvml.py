"""In place of nvidia-ml-py on a machine without a GPU: two GPUs, of which the second is a slice that tells little.

Its names, and what they return, are those of the library (checked by tests/metrics/test_gpu.py). A process finds it by
this folder on its path.
"""

from types import SimpleNamespace

NVML_TEMPERATURE_GPU = 0
is_broken = False  # the driver says no
calls: list[str] = []


class NVMLError(Exception):
    pass


class NVMLError_NotSupported(NVMLError):
    pass


class NVMLError_LibraryNotFound(NVMLError):
    pass


def nvmlInit() -> None:
    calls.append("nvmlInit")
    if is_broken:
        raise NVMLError("Driver Not Loaded")


def nvmlShutdown() -> None:
    calls.append("nvmlShutdown")


def nvmlDeviceGetCount() -> int:
    return 2


def nvmlDeviceGetHandleByIndex(index: int) -> int:
    return index


def nvmlDeviceGetName(handle: int) -> str:
    return ("NVIDIA H100 PCIe", "NVIDIA A100-SXM4-40GB MIG 1g.5gb")[handle]


def nvmlDeviceGetUtilizationRates(handle: int) -> SimpleNamespace:
    _whole(handle)
    return SimpleNamespace(gpu=37, memory=12)


def nvmlDeviceGetMemoryInfo(handle: int) -> SimpleNamespace:
    return SimpleNamespace(total=80 * 2**30, used=(handle + 1) * 2**30, free=0)


def nvmlDeviceGetPowerUsage(handle: int) -> int:
    _whole(handle)
    return 212_500


def nvmlDeviceGetTemperature(handle: int, sensor: int) -> int:
    _whole(handle)
    assert sensor == NVML_TEMPERATURE_GPU
    return 61


def _whole(handle: int) -> None:
    if handle == 1:
        raise NVMLError_NotSupported("Not Supported")
