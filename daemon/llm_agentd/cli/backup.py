"""`backup` and `restore`: what an admin would miss, in one file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from llm_agentd.cli.options import ConfigFile, Sets
from llm_agentd.cli.process import keep_files_private, load
from llm_agentd.ops.backup.parts import Part


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="To write, or a folder to write one in.")],
    config: ConfigFile = None,
    sets: Sets = None,
) -> None:
    """Save memory, roles, configuration and logs in one file; also while the daemon runs.

    The file is for its owner alone: it holds what players said, and the token if the configuration does.
    """
    keep_files_private()
    loaded = load(config, sets)
    from llm_agentd.ops.backup.create import backup as run
    from llm_agentd.ops.backup.places import Places

    raise typer.Exit(run(file.expanduser(), Places.of(loaded, config), sys.stdout))


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Made by `backup`, or a kept copy of a memory.db.")],
    only: Annotated[
        list[Part] | None, typer.Option("--only", help="Only this part; repeat for several. None = all.")
    ] = None,
    config: ConfigFile = None,
    sets: Sets = None,
) -> None:
    """Bring back what `backup` saved. The daemon must be stopped; what was there keeps another name.

    The whole file is checked before anything is touched. The configuration goes to --config, or where it is by default.
    """
    keep_files_private()
    from llm_agentd.ops.backup.restore import restore as run

    code = run(file.expanduser(), config_file=config, sets=sets or (), only=only or (), out=sys.stdout)
    raise typer.Exit(code)
