"""`token`, `dashboard`, `keys`, `install-mod`, `doctor`, `demo` and `bench`."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from llm_agentd.cli.options import ConfigFile, Sets
from llm_agentd.cli.process import BAD_ANSWER, OK, fail, keep_files_private, load
from llm_agentd.util.json_line import json_line

RENEWED = (
    "start the HTTP adapter anew (llm-agentd serve, or systemctl restart llm-agentd-http), and put the token into"
    " minetest.conf: llm_agent.token"
)
LINES_HEARD = 15  # by `bench hearing`: five minutes
PLAYERS_MAX = 64  # in one thread, which is not to be what disturbs the steps
SEQUENCES_MAX = 256  # as many as batch.size may be
NPCS_MAX = 100_000  # of a whole fleet; more than a thousand on one server have not been seen


class BenchName(StrEnum):
    hit = "hit"
    decode = "decode"
    grammar = "grammar"
    engines = "engines"
    village = "village"
    growth = "growth"
    restart = "restart"
    warm = "warm"
    ticks = "ticks"
    fleet = "fleet"
    memory = "memory"
    hearing = "hearing"
    mind = "mind"
    exchanges = "exchanges"
    speech = "speech"


def npc_counts(value: str | None) -> str | None:
    return _counts(value, "NPCs", NPCS_MAX, "1,10,50")


def sequence_counts(value: str | None) -> str | None:
    return _counts(value, "sequences", SEQUENCES_MAX, "8,16,32")


def _counts(value: str | None, what: str, most: int, example: str) -> str | None:
    if value is None or all(part.strip().isdecimal() and 0 < int(part) <= most for part in value.split(",")):
        return value
    raise typer.BadParameter(f"want numbers of {what} from 1 to {most}, such as {example}")


def token(
    new: Annotated[bool, typer.Option("--new", help="Make a new one; the old one stops to work.")] = False,
    config: ConfigFile = None,
    sets: Sets = None,
) -> None:
    """Print the token that HTTP wants as `Authorization: Bearer TOKEN`, and the mod as llm_agent.token.

    It is http.token of the configuration, else the one made at the first start, which this makes where there is none.
    """
    keep_files_private()
    http = load(config, sets).http
    from llm_agentd.config.http_token import find_token, renew_token

    found = (renew_token if new else find_token)(http.token, http.token_file)
    if found is None:
        fail("http.token is off: HTTP wants no token", BAD_ANSWER)
    print(found)
    if new:
        print(RENEWED, file=sys.stderr)


def dashboard(
    open_it: Annotated[bool, typer.Option("--open", help="Open it in the browser of this machine.")] = False,
    config: ConfigFile = None,
    sets: Sets = None,
) -> None:
    """Print the address of the dashboard with the token in it. Who has the address can see and change everything.

    The daemon must run for it to open: `llm-agentd serve`, or the services llm-agentd and llm-agentd-http.
    """
    http = load(config, sets).http
    from llm_agentd.config import state_dir
    from llm_agentd.config.http_token import find_token
    from llm_agentd.ops.dashboard import dashboard_url, open_dashboard

    url = dashboard_url(http, find_token(http.token, http.token_file))
    if open_it:
        open_dashboard(url, state_dir(os.environ))
    else:
        print(url)


def keys(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="A client on another machine, such as laptop.")
    ] = None,
) -> None:
    """Make the CURVE keys for a zmq.endpoint beyond loopback, and print what goes where. Keys that are there stay.

    They are made in the folder `curve` of the state folder: the daemon's, those of its own machine, and each NAME's.
    """
    keep_files_private()
    from llm_agentd.config import state_dir
    from llm_agentd.ops.keys import keys as run

    raise typer.Exit(run(state_dir(os.environ), names or ()))


def install_mod(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A mods folder, or a world's worldmods folder.")],
    config: ConfigFile = None,
    sets: Sets = None,
) -> None:
    """Copy the mod into a mods or worldmods folder and print the lines for minetest.conf, the token's among them."""
    from llm_agentd.ops.install_mod import install_mod as run

    print(run(folder.expanduser(), lambda: _token(config, sets)))


