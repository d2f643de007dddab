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


def part(contributing: str, heading: str) -> str:
    return contributing.partition(f"## {heading}\n")[2].partition("\n## ")[0]


def methods(tree: ast.Module) -> set[str]:
    return {
        f"{kind.name}.{method.name}"
        for kind in tree.body
        if isinstance(kind, ast.ClassDef)
        for method in kind.body
        if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_functions_of_the_six_files_exist(contributing: str, repo: Path) -> None:
    files = re.findall(r"^- `([\w/.]+)`, ([^:]+):", part(contributing, "A think in six files"), re.MULTILINE)
    assert len(files) == 6
    for path, names in files:
        tree = ast.parse((repo / path).read_text(encoding="utf-8"))
        named = set(re.findall(r"`(\w+\.\w+)`", names))
        assert named, path
        assert named <= methods(tree), path


def test_methods_and_lua_functions_on_the_way_exist(contributing: str, repo: Path) -> None:
    way = part(contributing, "A think in six files") + part(contributing, "Where to add")
    sources = (repo / "daemon" / "llm_agentd").rglob("*.py")
    known = set().union(*(methods(ast.parse(path.read_text(encoding="utf-8"))) for path in sources))
    named = set(re.findall(r"`(_?[A-Z]\w+\.[a-z_]\w*)`", way))
    assert len(named) > 15
    assert named - known == set()
    lua = "\n".join(path.read_text(encoding="utf-8") for path in (repo / "mods" / "llm_agent").rglob("*.lua"))
    modules = r"client|request|offers|quests|quest_text|commands|Npc"
    functions = set(re.findall(rf"`((?:{modules})[.:]\w+)", way))
    assert len(functions) > 7
    assert [name for name in functions if f"function {name}(" not in lua] == []


def test_names_of_the_recipes_exist_in_their_files(contributing: str, repo: Path) -> None:
    """`NAME` in `FILE`, and `NAME` in `FILE.lua` of the quests."""
    recipes = part(contributing, "Where to add")
    pairs = re.findall(rf"`(\w+)`(?: there)? in `((?:{TOP_FOLDERS})/[\w/]+\.\w+)`", recipes)
    assert len(pairs) > 6
    for name, path in pairs:
        assert re.search(rf"\b{name}\b", (repo / path).read_text(encoding="utf-8")), f"{name} in {path}"
    quests = recipes.partition("**A quest kind**")[2]
    for file, words in re.findall(r"^\d\. `(\w+\.lua)`: (.*?)(?=^\d\. |\Z)", quests, re.MULTILINE | re.DOTALL):
        source = (repo / "mods" / "llm_agent" / "quests" / file).read_text(encoding="utf-8")
        for name in re.findall(r"`([A-Z_]{3,})`", words):
            assert f"local {name} = " in source, f"{name} in {file}"
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (repo / "tests").rglob("test_*.py"))
    assert [name for name in re.findall(r"`(test_\w+)`", recipes) if f"def {name}(" not in tests] == []
