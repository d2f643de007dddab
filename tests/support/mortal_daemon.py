"""`python -m tests.support.mortal_daemon DEATHS OPTIONS…`: the real daemon, on an engine that dies of some prompts.

As a bug in native code would, it ends the process at once, with nothing said to anybody: at a prompt that holds
`KILLS`. Each death adds a byte to the file DEATHS. OPTIONS are those of `llm-agentd serve`.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from llm_agentd.cli import main
from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.ops import serve

KILLS = "Say the word that kills."
STEP_S = 0.02  # an answer of a few steps takes as long as a small model's


def engine(deaths: Path) -> StubEngine:
    def script(prompt: str) -> list[bytes]:
        if KILLS in prompt:
            with deaths.open("ab") as file:
                file.write(b".")
            os.kill(os.getpid(), signal.SIGKILL)
        return [b"I ", b"live ", b"on."]

    return StubEngine(script=script, on_step=lambda _: time.sleep(STEP_S))


if __name__ == "__main__":
    deaths = Path(sys.argv.pop(1))
    serve._open_engine = lambda config, folder: engine(deaths)
    sys.argv[1:] = ["serve", *sys.argv[1:]]
    main()
