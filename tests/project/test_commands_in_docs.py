"""The commands that the documents name exist: `llm-agentd …` with its options, `python -m …`, `make …`."""

from __future__ import annotations

import re
import shlex
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import typer.main

from llm_agentd.cli.commands import app
from llm_agentd.config import known_keys


@pytest.fixture
def commands(repo: Path) -> list[tuple[str, str]]:
    """(document, line of code), of blocks and of code words."""
    folders = ("daemon", "docs", "systemd", "monitoring", "mods", "lua")
    documents = [repo / "README.md", repo / "CONTRIBUTING.md", *(p for f in folders for p in (repo / f).rglob("*.md"))]
    found = []
    for path in documents:
        text = path.read_text(encoding="utf-8")
        for block in re.findall(r"```\n(.*?)```", text, re.DOTALL):
            found += [(path.name, line) for line in block.splitlines()]
        found += [
            (path.name, code) for code in re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
        ]
    return found


def problem_of(line: str) -> str | None:
    """What is wrong with `llm-agentd COMMAND OPTIONS …`, or None."""
    words = shlex.split(re.sub(r"…|\s#.*", "", line))
    command: Any = typer.main.get_command(app)
    while words and hasattr(command, "commands") and re.fullmatch("[a-z-]+", words[0]) and not words[0].startswith("-"):
        name = words.pop(0)
        if name not in command.commands:
            return f"no command {name}"
        command = command.commands[name]
    options = {option: param for param in command.params for option in param.opts}
    for position, word in enumerate(words):
        option = word.partition("=")[0]
        if option.startswith("--") and option != "--help":
            if option not in options:
                return f"no option {option}"
            if option == "--set" and words[position + 1 :]:
                key = words[position + 1].partition("=")[0]
                if key not in known_keys():
                    return f"no key {key}"
    return None


def test_llm_agentd_commands_and_options_exist(commands: list[tuple[str, str]]) -> None:
    named = [(name, match[1]) for name, line in commands if (match := re.match(r"(?:\S*/)?llm-agentd (\S.*)", line))]
    assert len(named) > 20
    assert [(name, line, problem) for name, line in named if (problem := problem_of(line))] == []


def test_no_command_shows_the_token_to_other_users(commands: list[tuple[str, str]]) -> None:
    """They read the command lines of all processes. curl takes a header from its input: `-H @-`."""
    assert [(name, line) for name, line in commands if re.search(r"-H\s*\S?Authorization", line)] == []
    assert [name for name, line in commands if "Bearer $(llm-agentd token)" in line] != []


def test_python_modules_exist(commands: list[tuple[str, str]]) -> None:
    named = {
        (name, module)
        for name, line in commands
        for module in re.findall(r"-m ((?:llm_agentd|hearthling)[\w.]*)", line)
    }
    assert named
    assert [(name, module) for name, module in named if find_spec(module) is None] == []


def test_make_targets_exist(commands: list[tuple[str, str]], repo: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (repo / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {(name, target) for name, line in commands for target in re.findall(r"^make ([a-z-]+)", line)}
    assert named
    assert [(name, target) for name, target in named if target not in targets] == []


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("dump --stats", None),
        ("memory forget --player Ana", None),
        ("serve --set batch.size=4", None),
        ("memory wipe", "no command wipe"),
        ("dump --fast", "no option --fast"),
        ("serve --set batch.sze=4", "no key batch.sze"),
    ],
)
def test_check_finds_wrong_commands(line: str, problem: str | None) -> None:
    assert problem_of(line) == problem
