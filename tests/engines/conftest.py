"""Tiny model files, and engines that are closed after the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import TypeAlias

import pytest

from llm_agentd.engines import open_engine
from llm_agentd.engines.base import Engine
from tests.support.tiny_gguf import Shape, write_tiny_gguf

collect_ignore = [] if find_spec("ik_llama_cpp") else ["test_ik_library.py"]  # no wheel for this Python or machine
OpenModel: TypeAlias = Callable[..., Engine]  # (name, path, **settings of open_engine)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """`chain` says one text, `wild` anything, `roomy` anything in 1024 tokens, `bare` has no template and no BOS."""
    folder = tmp_path_factory.mktemp("models")
    return SimpleNamespace(
        chain=write_tiny_gguf(folder / "chain.gguf"),
        wild=write_tiny_gguf(folder / "wild.gguf", chain=False),
        roomy=write_tiny_gguf(folder / "roomy.gguf", chain=False, shape=Shape(context=1024)),
        bare=write_tiny_gguf(folder / "bare.gguf", template=None, add_bos=False, space_prefix=True),
    )


@pytest.fixture
def opened() -> Iterator[list[Engine]]:
    """Engines put here are closed after the test."""
    engines: list[Engine] = []
    yield engines
    for engine in engines:
        engine.close()


@pytest.fixture
def open_model(opened: list[Engine]) -> OpenModel:
    """`open_engine`; what it gives is closed after the test."""

    def open_kept(name: str, path: Path, **settings: object) -> Engine:
        engine = open_engine(name, path=path, **settings)  # type: ignore[arg-type]
        opened.append(engine)
        return engine

    return open_kept
