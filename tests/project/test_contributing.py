"""CONTRIBUTING's map against the tree: paths and functions that it names exist, and no package is missing from it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TOP_FOLDERS = "daemon|docs|lua|mods|systemd|tests|tools"


@pytest.fixture
def contributing(repo: Path) -> str:
    return (repo / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_named_paths_exist(contributing: str, repo: Path) -> None:
    named = set(re.findall(rf"`((?:{TOP_FOLDERS})/[\w./]+)`", contributing))
    assert len(named) > 20
    assert sorted(path for path in named if not (repo / path).exists()) == []


def test_every_package_of_the_daemon_is_on_the_map(contributing: str, repo: Path) -> None:
    package = repo / "daemon" / "llm_agentd"
    on_disk = {path.parent.name for path in package.glob("*/__init__.py")}
    daemon_part = contributing.partition("### The daemon")[2].partition("### The mod")[0]
    assert on_disk <= set(re.findall(r"`(\w+)/`", daemon_part))


def test_every_folder_of_the_mod_is_on_the_map(contributing: str, repo: Path) -> None:
    on_disk = {path.parent.name for path in (repo / "mods" / "llm_agent").glob("*/*.lua")}
    mod_part = contributing.partition("### The mod")[2].partition("### The rest")[0]
    assert on_disk <= set(re.findall(r"`(\w+)/`", mod_part))


def test_functions_of_the_six_files_exist(contributing: str, repo: Path) -> None:
    steps = contributing.partition("## A think in six files")[2].partition("\n## ")[0]
    files = re.findall(r"^\d\. `([\w/.]+)`, ([^:]+):", steps, re.MULTILINE)
    assert len(files) == 6
    for path, names in files:
        tree = ast.parse((repo / path).read_text(encoding="utf-8"))
        methods = {
            f"{kind.name}.{method.name}"
            for kind in tree.body
            if isinstance(kind, ast.ClassDef)
            for method in kind.body
            if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        assert set(re.findall(r"`(\w+\.\w+)`", names)) <= methods, path
