"""No key of the configuration is dead: each is read somewhere, or it would be silently ignored."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from llm_agentd.config import Config, known_keys
from tests.project.unread_keys import read_keys


class Engine(BaseModel):
    path: str = ""
    planted: int = 0


class Store(BaseModel):
    path: str = ""


class Planted(BaseModel):
    engine: Engine = Engine()
    store: Store = Store()


Planted.__name__ = "Config"  # as the code to be read calls it


def test_every_key_is_read_by_the_code(repo: Path) -> None:
    package = repo / "daemon" / "llm_agentd"
    files = [path for path in package.rglob("*.py") if not path.is_relative_to(package / "config")]
    read = read_keys(Config, (path.read_text(encoding="utf-8") for path in files))
    assert sorted(set(known_keys()) - read) == []


@pytest.mark.parametrize(
    ("source", "read"),
    [
        ("def run(config: Config):\n    return config.store.path", {"store.path"}),
        ("def run(config: Config):\n    engine = config.engine\n    return engine.path", {"engine.path"}),
        ("def run(store: Store):\n    return [store.path for _ in 'ab']", {"store.path"}),
        ("def run():\n    return load_config().engine.planted", {"engine.planted"}),
        ("def run(folder, other):\n    other.planted = folder.path", set()),
        ("def run(config: Config):\n    return getattr(config.engine, 'planted')", set()),
        ("class A:\n  def __init__(self, config: Config):\n    self.c = config\n  def run(self):\n"
         "    return self.c.store.path", {"store.path"}),
    ],
)  # fmt: skip
def test_key_counts_as_read_on_its_own_section_only(source: str, read: set[str]) -> None:
    sections = {"engine", "store"}
    assert read_keys(Planted, [source]) - sections == read


def test_planted_dead_key_is_found() -> None:
    source = "def run(config: Config, thing):\n    return config.engine.path, config.store.path, thing.planted"
    assert set(known_keys(Planted)) - read_keys(Planted, [source]) == {"engine.planted"}
