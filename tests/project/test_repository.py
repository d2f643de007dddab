"""The repository around the code: packaging, constraints, import layers, make targets, links in the documents."""

from __future__ import annotations

import ast
import configparser
import re
import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

# Written down, not read from the Makefile: these are promised.
PROMISED_TARGETS = ("setup", "demo", "test", "unit", "run", "bench", "lint", "package", "lock", "help")
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
    assert set(project["tool"]["setuptools"]["packages"]) == on_disk | {"llm_agentd.mod"}


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


def test_constraints_pin_every_dependency(project: dict[str, Any], repo: Path) -> None:
    pinned = dict(
        re.split("==", line.lower().replace("_", "-"), maxsplit=1)
        for line in (repo / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    )
    extras = project["project"]["optional-dependencies"]
    for text in [*project["project"]["dependencies"], *extras["dev"], *extras["bench"]]:
        wanted = Requirement(text)
        assert str(wanted.specifier).startswith(">="), text
        assert wanted.specifier.contains(pinned[wanted.name.lower()]), text
    assert "torch" not in pinned  # `make setup` must stay quick


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
    folders = ("daemon", "docs", "lua", "mods", "systemd")
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
