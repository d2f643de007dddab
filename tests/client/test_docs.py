"""The examples of docs/python.md run as they are, against a real daemon."""

from __future__ import annotations

import os
import re
from contextlib import closing
from pathlib import Path

import pytest

from llm_agentd.memory import open_memory
from llm_agentd.util.endpoint import AUTO, endpoint_to_bind
from tests.support.daemon_in_process import InProcess

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "python.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL)


def test_client_docs_have_three_examples() -> None:
    assert len(EXAMPLES) == 3


@pytest.mark.parametrize(
    ("example", "prints"),
    list(zip(EXAMPLES, ["stub\n", "stop", "Tilda says: "], strict=True)),
    ids=["think", "stream", "asyncio"],
)
def test_example_runs(
    example: str, prints: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    memory = open_memory(tmp_path / "memory.db", turns=5, max_bytes=2**24)
    with closing(memory), InProcess(endpoint_to_bind(AUTO, os.environ), memory=memory):
        exec(compile(example, "docs/python.md", "exec"), {"__name__": "example"})
    assert prints in capsys.readouterr().out
