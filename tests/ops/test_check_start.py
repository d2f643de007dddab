"""What is checked of a whole configuration before a setting is written: all that the next start would stumble over."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_agentd.config import load_config
from llm_agentd.errors import StartError
from llm_agentd.ops.serve import check_start


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (["model.path=/no/such.gguf"], "/no/such.gguf"),
        (["agents.roles_dir=/no/such/folder"], "agents.roles_dir: cannot read /no/such/folder"),
        (["agents.moderation_model=/no/such.gguf"], "agents.moderation_model: no file /no/such.gguf"),
        (["http.host=0.0.0.0"], "http.host: 0.0.0.0 can be reached from other machines"),
        (["http.host=0.0.0.0", "http.token=off", "http.allow_plain=true"], "take `http.token: off` out"),
    ],
)
def test_configuration_with_which_no_start_succeeds_is_refused(tmp_path: Path, settings: list[str], says: str) -> None:
    with pytest.raises(StartError, match=says):
        check_start(load_config(sets=settings, environ={}, cwd=tmp_path))


@pytest.mark.parametrize(
    "settings",
    [
        [],
        ["model.path=/no/such.gguf", "model.engine=stub"],
        ["agents.moderation_model=/no/such.gguf", "agents.moderation=off"],
        ["http.host=0.0.0.0", "http.allow_plain=true"],
    ],
)
def test_configuration_that_starts_passes(tmp_path: Path, settings: list[str]) -> None:
    check_start(load_config(sets=settings, environ={}, cwd=tmp_path))
