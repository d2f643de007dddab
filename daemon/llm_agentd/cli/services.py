"""`serve` and `http`, the two commands that stay: what they do, and how they start without typer.

Main thread. What they were given is mostly written by a unit or by the supervisor. So `--config` and `--set` are read
here, and what reads options for people, 3 MiB in each process, is loaded only where there is anything else.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_agentd.cli.process import hand_on, hide_secrets, keep_files_private, load
from llm_agentd.util import malloc
from llm_agentd.util.late_package import late
from llm_agentd.util.service_log import start_log

if TYPE_CHECKING:
    from llm_agentd.config import Config
    from llm_agentd.config.settings import Settings

# Their `__init__` loads what we never call: a template language and caches of other models, ZeroMQ for Python's
# clients, HTTP servers, a command line. 9 MiB together.
LATE_PACKAGES: Mapping[str, Mapping[str, str]] = {
    "llama_cpp": {},
    "llm_agentd.client": {},
    "prometheus_client": {},
    "uvicorn": {"Config": "uvicorn.config"},
}


def plain_command(argv: Sequence[str]) -> Callable[[], int] | None:
    """`serve` or `http` with nothing but `--config FILE` and `--set KEY=VALUE`; None: ask the whole command line."""
    commands = {"serve": serve, "http": http}
    name, *words = argv or ("",)
    given: dict[str, list[str]] = {"--config": [], "--set": []}
    while words:
        option, is_joined, value = words.pop(0).partition("=")
        if option not in given or not (is_joined or words):
            return None
        given[option].append(value if is_joined else words.pop(0))
    if name not in commands:
        return None
    config = Path(given["--config"][-1]) if given["--config"] else None
    return partial(commands[name], config, given["--set"])


def serve(config: Path | None, sets: Sequence[str]) -> int:
    loaded = _set_up(config, sets)
    # Before anything imports NumPy, which reads it then. Its own threads gain nothing on matrices as small as those of
    # topics and memory, and where the model's threads have the CPUs, each product waits milliseconds for them.
    for name in ("OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
        os.environ.setdefault(name, "1")
    from llm_agentd.config.load import Sources
    from llm_agentd.config.settings import Settings
    from llm_agentd.ops.serve import check_start
    from llm_agentd.ops.serve import serve as run
    from llm_agentd.ops.supervisor import end_with_supervisor, without_own

    is_supervised = end_with_supervisor()
    given = tuple(without_own(sets) if is_supervised else sets)

    def settings() -> Settings:
        return Settings(Sources(config, given, os.environ, Path.cwd()), check_start)

    return run(loaded, hand_on(config, sets), settings)


def http(config: Path | None, sets: Sequence[str]) -> int:
    loaded = _set_up(config, sets)
    # FastAPI loads it, 1.4 MiB, to ask of each annotation whether it is a model of pydantic's first version.
    sys.modules.setdefault("pydantic.v1", None)  # type: ignore[arg-type]  # Python's word for "cannot be imported"
    from llm_agentd.http import run
    from llm_agentd.ops import sd_notify
    from llm_agentd.ops.supervisor import end_with_supervisor

    def examine(records: Mapping[str, Any], error: str) -> dict[str, Any]:
        from llm_agentd.ops.doctor import examine_adapter  # when it is asked for the first time

        return examine_adapter(loaded, records, error)

    def ready(url: str) -> None:
        gc.collect()
        malloc.trim()
        sd_notify.ready(f"listens on {url}")

    end_with_supervisor()
    return run(loaded, on_ready=ready, examine=examine)


def _set_up(config: Path | None, sets: Sequence[str]) -> Config:
    malloc.set_up()
    keep_files_private()
    hide_secrets(sets)
    loaded = load(config, sets)
    start_log(loaded.log.level)
    for package, names in LATE_PACKAGES.items():
        late(package, **names)
    return loaded
