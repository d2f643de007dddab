"""The command line: the table of commands.

Main thread. Each command reads its options, loads the configuration and calls the function in `ops`, `http` or `bench`,
which it imports only when it runs, so that `--help` and `ask` start quickly. Expected errors become one line on stderr
in process.py, nowhere else. Exit codes: 0 fine, 1 the answer is bad, 2 wrong use.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from llm_agentd import __version__
from llm_agentd.cli.backup import backup, restore
from llm_agentd.cli.daemon import ask, explain, http, serve, switch
from llm_agentd.cli.models import model_app
from llm_agentd.cli.process import PROGRAM, WRONG_USE, fail
from llm_agentd.cli.service import install_service, uninstall_service
from llm_agentd.cli.stored import dump, memory_app, moderation
from llm_agentd.cli.tools import bench, dashboard, demo, doctor, install_mod, keys, token

# Click's UsageError, or the one in newer typers that bring their own click: public under no name that both share.
USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[1]

app = typer.Typer(
    name=PROGRAM,
    help="Gives the NPCs of a Luanti (Minetest) server a mind, on the same machine.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def run_command() -> int | None:
    """What the command line asks for; its exit code. Expected errors go up (process.py)."""
    try:
        code: int | None = app(sys.argv[1:] or ["--help"], prog_name=PROGRAM, standalone_mode=False)
    except USAGE_ERROR as error:
        fail(f"{error.format_message().rstrip('.')} (see {PROGRAM} --help)", WRONG_USE)  # type: ignore[attr-defined]
    except typer.Abort:
        raise KeyboardInterrupt from None
    return code


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"{PROGRAM} {__version__}")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Gives the NPCs of a Luanti (Minetest) server a mind, on the same machine."""


app.command(short_help="Run the daemon and the HTTP adapter.")(serve)
app.command(short_help="Run the HTTP adapter alone.")(http)
app.command(short_help="Ask one question from the terminal.")(ask)
app.command(short_help="Show what the model would be given.")(explain)
app.command(short_help="Stop every call of a model, or let them go on.")(switch)
app.command(short_help="Look into the cache.")(dump)
app.add_typer(model_app, name="model", short_help="List, fetch, inspect and serve models.")
app.add_typer(moderation, name="moderation")
app.add_typer(memory_app, name="memory", short_help="Look into what NPCs remember, or delete it.")
app.command(short_help="Save memory, roles, configuration and logs in one file.")(backup)
app.command(short_help="Bring back what `backup` saved.")(restore)
app.command(short_help="Print the token that HTTP wants.")(token)
app.command(short_help="Print the address of the dashboard.")(dashboard)
app.command(short_help="Make the keys for a daemon that other machines reach.")(keys)
app.command("install-mod", short_help="Copy the mod into a mods or worldmods folder.")(install_mod)
app.command("install-service", short_help="Run the daemon as a systemd service.")(install_service)
app.command("uninstall-service", short_help="Take the systemd service away.")(uninstall_service)
app.command(short_help="Check every link from the game to the model.")(doctor)
app.command(short_help="Show it all in a minute: a game server, NPCs that talk, a story.")(demo)
app.command(short_help="Measure the daemon against a reference.")(bench)
