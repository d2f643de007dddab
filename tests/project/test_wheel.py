"""The wheel as `make package` builds it: the daemon, the mod and the embedded model, and nothing of how it was made."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

REPO = Path(__file__).parents[2]
BUILD_S = 300
SIZE_MAX_BYTES = 27_000_000  # 7.0 MB are the model's; what grows the rest by a third was not meant to be packed
SDIST = "from setuptools import build_meta; import sys; build_meta.build_sdist(sys.argv[1])"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what is packed: setuptools writes into the folder that it builds from."""
    copy = tmp_path_factory.mktemp("source")
    for folder in ("daemon", "mods"):
        shutil.copytree(REPO / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("LICENSE", "MANIFEST.in", "README.md", "pyproject.toml", "setup.cfg"):
        shutil.copy2(REPO / name, copy)
    return copy


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # Without isolation, as that would fetch setuptools from the network: the extra `dev` has it.
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "-q"]
    run([sys.executable, "-m", "pip", "wheel", *options, "-w", str(folder), str(source)])
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def sdist(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdist")
    run([sys.executable, "-c", SDIST, str(folder)], source)
    (built,) = folder.glob("*.tar.gz")
    return built


def run(command: list[str], folder: Path | None = None) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=BUILD_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def files_under(folder: Path, renamed: str = "") -> set[str]:
    """Of the copied checkout; `renamed` is what the wheel calls the folder."""
    return {
        f"{renamed}{path.relative_to(folder).as_posix()}"
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def without_metadata(names: Iterable[str]) -> set[str]:
    return {name for name in names if ".dist-info/" not in name}


def test_wheel_holds_package_and_mod_and_no_other_file(source: Path, wheel: Path) -> None:
    packed = without_metadata(zipfile.ZipFile(wheel).namelist())
    package = files_under(source / "daemon" / "llm_agentd", "llm_agentd/")
    mod = files_under(source / "mods" / "llm_agent", "llm_agentd/mod/")
    assert packed == (package | mod) - {"llm_agentd/mod/.cdb.json"}  # for ContentDB, which gets the mod's zip


def test_wheel_holds_the_model_and_nothing_of_hearthling(wheel: Path) -> None:
    packed = zipfile.ZipFile(wheel).namelist()
    models = ["llm_agentd/models/hearthling.gguf", "llm_agentd/models/hearthling.topics.npz"]
    assert sorted(name for name in packed if "hearthling" in name) == models
    assert sorted(name for name in packed if name.startswith("llm_agentd/models/")) == models


def test_wheel_is_hardly_larger_than_the_model(wheel: Path) -> None:
    assert wheel.stat().st_size <= SIZE_MAX_BYTES


def test_sdist_holds_hearthling_with_its_data(source: Path, sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    hearthling = files_under(source / "daemon" / "hearthling", "daemon/hearthling/")
    assert hearthling <= packed
    assert {"daemon/hearthling/train.py", "daemon/hearthling/data/scenes/trade.yaml"} <= hearthling
