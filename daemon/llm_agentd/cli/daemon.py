"""`serve`, `http` and `ask`: the daemon, the HTTP adapter, and one question from the terminal."""

from __future__ import annotations

from typing import Annotated

import typer

from llm_agentd.cli.options import WRONG_USE, ConfigFile, Sets, argv, fail, load, log_to_stderr


def serve(config: ConfigFile = None, sets: Sets = None) -> None:
    """Run the daemon, and with it the HTTP adapter unless http.enabled=false.

    Prints one line when it can answer. SIGTERM or Ctrl-C: accepts no more requests, finishes those that run, exits 0.
    """
    loaded = load(config, sets)
    log_to_stderr()
    from llm_agentd.ops.serve import serve as run

    raise typer.Exit(run(loaded, argv(config, sets)))


def http(config: ConfigFile = None, sets: Sets = None) -> None:
    """Run the HTTP adapter alone, for a daemon that was started with http.enabled=false."""
    loaded = load(config, sets)
    log_to_stderr()
    from llm_agentd.http import run
    from llm_agentd.ops import sd_notify

    raise typer.Exit(run(loaded, on_ready=lambda url: sd_notify.ready(f"listens on {url}")))


def ask(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What you say.")],
    role: Annotated[str | None, typer.Option(metavar="ROLE", help="Role of the NPC, such as smith or elder.")] = None,
    npc: Annotated[str | None, typer.Option(metavar="NAME", help="Name of the NPC.")] = None,
    stream: Annotated[bool, typer.Option("--stream", help="Print the words as they come.")] = False,
    config: ConfigFile = None,
    sets: Sets = None,
) -> None:
    """Ask one question from the terminal: an NPC with --role or --npc, else the model without a role."""
    if not text.strip():
        fail("TEXT is empty; say something, such as: llm-agentd ask 'Good morning!' --role smith", WRONG_USE)
    loaded = load(config, sets)
    from llm_agentd.ops.ask import ask as run

    raise typer.Exit(run(loaded.zmq.endpoint, text, role=role, npc=npc, stream=stream))
