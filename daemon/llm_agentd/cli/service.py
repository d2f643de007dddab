"""`install-service` and `uninstall-service`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from llm_agentd.cli.process import WRONG_USE, fail

Root = Annotated[Path, typer.Option("--root", metavar="DIR", help="Below DIR instead of /; nothing is started.")]
OfUser = Annotated[bool, typer.Option("--user", help="For this user alone, on a machine of their own.")]


def install_service(
    user: OfUser = False,
    gpu: Annotated[
        bool | None, typer.Option("--gpu/--no-gpu", help="Let the daemon use graphics cards, or no more.")
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option("--state-dir", metavar="DIR", help="Where it keeps its files: else /var/lib/llm-agentd."),
    ] = None,
    root: Root = Path("/"),
) -> None:
    """Install the systemd units and start them; they start with the machine from then on.

    May be run again at any time, such as after an update. Configuration, drop-ins and state are kept.
    """
    from llm_agentd.ops import service

    if user and (gpu is not None or state is not None):
        fail("--gpu and --state-dir are for the service of the machine, not for --user", WRONG_USE)
    if user:
        service.install_for_user(root.expanduser())
    else:
        service.install(root.expanduser(), gpu=gpu, state=state)


def uninstall_service(user: OfUser = False, root: Root = Path("/")) -> None:
    """Stop the systemd units and delete them. Configuration, drop-ins and state are kept."""
    from llm_agentd.ops import service

    if user:
        service.uninstall_for_user(root.expanduser())
    else:
        service.uninstall(root.expanduser())
