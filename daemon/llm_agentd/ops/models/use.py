"""`llm-agentd model use`: tries a model, and writes it into the configuration as the one that is served.

The trial comes first: a model with which the daemon does not even start is not written. Main thread of a command.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from rich.console import Console

from llm_agentd.config import Config, load_config
from llm_agentd.config.edit import EditError, set_key
from llm_agentd.config.paths import CONFIG_MODE, SYSTEM_FILE
from llm_agentd.config.values import NO_MODEL_ENGINES
from llm_agentd.engines import EMBEDDED_MODEL
from llm_agentd.errors import StartError
from llm_agentd.ops.models.describe import BASE_MODEL, warnings
from llm_agentd.ops.models.model_file import ModelFile, read_model
from llm_agentd.ops.models.selection import EMBEDDED, find_model
from llm_agentd.ops.models.self_test import report
from llm_agentd.ops.models.self_test.run import run
from llm_agentd.ops.models.store import ModelStore
from llm_agentd.util.replace_file import replace_file

SERVICE = Path("/etc/systemd/system/llm-agentd.service")
HIDDEN_FROM_SERVICE = (Path("/home"), Path("/root"))


def use(
    name: str,
    config: Config,
    store: ModelStore,
    *,
    config_file: Path | None,
    sets: Sequence[str],
    test: bool,
    npcs: int,
    out: TextIO | None = None,
) -> int:
    """Returns 0; raises StartError, with the cure, where the model is not served afterwards."""
    out = out or sys.stdout
    model = read_model(find_model(name, store))
    if config.model.engine in NO_MODEL_ENGINES:
        raise StartError(f"model.engine is {config.model.engine}, which takes no model: set it to auto first")
    if test:
        _try(model, config, npcs, out)
    else:
        for warning in warnings(model, config):
            print(f"warning: {warning}", file=out)
    path = None if model.path == EMBEDDED_MODEL else model.path
    file = config_file or SYSTEM_FILE
    _write(file, path)
    _check(file if config_file else None, sets, path)
    print(f"{file}: model.path is {path or f'null, the embedded {EMBEDDED}'}", file=out)
    print(
        "it is served from the daemon's next start: systemctl restart llm-agentd, or start `llm-agentd serve` anew",
        file=out,
    )
    for warning in _unreadable(path):
        print(f"warning: {warning}", file=out)
    return 0


def _try(model: ModelFile, config: Config, npcs: int, out: TextIO) -> None:
    with _status() as say:
        result = run(model, config, say)
    for line in report.lines(result, model, config, npcs):
        print(line, file=out)
    for warning in warnings(model, config):
        if warning != BASE_MODEL:  # the verdict has it
            print(f"warning    {warning}", file=out)


@contextmanager
def _status() -> Iterator[Callable[[str], None]]:
    """What is being done, on stderr, where somebody watches."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status("") as status:
        yield lambda words: status.update(f"self-test: {words} …")


# -- the configuration -------------------------------------------------------------------------------


def _write(file: Path, path: Path | None) -> None:
    """Raises StartError that names the line to write where the file cannot be changed."""
    value = None if path is None else str(path)
    by_hand = f"write `path: {value or 'null'}` under `model:` there yourself"
    by_hand += f", or start with --set model.path={value or 'none'}"
    try:
        before = file.read_bytes().decode() if file.is_file() else ""
        if value is None and "path" not in before:
            return
        after = set_key(before, "model.path", value)
        if after != before:
            file.parent.mkdir(parents=True, exist_ok=True)
            replace_file(file, after, mode=CONFIG_MODE)
    except (EditError, UnicodeDecodeError) as error:
        raise StartError(f"{file}: {error}; {by_hand}") from None
    except OSError as error:
        raise StartError(
            f"{file} cannot be written ({error.strerror}); run this as root, name your own file with --config FILE,"
            f" or {by_hand}"
        ) from None


def _check(file: Path | None, sets: Sequence[str], path: Path | None) -> None:
    """Raises StartError where another source overrides what was just written."""
    found = load_config(file, sets).model.path
    if found != path:
        raise StartError(
            f"model.path is written, but {found} is still served: --set, .env or the environment (LLM_AGENT_MODEL__PATH"
            " or GGUF_FILE) override the file; take that away"
        )


def _unreadable(path: Path | None) -> Iterator[str]:
    if path is not None and SERVICE.is_file() and any(path.is_relative_to(folder) for folder in HIDDEN_FROM_SERVICE):
        yield f"the service cannot read {path.parts[1]}; copy the model: llm-agentd model pull {path}"
