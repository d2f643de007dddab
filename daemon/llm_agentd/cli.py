"""The command line: reads arguments, loads the configuration and calls the function in `ops`, `http` or `bench`.

Main thread. Each command imports its package only when it runs, so that `--help` and `ask` start quickly. Expected
errors become one line on stderr here, nowhere else. Exit codes: 0 fine, 1 the answer is bad, 2 wrong use.
"""

from __future__ import annotations

import logging
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from llm_agentd import __version__
from llm_agentd.errors import AgentdError, StartError

if TYPE_CHECKING:
    from llm_agentd.config import Config

PROGRAM = "llm-agentd"
OK, BAD_ANSWER, WRONG_USE = 0, 1, 2
NPCS_MAX = 1000  # more than any server has been seen with
INTERRUPTED = 130  # 128 + SIGINT, as shells have it
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

ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="YAML file instead of /etc/llm_agent/config.yaml."),
]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="SECTION.KEY=VALUE", help="One setting, over all other sources; repeat for more."),
]


class DumpFormat(StrEnum):
    table = "table"
    jsonl = "jsonl"


class ExportFormat(StrEnum):
    jsonl = "jsonl"


class BenchName(StrEnum):
    hit = "hit"
    decode = "decode"
    grammar = "grammar"
    village = "village"
    restart = "restart"
    ticks = "ticks"
    memory = "memory"


def main() -> None:
    """Entry point: runs the command and turns expected errors into one line and an exit code."""
    try:
        code = app(sys.argv[1:] or ["--help"], prog_name=PROGRAM, standalone_mode=False)
    except USAGE_ERROR as error:
        _fail(f"{error.format_message().rstrip('.')} (see {PROGRAM} --help)", WRONG_USE)  # type: ignore[attr-defined]
    except (StartError, AgentdError) as error:
        _fail(str(error), BAD_ANSWER)
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # `llm-agentd dump | head` is fine
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(OK)
    sys.exit(code)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"{PROGRAM} {__version__}")
        raise typer.Exit


