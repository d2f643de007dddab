"""`bench restart` at its smallest: saved prefixes make the first reply after a restart come sooner."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from llm_agentd.bench import runner
from llm_agentd.bench.result import Options
from llm_agentd.config import load_config

pytestmark = [pytest.mark.slow, pytest.mark.alone]


def test_first_reply_comes_sooner_with_saved_prefixes(tmp_path: Path) -> None:
    written = tmp_path / "restart.json"
    assert runner.run("restart", load_config(None, ["model.threads=1"]), Options(rounds=1), json_file=written) == 0
    report = orjson.loads(written.read_bytes())
    assert 0 < report["ratios"]["first_reply"] < 1, "saved prefixes were used"
