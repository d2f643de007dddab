"""The doctor: every link from minetest.conf to the model, checked in order; each fault with its cure.

Three ways in. `examine` is the command line's, and works when nothing runs. `own_checks` is what the daemon says of its
own machine, disk and model (the op `doctor`): it alone may look into its folders. `examine_adapter` is the HTTP
adapter's (`GET /v1/doctor`), with the daemon's answers that it was given. Where the daemon answers, its own checks
count; where it does not, whoever calls looks in its place. Changes nothing; any thread.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from llm_agentd import __version__
from llm_agentd.config import Config, load_config
from llm_agentd.config.paths import SYSTEM_FILE
from llm_agentd.errors import StartError
from llm_agentd.ops.doctor import (
    adapter,
    daemon,
    game,
    machine,
    model,
    remote,
    service,
    shared_cache,
    speech,
    state,
    token,
    upstreams,
)
from llm_agentd.ops.doctor.check import Check, as_fields, fail, has_failed, ok
from llm_agentd.ops.doctor.report import show
from llm_agentd.ops.service.files import STATE
from llm_agentd.util.endpoint import SERVICE_FOLDER, endpoint_to_connect

__all__ = ["Check", "as_fields", "examine", "examine_adapter", "has_failed", "own_checks", "show"]

# What systemd tells the daemon of its folders, less a drop-in for another state folder.
SERVICE_ENVIRON = {"STATE_DIRECTORY": str(STATE), "RUNTIME_DIRECTORY": str(SERVICE_FOLDER)}
NO_WORLD = "Not looked at: llm-agentd doctor --world DIR checks a world, its minetest.conf and the mod"


def examine(
    config_file: Path | None,
    sets: Sequence[str],
    world: Path | None,
    minetest_conf: Path | None,
    environ: Mapping[str, str] = os.environ,
) -> list[Check]:
    """All checks, from the game to the model."""
    units = service.look()
    checks: list[Check] = []
    if world is None:
        checks.append(ok(game.SUBJECT, "world", NO_WORLD))
    else:
        checks += game.judge(game.look(world, minetest_conf), __version__)
    environ = _environ_of_service(environ, units)
    config = _load(config_file, sets, environ, checks)
    if config is not None:
        tokens = token.look(config)
        if config.http.enabled or units.user:
            checks += adapter.judge(adapter.look(config, tokens))
        checks += token.judge(tokens)
        if config.http.enabled or units.user:
            checks += speech.judge(speech.look(config, speaks=True))
        answers = daemon.ask(config, dict(environ))
        checks += daemon.judge(answers, config, __version__)
        checks += answers.own if answers.own is not None else own_checks(config, environ, units.user, is_running=False)
    checks += service.judge(units)
    return checks


def own_checks(
    config: Config, environ: Mapping[str, str] = os.environ, user: str | None = None, *, is_running: bool = True
) -> list[Check]:
    """What only the daemon's user sees. `user`: the daemon's, where that is not who looks."""
    return [
        *model.judge(model.look(config, is_running=is_running)),
        *state.judge(state.look(config, environ, user)),
        *remote.judge(remote.look(config, environ)),
        *upstreams.judge(upstreams.look(config, environ)),
        *shared_cache.judge(shared_cache.look(config, environ)),
        *machine.judge(machine.look(config, environ)),
    ]


def examine_adapter(config: Config, records: Mapping[str, Any], error: str) -> dict[str, Any]:
    """`records`: the daemon's `done` records of `daemon.OPS`; `error`: why there are none."""
    endpoint = endpoint_to_connect(config.zmq.endpoint, os.environ)
    answers = daemon.Answers.of_records(endpoint, dict(records), error)
    checks = [
        ok(adapter.SUBJECT, "port", "The HTTP adapter answers"),
        *speech.judge(speech.look(config, speaks=False)),
        *daemon.judge(answers, config, __version__),
        *(answers.own if answers.own is not None else _adapters_own(config)),
        *service.judge(service.look()),
    ]
    return as_fields(checks)


def _adapters_own(config: Config) -> Iterator[Check]:
    """The daemon is away. Under systemd the adapter is another user, who sees none of its folders."""
    if os.access(config.agents.memory_path.parent, os.R_OK | os.X_OK):
        yield from own_checks(config, is_running=False)
    else:
        yield from machine.judge(machine.look(config, os.environ))


def _load(path: Path | None, sets: Sequence[str], environ: Mapping[str, str], checks: list[Check]) -> Config | None:
    """None, and a check that says why, where the daemon would not start with it."""
    try:
        config = load_config(path, sets, environ)
    except StartError as error:
        cure = "Correct what it names: llm-agentd does not start with it."
        checks.append(fail("configuration", "file", f"{error}", cure))
        return None
    used = path or (SYSTEM_FILE if SYSTEM_FILE.exists() else None)
    checks.append(ok("configuration", "file", f"{used or 'No file: every key has its default'}"))
    return config


def _environ_of_service(environ: Mapping[str, str], units: service.Facts) -> Mapping[str, str]:
    """Root asks about the service, whose folders are not root's."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return {**environ, **SERVICE_ENVIRON, **units.environ} if is_root and units.user else environ