def _token(config: Path | None, sets: list[str] | None) -> str | None:
    from llm_agentd.config import load_config
    from llm_agentd.config.http_token import find_token

    http = load_config(config, sets or ()).http
    return find_token(http.token, http.token_file)


def doctor(
    world: Annotated[
        Path | None, typer.Option("--world", metavar="DIR", help="A world's folder: its mod and minetest.conf too.")
    ] = None,
    minetest_conf: Annotated[
        Path | None,
        typer.Option(
            "--minetest-conf", metavar="FILE", help="Where it is not found by itself from the world's folder."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")] = False,
    config: ConfigFile = None,
    sets: Sets = None,
) -> None:
    """Check every link from the game to the model; each fault comes with its cure. Exit 1 if there is any.

    Works whether or not the daemon runs, and changes nothing.
    """
    from llm_agentd.ops.doctor import as_fields, examine, has_failed, show

    checks = examine(config, sets or (), world, minetest_conf)
    if as_json:
        sys.stdout.write(json_line(as_fields(checks)))
    else:
        show(checks, sys.stdout)
    raise typer.Exit(BAD_ANSWER if has_failed(checks) else OK)


def demo(
    model: Annotated[Path | None, typer.Option(metavar="FILE", help="Another model than the embedded one.")] = None,
) -> None:
    """Tell a story in a real game server with the mod and a model, and print it with a table of figures.

    Needs a Luanti or Minetest server with minetest_game. It takes a minute; DEMO_SECONDS is how long, 0 until Ctrl-C.
    """
    from llm_agentd.demo.main import main

    raise typer.Exit(main(model.expanduser() if model else None))


def bench(
    name: Annotated[
        BenchName,
        typer.Argument(
            metavar="NAME",
            help="hit (cache hits), decode (tokens/s), grammar (its cost), engines (each library with this "
            "model), village (50 NPCs), growth (1 to 200 NPCs), restart (the first reply), warm (lines that were "
            "prepared), ticks (steps of a game server), fleet (1,000 NPCs and more over several daemons), memory "
            "(look-ups, and what the processes hold), mind (what a model says), exchanges (what NPCs say and do) or "
            "speech (voices).",
        ),
    ],
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Also write the figures.")] = None,
    stats_file: Annotated[
        Path | None, typer.Option("--stats", metavar="FILE", help="Also write the table, as text.")
    ] = None,
    plot_dir: Annotated[Path | None, typer.Option("--plot", metavar="DIR", help="Also write PNG plots.")] = None,
    drain: Annotated[
        int, typer.Option(metavar="N", min=1, help="village: N clients at once, until all is answered.")
    ] = 50,
    requests: Annotated[int, typer.Option(metavar="N", min=1, help="village: how many requests.")] = 300,
    rate: Annotated[float, typer.Option(metavar="R", help="village: R requests a second instead of --drain.")] = 0,
    seconds: Annotated[
        float, typer.Option(metavar="S", min=1, help="village, with --rate; growth, ticks, fleet, each run: how long.")
    ] = 120,
    saturate_s: Annotated[float, typer.Option(metavar="S", help="village: how long the busy part is.")] = 40,
    upstream: Annotated[
        str | None,
        typer.Option(metavar="URL", help="village, mind: an OpenAI-compatible server to compare with, or to ask."),
    ] = None,
    upstream_pid: Annotated[int | None, typer.Option(metavar="PID", help="village: its process, for memory.")] = None,
    peer_python: Annotated[
        Path | None,
        typer.Option(metavar="PYTHON", help="village, restart: a Python with xllamacpp; its llama-server is started."),
    ] = None,
    peer_binary: Annotated[
        Path | None, typer.Option(metavar="PATH", help="village, restart: a llama-server to start instead.")
    ] = None,
    sequences: Annotated[
        str | None,
        typer.Option(
            metavar="N,N…",
            callback=sequence_counts,
            help="decode: how many at once, 1,2,4,8,16 by default; village: llama-server's slots, 4,8 by default.",
        ),
    ] = None,
    rounds: Annotated[int, typer.Option(metavar="N", min=1, help="decode, warm, restart, engines: how often.")] = 3,
    npcs: Annotated[
        str | None,
        typer.Option(
            metavar="N,N…",
            callback=npc_counts,
            help="How many NPCs. growth: 1 to 200; ticks: each count off and on, 1,10,50,100 by default; fleet: 1000.",
        ),
    ] = None,
    voice: Annotated[
        bool, typer.Option("--voice", help="ticks: voices off and on, not the LLM; 50 NPCs by default.")
    ] = False,
    players: Annotated[
        int,
        typer.Option(
            metavar="N", min=0, max=PLAYERS_MAX, help="ticks: players among the NPCs, one to four NPCs at most."
        ),
    ] = 8,
    daemons: Annotated[
        int, typer.Option(metavar="M", min=0, help="fleet: how many daemons; 0: as many as foretold, two at least.")
    ] = 0,
    step_ms: Annotated[float, typer.Option(metavar="MS", min=0.1, help="fleet: what a step of an engine takes.")] = 20,
    width: Annotated[int, typer.Option(metavar="N", min=1, help="fleet: sequences that it computes in a step.")] = 32,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="fleet: say on paper how many daemons it takes, and run nothing.")
    ] = False,
    model: Annotated[Path | None, typer.Option(metavar="FILE", help="The GGUF file, as --set model.path=FILE.")] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="mind: this set of situations; exchanges: this scene, or short; fleet: plain, or what breaks. "
            "Repeat it for several.",
        ),
    ] = None,
    bulk: Annotated[
        int, typer.Option(metavar="N", min=0, help="mind: N situations recombined from all sets, for flaws alone.")
    ] = 0,
    sheet: Annotated[
        Path | None, typer.Option(metavar="FILE", help="mind: write the replies to grade, or add them to this sheet.")
    ] = None,
    grades: Annotated[
        Path | None, typer.Option(metavar="FILE", help="mind: report a graded sheet, without running a model.")
    ] = None,
    transcript: Annotated[
        Path | None, typer.Option(metavar="FILE", help="exchanges: write all that was said and done, as Markdown.")
    ] = None,
    lines: Annotated[
        int, typer.Option(metavar="N", min=0, help="hearing: so many lines of players, of 60; 0: all.")
    ] = LINES_HEARD,
    minutes: Annotated[
        float,
        typer.Option(
            metavar="M", min=0, help="memory: watch the processes while players talk so long; 0: look-ups, and idle."
        ),
    ] = 0,
    config: ConfigFile = None,
    sets: Sets = None,
) -> None:
    """Measure the daemon and a reference in the same run, and print a table with ratios.

    Starts a second daemon on free ports with an empty cache; of the configuration only the model is used.
    """
    loaded = load(config, [*(sets or []), *([f"model.path={model}"] if model else [])])
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
        sequences=tuple(map(int, sequences.split(","))) if sequences else (),
        rounds=rounds,
        npcs=tuple(map(int, npcs.split(","))) if npcs else (),
        voice=voice,
        players=players,
        daemons=daemons,
        step_ms=step_ms,
        width=width,
        dry_run=dry_run,
        only=tuple(only or ()),
        bulk=bulk,
        sheet=sheet,
        grades=grades,
        transcript=transcript,
        lines=lines,
        minutes=minutes,
    )
    raise typer.Exit(run(name.value, loaded, options, json_file=json_file, stats_file=stats_file, plot_dir=plot_dir))
