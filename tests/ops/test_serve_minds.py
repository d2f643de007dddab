"""`serve` with a local model and servers beside it, as processes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.errors import Unavailable
from tests.ops.test_serve import Served
from tests.support.upstream import Upstream

pytestmark = pytest.mark.slow

THINK: dict[str, Any] = {
    "npc": {"id": "bram", "name": "Bram", "role": "smith"}, "player": "Robin", "utterance": "Good evening!",
}  # fmt: skip


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream(model="qwen", context_tokens=4096) as running:
        yield running


def servers(upstream: Upstream) -> str:
    return f"remote.upstreams={json.dumps([{'base_url': upstream.base_url, 'model': 'qwen'}])}"


def configure(folder: Path, policy: str) -> Path:
    """A file of this test: what is set while it runs is written there, and nowhere else."""
    config = folder / "config.yaml"
    config.write_text(f"remote:\n  policy: {policy}\n")
    return config


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    return tmp_path


def test_minds_are_as_configured_and_the_policy_changes_while_it_runs(state: Path, upstream: Upstream) -> None:
    config = configure(state, "always")
    served = Served(state, servers(upstream), "cache.enabled=false", config=config)
    try:
        assert served.ready.split()[-3:] == ["model=stub", "engine=stub", "remote=qwen"]
        assert served.request("think", **THINK)["mind"] == "remote"
        changed = served.request("set_setting", key="remote.policy", value="fallback")
        assert changed["applied"] is True
        assert served.request("think", **THINK)["mind"] == "local"
        upstream.kill()
        served.request("set_setting", key="remote.policy", value="always")
        assert served.request("think", **THINK)["mind"] == "local"
        stats = served.request("stats")["stats"]["remote"]
        assert (stats["policy"], stats["spoke"]) == ("always", {"local": 2, "remote": 1})
        assert [row["name"] for row in stats["upstreams"]]
    finally:
        assert served.stop() == 0


def test_local_model_that_cannot_be_opened_is_said_and_the_daemon_lives_on_the_servers(
    state: Path, upstream: Upstream
) -> None:
    broken = state / "broken.gguf"
    broken.write_bytes(b"GGUF and nothing behind it")
    model = ("model.engine=llama", f"model.path={broken}")
    served = Served(state, servers(upstream), "remote.policy=quality", "remote.quality_roles=smith", *model)
    try:
        assert served.ready.split()[-3:] == ["model=qwen", "engine=openai", "remote=qwen"]
        assert "the local model could not be opened" in served.errors.read_text()
        assert served.request("think", **THINK)["mind"] == "remote"
        with pytest.raises(Unavailable, match=r"the local model.*broken\.gguf"):
            served.request("think", **THINK | {"npc": {"id": "mira", "name": "Mira", "role": "healer"}})
        with served.http() as http:
            assert http.get("/readyz").status_code == 200
            assert "broken.gguf" in http.get("/info").json()["remote"]["local_problem"]
    finally:
        assert served.stop() == 0
    alone = Served(state, *model)
    assert alone.ready == ""
    assert alone.stop() != 0, "without a server there is nothing to live on"


def test_never_asks_no_server_and_loads_nothing_that_could(state: Path, upstream: Upstream) -> None:
    served = Served(state, servers(upstream), http=False, config=configure(state, "never"))
    try:
        assert served.ready.split()[-1] == "engine=stub"
        done = served.request("think", **THINK)
        assert "mind" not in done
        changed = served.request("set_setting", key="remote.policy", value="always")
        assert (changed["applied"], changed["restart"]) == (False, True)
    finally:
        assert served.stop() == 0
    assert (upstream.calls, upstream.looked_up) == ([], [])
    program = """
import sys
from contextlib import ExitStack
from llm_agentd.config import Config
from llm_agentd.ops.serve import build
with ExitStack() as cleanup:
    build(Config.model_validate({"model": {"engine": "stub"}, "agents": {"remember_turns": 0}}), cleanup)
print([name for name in ("transport", "pool", "engine") if f"llm_agentd.engines.openai.{name}" in sys.modules])
"""
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=state)
    assert out.stdout.strip() == "[]"
