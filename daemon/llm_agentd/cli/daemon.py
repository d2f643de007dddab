"""`serve`, `http`, `ask`, `explain`, `switch`: the daemon, the HTTP adapter, a question, its prompt, an end to all."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from llm_agentd.client import CurveFiles
    from llm_agentd.config.sections import Zmq

from llm_agentd.cli import services
from llm_agentd.cli.options import ConfigFile, Sets
from llm_agentd.cli.process import WRONG_USE, fail, load


def serve(config: ConfigFile = None, sets: Sets = None) -> None:
    """Run the daemon, and with it the HTTP adapter unless http.enabled=false.

    Prints one line when it can answer. SIGTERM, Ctrl-C or a closed terminal: accepts no more requests, finishes those
    that run, exits 0.
    """
    raise typer.Exit(services.serve(config, sets or ()))


def http(config: ConfigFile = None, sets: Sets = None) -> None:
    """Run the HTTP adapter alone, for a daemon that was started with http.enabled=false."""
    raise typer.Exit(services.http(config, sets or ()))


def ask(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What you say.")],
    role: Annotated[str | None, typer.Option(metavar="ROLE", help="Role of the NPC, such as smith or elder.")] = None,
    npc: Annotated[str | None, typer.Option(metavar="NAME", help="Name of the NPC.")] = None,
    player: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who asks an NPC, which remembers it; none: a stranger.")
    ] = None,
    stream: Annotated[bool, typer.Option("--stream", help="Print the words as they come.")] = False,
    show_prompt: Annotated[
        bool, typer.Option("--show-prompt", help="With --role or --npc: first print what the model is given.")
    ] = False,
    config: ConfigFile = None,
    sets: Sets = None,
) -> None:
    """Ask one question from the terminal: an NPC with --role or --npc, else the model without a role."""
    if not text.strip():
        fail("TEXT is empty; say something, such as: llm-agentd ask 'Good morning!' --role smith", WRONG_USE)
    if show_prompt and role is None and npc is None:
        fail("--show-prompt shows the prompt of an NPC: add --role or --npc; without them it is TEXT alone", WRONG_USE)
    if player is not None and role is None and npc is None:
        fail("--player is who asks an NPC: add --role or --npc; without them the model has no role", WRONG_USE)
    loaded = load(config, sets)
    from llm_agentd.ops.ask import ask as run

    if show_prompt:
        from llm_agentd.ops.ask import question
        from llm_agentd.ops.explain import explain as show

        show(loaded.zmq.endpoint, question(text, role=role, npc=npc, player=player), curve=_curve(loaded.zmq))
    curve = _curve(loaded.zmq)
    raise typer.Exit(run(loaded.zmq.endpoint, text, role=role, npc=npc, player=player, stream=stream, curve=curve))


class SwitchTo(StrEnum):
    on = "on"
    off = "off"
    status = "status"


def switch(
    to: Annotated[SwitchTo, typer.Argument(metavar="on|off|status", help="status: how it stands.")] = SwitchTo.status,
    config: ConfigFile = None,
    sets: Sets = None,
) -> None:
    """The master switch of the running daemon: off, no model is called for anybody, here or elsewhere.

    What runs ends, and NPCs speak their fallback lines. It holds over restarts, until it is switched on.
    """
    loaded = load(config, sets)
    from llm_agentd.ops.switch import switch as run

    on = None if to is SwitchTo.status else to is SwitchTo.on
    raise typer.Exit(run(loaded.zmq.endpoint, on, sys.stdout, curve=_curve(loaded.zmq)))


def _curve(zmq: Zmq) -> CurveFiles | None:
    from llm_agentd.client import CurveFiles

    return CurveFiles.of(zmq.curve_server_key_file, zmq.curve_client_secret_file)


def explain(
    text: Annotated[
        str, typer.Argument(metavar="[TEXT]", help="What the player says; none: the NPC speaks first.")
    ] = "",
    npc: Annotated[str, typer.Option(metavar="ID", help="Id of the NPC, as the game has it.")] = "",
    player: Annotated[str | None, typer.Option(metavar="NAME", help="Who speaks with it.")] = None,
    role: Annotated[
        str | None, typer.Option(metavar="ROLE", help="Its role, for an NPC that the daemon has not heard of.")
    ] = None,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Its name, with --role; else its id.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The whole answer as one JSON object.")] = False,
    config: ConfigFile = None,
    sets: Sets = None,
) -> None:
    """Show what the model would be given: messages, tokens by part, what was left out and why, and the cache.

    Asks the running daemon, and generates nothing. Of an NPC that was asked something since the daemon started, the
    id is enough: who it is and the facts around it are those of that question.
    """
    if not npc:
        fail("--npc is missing: the NPC's id, such as: llm-agentd explain --npc mira --role healer 'Hello'", WRONG_USE)
    if name and not role:
        fail("--name wants --role: who the NPC is cannot be told from its name alone", WRONG_USE)
    loaded = load(config, sets)
    from llm_agentd.ops.explain import explain as run

    think: dict[str, object] = {"npc": {"id": npc, "name": name or npc, "role": role} if role else {"id": npc}}
    think |= {"player": player} if player else {}
    think |= {"utterance": text} if text.strip() else {}
    raise typer.Exit(run(loaded.zmq.endpoint, think, as_json=as_json, curve=_curve(loaded.zmq)))
