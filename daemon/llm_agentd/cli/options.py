"""What commands share: the options `--config`, `--set` and `--format`, exit codes, and errors as one line on stderr."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from llm_agentd.errors import StartError
from llm_agentd.util.terminal_text import plain

if TYPE_CHECKING:
    from llm_agentd.config import Config

PROGRAM = "llm-agentd"
OK, BAD_ANSWER, WRONG_USE = 0, 1, 2
NO_SECRETS = ("", "off", "none", "null")  # what a key for a secret may hold without one


class DumpFormat(StrEnum):
    table = "table"
    jsonl = "jsonl"


ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="YAML file instead of /etc/llm_agent/config.yaml."),
]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="SECTION.KEY=VALUE", help="One setting, over all other sources; repeat for more."),
]
Format = Annotated[DumpFormat, typer.Option("--format", help="For people, or one JSON object a line.")]


def load(path: Path | None, sets: list[str] | None) -> Config:
    from llm_agentd.config import load_config

    try:
        return load_config(path, sets or ())
    except StartError as error:
        fail(str(error), WRONG_USE)


def keep_files_private() -> None:
    """What this process makes is for its user alone, whatever the shell or service manager left as umask; also folders
    above the state folder, as whoever may write there may put another in its place."""
    os.umask(0o077)


def hide_secrets(sets: list[str] | None) -> None:
    """Begins this process anew where an option holds a secret, with that in the environment.

    Every user of the machine reads the command lines of all processes, the environment only their owner; so they can
    read it for some tenths of a second. Children get neither. Windows has no such call, and shows nobody's to others.
    """
    from llm_agentd.config.load import SECRET_KEYS
    from llm_agentd.config.sources import variable_name

    pairs = [(item, *map(str.strip, item.split("=", 1))) for item in sets or () if "=" in item]
    secrets = [(item, key, value) for item, key, value in pairs if key in SECRET_KEYS and value not in NO_SECRETS]
    if not secrets or os.name != "posix":
        return
    arguments = sys.orig_argv[1:]
    for item, key, value in secrets:
        os.environ[variable_name(key)] = value
        place = next((at for at, word in enumerate(arguments) if word in (item, f"--set={item}")), None)
        if place is None:
            return  # not called from a command line
        del arguments[place - (arguments[place] == item) : place + 1]
    os.execv(sys.executable, [sys.executable, *arguments])


def hand_on(path: Path | None, sets: list[str] | None) -> list[str]:
    """The options as given, for the child processes of `serve`."""
    options = [] if path is None else ["--config", str(path)]
    for item in sets or ():
        options += ["--set", item]
    return options


def fail(message: str, code: int) -> NoReturn:
    print(f"{PROGRAM}: {plain(' '.join(message.split()))}", file=sys.stderr)
    sys.exit(code)
