"""The wheel as `make package` builds it: the daemon, the mod and the embedded model, and nothing of how it was made."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import pytest

from llm_agentd import __version__
from llm_agentd.ops.harness import free_port

pytestmark = pytest.mark.slow

REPO = Path(__file__).parents[2]
BUILD_S = 300
SIZE_OF_THE_REST_MAX_BYTES = 2_400_000  # beside the models; what grows it by a fifth was not meant to be packed
NOT_COPIED = (".git", ".venv", "build", "dist", "__pycache__", "*.egg-info", ".*_cache", ".hypothesis", ".demo")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout: setuptools writes into the folder that it builds from."""
    copy = tmp_path_factory.mktemp("source") / "llm-agentd"
    shutil.copytree(REPO, copy, ignore=shutil.ignore_patterns(*NOT_COPIED))
    return copy


@pytest.fixture(scope="module")
def dist(source: Path) -> Path:
    """What `make package` makes; this environment in the place of its own, which would be set up anew."""
    venv = Path(sys.prefix)
    run(["make", "-o", f"{venv}/.run", "package", f"VENV={venv}"], source)
    return source / "dist"


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    (built,) = dist.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def sdist(dist: Path) -> Path:
    (built,) = dist.glob("*.tar.gz")
    return built


@pytest.fixture(scope="module")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`llm-agentd`, installed from the wheel into a virtual environment; what it needs is borrowed from this one."""
    venv = tmp_path_factory.mktemp("installed") / "venv"
    run([sys.executable, "-m", "venv", "--without-pip", str(venv)])
    options = ["--no-deps", "--no-index", "--disable-pip-version-check", "-q"]
    run([sys.executable, "-m", "pip", "--python", str(venv), "install", *options, str(wheel)])
    (packages,) = venv.glob("lib/python*/site-packages")
    # A path in a .pth file, and not --system-site-packages: so the .pth of this checkout's own editable install is not
    # read, and `llm_agentd` is the wheel's.
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return venv / "bin" / "llm-agentd"


def run(command: list[str], folder: Path | None = None, **environment: str) -> str:
    """Its stdout. Fails where it does."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=BUILD_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


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
    units = files_under(source / "systemd", "llm_agentd/systemd/")
    left_out = {"llm_agentd/mod/.cdb.json", "llm_agentd/systemd/README.md"}  # for ContentDB, which gets the mod's zip
    assert packed == (package | mod | units) - left_out


def test_package_has_all_parts_and_their_checksums(dist: Path) -> None:
    listed = run(["sha256sum", "-c", "SHA256SUMS"], dist).splitlines()
    names = {path.name for path in dist.iterdir()} - {"SHA256SUMS"}
    assert {line.removesuffix(": OK") for line in listed} == names
    of_daemon = {
        f"llm_agentd-{__version__}{end}" for end in ("-py3-none-any.whl", ".tar.gz", ".requirements.txt", ".cdx.json")
    }
    assert names == of_daemon | {f"llm_agent-{__version__}.zip", "llm-agentd-scm-1.all.rock"}


def test_packed_rock_installs(dist: Path, tmp_path: Path) -> None:
    options = ["--lua-version", "5.1", "--tree", str(tmp_path / "tree")]
    run(
        ["luarocks", *options, "install", "--deps-mode", "none", str(dist / "llm-agentd-scm-1.all.rock")],
        tmp_path,
        HOME=str(tmp_path),
    )
    assert {path.name for path in (tmp_path / "tree").rglob("llm_*.lua")} == {
        "llm_client.lua",
        "llm_json.lua",
        "llm_wire.lua",
    }


def test_wheel_holds_the_model_and_nothing_of_hearthling(wheel: Path) -> None:
    packed = zipfile.ZipFile(wheel).namelist()
    models = ["llm_agentd/models/hearthling.gguf", "llm_agentd/models/hearthling.topics.npz"]
    assert sorted(name for name in packed if "hearthling" in name) == models
    assert sorted(name for name in packed if name.startswith("llm_agentd/models/")) == models


def test_wheel_is_hardly_larger_than_the_model(wheel: Path) -> None:
    packed = zipfile.ZipFile(wheel).infolist()
    models = sum(one.compress_size for one in packed if one.filename.startswith("llm_agentd/models/"))
    assert wheel.stat().st_size - models <= SIZE_OF_THE_REST_MAX_BYTES


def test_installed_wheel_serves_and_has_its_mod_outside_a_checkout(program: Path, tmp_path: Path) -> None:
    run_here = partial(run, folder=tmp_path, STATE_DIRECTORY=str(tmp_path / "state"))
    place = run_here([str(program.parent / "python"), "-c", "import llm_agentd; print(llm_agentd.__file__)"])
    assert str(program.parents[1]) in place
    (tmp_path / "mods").mkdir()
    assert "installed" in run_here([str(program), "install-mod", str(tmp_path / "mods")])
    assert (tmp_path / "mods" / "llm_agent" / "init.lua").is_file()
    endpoint = ["--set", f"zmq.endpoint=tcp://127.0.0.1:{free_port()}"]
    command = [str(program), "serve", *endpoint, "--set", "model.engine=stub", "--set", "http.enabled=false"]
    environment = {**os.environ, "STATE_DIRECTORY": str(tmp_path / "state")}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        assert serving.stdout.readline().startswith("ready ")
        assert run_here([str(program), "ask", "Who are you?", "--role", "smith", *endpoint]).strip()
        assert "entries" in run_here([str(program), "dump", "--stats"])
        serving.terminate()
        assert serving.wait(BUILD_S) == 0


@pytest.mark.e2e
def test_installed_wheel_has_its_demo(program: Path, tmp_path: Path) -> None:
    said = run([str(program), "demo"], tmp_path, DEMO_SECONDS="5").splitlines()
    summary = json.loads(said[-1].removeprefix("summary "))
    assert summary["replies"] > 0
    assert summary["model"] == "hearthling"


def test_sdist_holds_hearthling_with_its_data(source: Path, sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    hearthling = files_under(source / "daemon" / "hearthling", "daemon/hearthling/")
    assert hearthling <= packed
    assert {"daemon/hearthling/train.py", "daemon/hearthling/data/scenes/trade.yaml"} <= hearthling
