"""What requests are given that name no option: from the configuration, and from which model is served."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_agentd.config import Config
from llm_agentd.engines import EMBEDDED_MODEL
from llm_agentd.ops.serve import FOREIGN_REPEAT_PENALTY, request_defaults


@pytest.mark.parametrize(
    ("path", "penalty", "think", "infer"),
    [
        (None, None, 1.0, 1.0),
        (EMBEDDED_MODEL, None, 1.0, 1.0),
        (Path("/models/smollm2.gguf"), None, FOREIGN_REPEAT_PENALTY, 1.0),
        (Path("/models/smollm2.gguf"), 1.0, 1.0, 1.0),
        (None, 1.3, 1.3, 1.3),
    ],
)
def test_repeat_penalty_is_as_configured_or_as_the_model_needs(
    path: Path | None, penalty: float | None, think: float, infer: float
) -> None:
    config = Config.model_validate({"model": {"path": path}, "inference": {"repeat_penalty": penalty}})
    defaults = request_defaults(config)
    assert defaults.think_sampling.repeat_penalty == think
    assert defaults.sampling.repeat_penalty == infer