def _counts(value: str) -> str:
    if all(part.strip().isdecimal() and 0 < int(part) <= NPCS_MAX for part in value.split(",")):
        return value
    raise typer.BadParameter(f"want numbers of NPCs from 1 to {NPCS_MAX}, such as 1,10,50")


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Gives the NPCs of a Luanti (Minetest) server a mind, on the same machine."""


@app.command(short_help="Run the daemon and the HTTP adapter.")
def serve(config: ConfigFile = None, sets: Sets = None) -> None:
    """Run the daemon, and with it the HTTP adapter unless http.enabled=false.

    Prints one line when it can answer. SIGTERM or Ctrl-C: accepts no more requests, finishes those that run, exits 0.
    """
    loaded = _load(config, sets)
    _log_to_stderr()
    from llm_agentd.ops.serve import serve as run

    raise typer.Exit(run(loaded, _argv(config, sets)))


@app.command(short_help="Run the HTTP adapter alone.")
def http(config: ConfigFile = None, sets: Sets = None) -> None:
    """Run the HTTP adapter alone, for a daemon that was started with http.enabled=false."""
    loaded = _load(config, sets)
    _log_to_stderr()
    from llm_agentd.http import run
    from llm_agentd.ops import sd_notify

    raise typer.Exit(run(loaded, on_ready=lambda url: sd_notify.ready(f"listens on {url}")))


@app.command(short_help="Ask one question from the terminal.")
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
        _fail("TEXT is empty; say something, such as: llm-agentd ask 'Good morning!' --role smith", WRONG_USE)
    loaded = _load(config, sets)
    from llm_agentd.ops.ask import ask as run

    raise typer.Exit(run(loaded.zmq.endpoint, text, role=role, npc=npc, stream=stream))


@app.command(short_help="Look into the cache.")
def dump(
    output: Annotated[DumpFormat, typer.Option("--format", help="For people, or one JSON object a line.")] = (
        DumpFormat.table
    ),
    grep: Annotated[str | None, typer.Option(metavar="S", help="Only entries with S in prompt or text.")] = None,
    role: Annotated[str | None, typer.Option(metavar="ROLE", help="Only entries of this role.")] = None,
    stats: Annotated[bool, typer.Option("--stats", help="Totals instead of entries.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Check every entry; exit 1 if one is damaged.")] = False,
    purge_expired: Annotated[bool, typer.Option("--purge-expired", help="Delete what has expired.")] = False,
    config: ConfigFile = None,
    sets: Sets = None,
) -> None:
    """Look into the cache, also while the daemon runs; read-only unless it purges."""
    loaded = _load(config, sets)
    from llm_agentd.ops.dump import dump as run

    code = run(
        loaded.cache.path,
        format="jsonl" if output is DumpFormat.jsonl else "table",
        grep=grep,
        role=role,
        stats=stats,
        verify=verify,
        purge_expired=purge_expired,
        out=sys.stdout,
    )
    raise typer.Exit(code)


moderation = typer.Typer(help="Read the log of what was held back, or check a text.", no_args_is_help=True)
app.add_typer(moderation, name="moderation")


@moderation.command("log", short_help="List what was held back, the newest last.")
def moderation_log(
    player: Annotated[str | None, typer.Option(metavar="NAME", help="Only what has to do with this player.")] = None,
    since: Annotated[str | None, typer.Option(metavar="WHEN", help="2h, 7d, or a date such as 2026-01-31.")] = None,
    output: Annotated[DumpFormat, typer.Option("--format", help="For people, or one JSON object a line.")] = (
        DumpFormat.table
    ),
    config: ConfigFile = None,
    sets: Sets = None,
) -> None:
    """List what moderation held back, from whom and why; also while the daemon runs."""
    loaded = _load(config, sets)
    from datetime import UTC, datetime

    from llm_agentd.ops import moderation as run

    try:
        after = run.since(since, datetime.now(UTC)) if since else None
    except (ValueError, OverflowError):
        _fail(f"--since: want 2h, 7d, or a date such as 2026-01-31, got {since!r}", WRONG_USE)
    as_json = output is DumpFormat.jsonl
    code = run.show_log(loaded.agents.audit_path, player=player, after=after, as_json=as_json, out=sys.stdout)
    raise typer.Exit(code)


@moderation.command("check", short_help="Check whether a text would pass.")
def moderation_check(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What somebody might say.")],
    config: ConfigFile = None,
    sets: Sets = None,
) -> None:
    """Check whether TEXT passes the word list as it is configured; exit 1 if not. Nothing is logged."""
    agents = _load(config, sets).agents
    from llm_agentd.moderation.moderator import build
    from llm_agentd.ops.moderation import check

    moderator = build(agents, None)
    if moderator is None:
        print("passes: agents.moderation is off")
        raise typer.Exit(OK)
    raise typer.Exit(check(moderator, text, sys.stdout))


memory_app = typer.Typer(help="Look into what NPCs remember, or delete it.", rich_markup_mode=None)
app.add_typer(memory_app, name="memory", short_help="Look into what NPCs remember, or delete it.")

OfNpc = Annotated[str | None, typer.Option("--npc", metavar="ID", help="Only what this NPC remembers.")]
OfPlayer = Annotated[
    str | None, typer.Option("--player", metavar="NAME", help="Only what is remembered of this player.")
]


@memory_app.command("export", short_help="Print memories, one JSON object a line.")
def memory_export(
    npc: OfNpc = None,
    player: OfPlayer = None,
    output: Annotated[ExportFormat, typer.Option("--format", help="One JSON object a line.")] = ExportFormat.jsonl,
    config: ConfigFile = None,
    sets: Sets = None,
) -> None:
    """Print what NPCs remember, the oldest first; also while the daemon runs."""
    loaded = _load(config, sets)
    from llm_agentd.ops.memory import export as run

    raise typer.Exit(run(loaded.agents.memory_path, npc=npc, player=player, out=sys.stdout))


@memory_app.command("forget", short_help="Delete memories for good.")
def memory_forget(
    npc: OfNpc = None,
    player: OfPlayer = None,
    everything: Annotated[bool, typer.Option("--all", help="All that all NPCs remember.")] = False,
    config: ConfigFile = None,
    sets: Sets = None,
) -> None:
    """Delete what NPCs remember, cached replies that name the player, and their lines of the moderation log.

    Also while the daemon runs.
    """
    if everything == bool(npc or player):
        _fail("name whom to forget with --player NAME or --npc ID, or everything with --all", WRONG_USE)
    loaded = _load(config, sets)
    from llm_agentd.ops.memory import forget as run

    agents = loaded.agents
    code = run(agents.memory_path, loaded.cache.path, agents.audit_path, npc=npc, player=player, out=sys.stdout)
    raise typer.Exit(code)


@app.command("install-mod", short_help="Copy the mod into a mods or worldmods folder.")
def install_mod(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A mods folder, or a world's worldmods folder.")],
) -> None:
    """Copy the mod into a mods or worldmods folder and print the lines for minetest.conf."""
    from llm_agentd.ops.install_mod import install_mod as run

    print(run(folder.expanduser()))


@app.command(short_help="Measure the daemon against a reference.")
def bench(
    name: Annotated[
        BenchName,
        typer.Argument(
            metavar="NAME",
            help="hit (cache hits), decode (tokens/s), grammar (its cost), village (50 NPCs), restart (the first "
            "reply), ticks (steps of a game server) or memory (look-ups).",
        ),
    ],
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Also write the figures.")] = None,
    plot_dir: Annotated[Path | None, typer.Option("--plot", metavar="DIR", help="Also write PNG plots.")] = None,
    drain: Annotated[
        int, typer.Option(metavar="N", min=1, help="village: N clients at once, until all is answered.")
    ] = 50,
    requests: Annotated[int, typer.Option(metavar="N", min=1, help="village: how many requests.")] = 300,
    rate: Annotated[float, typer.Option(metavar="R", help="village: R requests a second instead of --drain.")] = 0,
    seconds: Annotated[float, typer.Option(metavar="S", help="village, with --rate; ticks, each run: how long.")] = 120,
    saturate_s: Annotated[float, typer.Option(metavar="S", help="village: how long the busy part is.")] = 40,
    upstream: Annotated[
        str | None, typer.Option(metavar="URL", help="village: an OpenAI-compatible server to compare with.")
    ] = None,
    upstream_pid: Annotated[int | None, typer.Option(metavar="PID", help="village: its process, for memory.")] = None,
    peer_python: Annotated[
        Path | None,
        typer.Option(metavar="PYTHON", help="village, restart: a Python with xllamacpp; its llama-server is started."),
    ] = None,
    peer_binary: Annotated[
        Path | None, typer.Option(metavar="PATH", help="village, restart: a llama-server to start instead.")
    ] = None,
    npcs: Annotated[
        str, typer.Option(metavar="N,N…", callback=_counts, help="ticks: how many NPCs; each count off and on.")
    ] = "1,10,50,100",
    config: ConfigFile = None,
    sets: Sets = None,
) -> None:
    """Measure the daemon and a reference in the same run, and print a table with ratios.

    Starts a second daemon on free ports with an empty cache; of the configuration only the model is used.
    """
    loaded = _load(config, sets)
    from llm_agentd.bench.result import Options
    from llm_agentd.bench.runner import run

    options = Options(
        requests=requests,
        clients=drain,
        rate=rate,
        seconds=seconds,
        saturate_s=saturate_s,
        upstream=upstream,
        upstream_pid=upstream_pid,
        llama_server_python=peer_python,
        llama_server_binary=peer_binary,
        npcs=tuple(map(int, npcs.split(","))),
    )
    raise typer.Exit(run(name.value, loaded, options, json_file=json_file, plot_dir=plot_dir))


def _load(path: Path | None, sets: list[str] | None) -> Config:
    from llm_agentd.config import load_config

    try:
        return load_config(path, sets or ())
    except StartError as error:
        _fail(str(error), WRONG_USE)


def _argv(path: Path | None, sets: list[str] | None) -> list[str]:
    """The options as given, for the child processes of `serve`."""
    options = [] if path is None else ["--config", str(path)]
    for item in sets or ():
        options += ["--set", item]
    return options


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")


def _fail(message: str, code: int) -> NoReturn:
    print(f"{PROGRAM}: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(code)
