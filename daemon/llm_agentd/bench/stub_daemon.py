"""`python -m llm_agentd.bench.stub_daemon STEP_MS SETTING…`: a supervisor and its daemon, on the stub engine.

The real `serve` and the real supervisor, without the HTTP adapter. With another `model.engine` than `stub` among the
settings it is that one. Each step of the engine takes STEP_MS and computes
nothing, as if a graphics card of its own did it: so a few cores show what many daemons do. SETTING: `key=value`.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from llm_agentd.ops.supervisor import Supervisor, end_with_supervisor

MODULE = "llm_agentd.bench.stub_daemon"


def command(step_ms: float, sets: Sequence[str]) -> list[str]:
    """Its arguments, for the Python that runs it."""
    return ["-m", MODULE, str(step_ms), *sets]


def serve(step_ms: float, sets: Sequence[str]) -> int:
    """The daemon itself, until SIGTERM."""
    # Here, as the supervisor needs none of it: half of a fleet's processes then start at once.
    from llm_agentd.config.load import Sources
    from llm_agentd.config.settings import Settings
    from llm_agentd.engines.stub.engine import StubEngine
    from llm_agentd.ops.serve import build, check_start, run

    settings = Settings(Sources(None, tuple(sets), os.environ, Path.cwd()), check_start)
    config = settings.running

    def open_stub(_: object) -> StubEngine:
        return StubEngine(max_num_seqs=config.batch.size, step_s=step_ms / 1000)

    open_engine = open_stub if config.model.engine == "stub" else None
    with ExitStack() as cleanup:
        return run(build(config, cleanup, settings, open_engine=open_engine), settings)


def main() -> int:
    os.umask(0o077)  # as `serve`: what it makes is for this user alone
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    step_ms, sets = float(sys.argv[1]), sys.argv[2:]
    if end_with_supervisor():
        return serve(step_ms, sets)
    return Supervisor(daemon=[sys.executable, *command(step_ms, sets)]).run()


if __name__ == "__main__":
    sys.exit(main())
