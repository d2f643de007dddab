"""`serve` and `http` without typer: which command lines they take, and what their processes do not load."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from llm_agentd.cli import services
from llm_agentd.cli.services import plain_command
from tests.ops.test_cli import TIMEOUT_S


@pytest.mark.parametrize(
    ("words", "config", "sets"),
    [
        ("serve", None, []),
        ("serve --set a.b=c --config=x.yaml", "x.yaml", ["a.b=c"]),
        ("http --config x.yaml --set=a.b=c=d --set e.f=", "x.yaml", ["a.b=c=d", "e.f="]),
        ("serve --config one --config two", "two", []),
    ],
)
def test_options_as_units_and_the_supervisor_write_them(words: str, config: str | None, sets: list[str]) -> None:
    argv = words.split()
    command = plain_command(argv)
    assert isinstance(command, partial)
    assert command.func is getattr(services, argv[0])
    assert command.args == (Path(config) if config else None, sets)


@pytest.mark.parametrize("words", ["", "ask", "serve --help", "serve --set", "http --conf x", "serve x", "serve -- x"])
def test_all_else_is_read_by_the_whole_command_line(words: str) -> None:
    assert plain_command(words.split()) is None


LOADED = """
import sys
from llm_agentd.cli import services
for package, names in services.LATE_PACKAGES.items():
    services.late(package, **names)
sys.modules.setdefault("pydantic.v1", None)
import llm_agentd.{module}
print(*(name for name in {unwanted!r} if sys.modules.get(name)))
"""
UNWANTED = ("typer", "click", "llama_cpp.llama", "prometheus_client.exposition", "uvicorn.main", "pydantic.v1")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "more"),
    [
        ("ops.serve", ("asyncio", "fastapi", "psutil")),
        ("engines.llama.engine", ("jinja2",)),
        ("http", ("numpy", "sqlite3", "fastapi", "zmq")),
    ],
)
def test_processes_do_not_load_what_they_do_not_call(module: str, more: tuple[str, ...]) -> None:
    code = LOADED.format(module=module, unwanted=(*UNWANTED, *more))
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=TIMEOUT_S, check=True)
    assert found.stdout.split() == []


@pytest.mark.slow
def test_the_supervisor_loads_next_to_nothing() -> None:
    unwanted = ("dataclasses", "orjson", "json", "llm_agentd.config")
    code = f"import sys, llm_agentd.ops.supervise; print(*(set({unwanted}) & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=TIMEOUT_S, check=True)
    assert found.stdout.split() == []
