"""The repository around the code: packaging, constraints, import layers, make targets, links in the documents."""

from __future__ import annotations

import ast
import configparser
import re
import subprocess
import tomllib
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

# Written down, not read from the Makefile: these are promised.
PROMISED_TARGETS = ("setup", "demo", "test", "test-faults", "unit", "run", "bench", "lint", "package", "lock", "help")
SKIPPED_FOLDERS = {"__pycache__"}


@pytest.fixture
def project(repo: Path) -> dict[str, Any]:
    return tomllib.loads((repo / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture
def package(repo: Path) -> Path:
    return repo / "daemon" / "llm_agentd"


def files_of(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not SKIPPED_FOLDERS & set(path.parts) and path.suffix != ".pyc"
    )


def module_name(path: Path, package: Path) -> str:
    parts = ("llm_agentd", *path.relative_to(package).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_every_package_is_in_pyproject(project: dict[str, Any], package: Path) -> None:
    on_disk = {module_name(path, package) for path in package.rglob("__init__.py")}
    assert set(project["tool"]["setuptools"]["packages"]) == on_disk | {"llm_agentd.mod", "llm_agentd.systemd"}


def test_every_data_file_is_in_pyproject(project: dict[str, Any], package: Path) -> None:
    patterns = project["tool"]["setuptools"]["package-data"]
    packages = {module_name(path, package): path.parent for path in package.rglob("__init__.py")}
    left_out = []
    for path in files_of(package):
        if path.suffix == ".py" and path.with_name("__init__.py").is_file():
            continue
        homes = [(name, path.relative_to(home)) for name, home in packages.items() if path.is_relative_to(home)]
        if not any(
            fnmatch(inside.as_posix(), pattern.replace("**/*", "*"))
            for name, inside in homes
            for pattern in patterns.get(name, ())
        ):
            left_out.append(str(path.relative_to(package)))
    assert left_out == []


def test_mod_is_where_pyproject_says(project: dict[str, Any], repo: Path) -> None:
    folder = repo / project["tool"]["setuptools"]["package-dir"]["llm_agentd.mod"]
    assert (folder / "mod.conf").read_text(encoding="utf-8").find("llm_agent") >= 0
    assert (folder / "init.lua").is_file()


def test_setup_cfg_holds_import_linter_alone(project: dict[str, Any], repo: Path) -> None:
    other = configparser.ConfigParser()
    other.read(repo / "setup.cfg", encoding="utf-8")
    sections = {section.split(":")[0] for section in other.sections()}
    assert sections == {"importlinter"}
    assert "importlinter" not in project["tool"]


# Where a daemon may run, each as its markers say: what `make setup` finds on Debian 12 and 13, and machines that are
# not here.
MACHINES = [
    {"python_full_version": "3.11.2", "sys_platform": "linux", "platform_machine": "x86_64"},
    {"python_full_version": "3.12.3", "sys_platform": "linux", "platform_machine": "x86_64"},
    {"python_full_version": "3.13.5", "sys_platform": "linux", "platform_machine": "x86_64"},
    {"python_full_version": "3.14.8", "sys_platform": "linux", "platform_machine": "x86_64"},
    {"python_full_version": "3.13.5", "sys_platform": "linux", "platform_machine": "aarch64"},
    {"python_full_version": "3.12.3", "sys_platform": "darwin", "platform_machine": "arm64"},
    {"python_full_version": "3.13.5", "sys_platform": "win32", "platform_machine": "AMD64"},
]


def pins(path: Path, machine: dict[str, str]) -> dict[str, str]:
    """Versions that a file of exact requirements, with or without hashes, gives to a machine. Asserts it is exact."""
    lines = path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    found: dict[str, str] = {}
    for line in lines:
        if line.startswith("#"):
            continue
        wanted = Requirement(line.partition(" --hash")[0])
        if wanted.marker is None or wanted.marker.evaluate(machine):
            name = wanted.name.lower().replace("_", "-")
            assert name not in found, f"{path.name} has two versions of {name} for {machine}"
            (pin,) = wanted.specifier
            assert pin.operator == "=="
            found[name] = pin.version
    return found


def assert_pinned(wanted: Iterable[str], pinned: dict[str, str], machine: dict[str, str]) -> None:
    for text in wanted:
        one = Requirement(text)
        assert str(one.specifier).startswith(">="), text
        if one.marker is None or one.marker.evaluate(machine):
            assert one.specifier.contains(pinned[one.name.lower()]), text


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: "-".join(machine.values()))
def test_constraints_pin_every_dependency(project: dict[str, Any], repo: Path, machine: dict[str, str]) -> None:
    extras = project["project"]["optional-dependencies"]
    run = pins(repo / "requirements" / "runtime.txt", machine)
    assert_pinned(project["project"]["dependencies"], run, machine)
    develop = pins(repo / "constraints.txt", machine)
    assert_pinned([*extras["dev"], *extras["bench"], *extras["native"]], develop, machine)
    assert run.items() <= develop.items()  # what is tested is what runs
    assert "torch" not in develop  # `make setup` must stay quick
    assert not {"pytest", "mypy", "matplotlib"} & run.keys()


def test_llama_cpp_comes_as_a_wheel_or_is_compiled_and_cyllama_fits_its_python(repo: Path) -> None:
    by_machine = {
        (machine["python_full_version"][:4], machine["platform_machine"]): pins(
            repo / "requirements" / "runtime.txt", machine
        )
        for machine in MACHINES
    }
    assert by_machine["3.11", "x86_64"]["cyllama"].startswith("0.2.")  # the last one for it
    assert by_machine["3.13", "x86_64"]["cyllama"] >= "0.7"
    pi = by_machine["3.13", "aarch64"]
    assert "cyllama" not in pi
    assert "llama-cpp-python" in pi
    assert [key for key, run in by_machine.items() if "llama-cpp-python" in run] == [("3.13", "aarch64")]


def test_every_runtime_requirement_has_hashes(repo: Path) -> None:
    """pip refuses the whole file with --require-hashes where one has none."""
    text = (repo / "requirements" / "runtime.txt").read_text(encoding="utf-8")
    lines = [line for line in text.replace("\\\n", " ").splitlines() if not line.startswith("#")]
    assert lines
    assert [line for line in lines if not re.search(r"--hash=sha256:[0-9a-f]{64}\b", line)] == []


def test_make_refuses_a_python_that_is_too_new_in_a_sentence(repo: Path, tmp_path: Path) -> None:
    """3.15, as pyproject.toml does; `python` in its place, which says so, and that it has all Debian splits off."""
    python = tmp_path / "python3.15"
    python.write_text(
        '#!/bin/sh\ncase "$*" in -V) echo Python 3.15.0;; *ensurepip*) ;; *"(3, 15)"*) exit 1;; *) exit 9;; esac\n'
    )
    python.chmod(0o755)
    venv = tmp_path / "venv"
    command = ["make", f"{venv}/.run", f"PYTHON={python}", f"VENV={venv}"]
    said = subprocess.run(command, cwd=repo, capture_output=True, text=True, timeout=60, check=False)
    assert said.returncode != 0
    assert "no Python from 3.11 to 3.14 found (Python 3.15.0); install one, or name it" in said.stderr
    assert not venv.exists()


def test_make_and_pyproject_ask_for_the_same_pythons(project: dict[str, Any], repo: Path) -> None:
    assert project["project"]["requires-python"] == ">=3.11,<3.15"
    assert "(3, 11) <= sys.version_info < (3, 15)" in (repo / "Makefile").read_text(encoding="utf-8")


def test_every_module_is_in_an_import_layer(repo: Path, package: Path) -> None:
    """A module that no layer names could import anything."""
    config = configparser.ConfigParser()
    config.read(repo / "setup.cfg", encoding="utf-8")
    named = set(re.findall(r"llm_agentd[\w.]*", config["importlinter:contract:layers"]["layers"]))
    unnamed = []
    for path in package.rglob("*.py"):
        name = module_name(path, package)
        is_package = path.name == "__init__.py"
        if not any(name == layer or name.startswith(layer + ".") for layer in named) and not is_package:
            unnamed.append(name)
    assert unnamed == []


def test_every_module_has_a_docstring(package: Path) -> None:
    without = []
    for path in files_of(package):
        if path.suffix == ".py":
            tree = ast.parse(path.read_text(encoding="utf-8"))
            if tree.body and not ast.get_docstring(tree):
                without.append(str(path.relative_to(package)))
    assert without == []


def test_make_help_lists_the_promised_targets(repo: Path) -> None:
    shown = subprocess.run(["make"], cwd=repo, capture_output=True, text=True, timeout=60, check=True).stdout
    for target in PROMISED_TARGETS:
        assert f"make {target} " in shown
    assert all(len(line) < 120 for line in shown.splitlines())


def test_ci_only_calls_make_test(repo: Path) -> None:
    path = repo / ".ci" / "run"
    commands = [line for line in path.read_text().splitlines() if line and not line.startswith(("#", "set ", "cd "))]
    assert commands == ["exec make test"]
    assert path.stat().st_mode & 0o111


def test_links_in_documents_lead_to_files_and_headings(repo: Path) -> None:
    folders = ("daemon", "docs", "lua", "mods", "monitoring", "systemd")
    documents = [*repo.glob("*.md"), *(path for folder in folders for path in (repo / folder).rglob("*.md"))]
    broken = []
    for document in documents:
        for target, anchor in re.findall(r"\]\(([^)#\s]*)#?([^)\s]*)\)", document.read_text(encoding="utf-8")):
            if re.match(r"[a-z]+:", target):
                continue
            file = document.parent / target if target else document
            if not file.exists() or (anchor and anchor not in anchors(file)):
                broken.append(f"{document.relative_to(repo)}: {target}#{anchor}")
    assert broken == []


def anchors(document: Path) -> set[str]:
    """The anchors of its headings as GitHub makes them: lower case, hyphens for spaces, no other marks but `_`."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
