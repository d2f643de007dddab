"""`python -m tests.support.slow_daemon OPTIONS…`: the real daemon, on an engine that speaks at the pace of a model.

Half a second for an answer however fast the machine is, so that a test finds requests open. OPTIONS are those of
`llm-agentd serve`.
"""

from __future__ import annotations

import sys
import time

from llm_agentd.cli import main
from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.ops import serve

STEP_S = 0.02
WORDS = [b"Nails ", *[b"and more nails "] * 22, b"for ", b"you."]


def engine() -> StubEngine:
    return StubEngine(script=lambda _: WORDS, on_step=lambda _: time.sleep(STEP_S))


if __name__ == "__main__":
    serve._open_engine = lambda config, folder: engine()
    sys.argv[1:] = ["serve", *sys.argv[1:]]
    main()
