"""`llm-agentd moderation log`: whose lines it shows, and since when."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.moderation.audit_log import append
from llm_agentd.ops import moderation as command
from tests.support.audit import NOW, entry


def test_log_command_filters_by_player_and_time(tmp_path: Path) -> None:
    path = tmp_path / "moderation.jsonl"
    for line in (entry("Ana", 3, "old [red]word"), entry("Bo", 2), entry("Ana", 0.5, "new")):
        append(path, line)

    def shown(**wanted: Any) -> str:
        out = io.StringIO()
        assert command.show_log(path, **{"player": None, "after": None, "as_json": True} | wanted, out=out) == 0
        return out.getvalue()

    assert len(shown().splitlines()) == 3
    assert [json.loads(line)["text"] for line in shown(player="Ana").splitlines()] == ["old [red]word", "new"]
    assert len(shown(after=command.since("1d", NOW)).splitlines()) == 1
    assert len(shown(after=command.since("2026-01-29", NOW)).splitlines()) == 2
    assert "[red]word" in shown(as_json=False)
    assert "nothing was held back" in shown(player="Cy", as_json=False)
    with pytest.raises(ValueError, match="yesterday"):
        command.since("yesterday", NOW)
