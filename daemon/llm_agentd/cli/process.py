"""What a command does with its process: exit codes, errors as one line on stderr, its configuration, its secrets.

Main thread. Knows no options: the services come here without the library that reads those (services.py).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from llm_agentd.errors import AgentdError, LastingStartError, StartError
from llm_agentd.util.terminal_text import plain

if TYPE_CHECKING:
    from llm_agentd.config import Config

PROGRAM = "llm-agentd"
OK, BAD_ANSWER, WRONG_USE = 0, 1, 2
INTERRUPTED = 130  # 128 + SIGINT, as shells have it
NO_SECRETS = ("", "off", "none", "null")  # what a key for a secret may hold without one


def end_with(command: Callable[[], int | None]) -> NoReturn:
    """Runs a command and ends the process with what it returns, or with an expected error as one line."""
    try:
        code = command()
    except LastingStartError as error:
        fail(str(error), WRONG_USE)
    except (StartError, AgentdError) as error:
        fail(str(error), BAD_ANSWER)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # `llm-agentd dump | head` is fine
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(OK)
    sys.exit(code)


def load(path: Path | None, sets: Sequence[str] | None) -> Config:
    from llm_agentd.config import load_config

    try:
        return load_config(path, sets or ())
    except StartError as error:
        fail(str(error), WRONG_USE)


def keep_files_private() -> None:
    """What this process makes is for its user alone, whatever the shell or service manager left as umask; also folders
    above the state folder, as whoever may write there may put another in its place."""
    os.umask(0o077)


def hide_secrets(sets: Sequence[str]) -> None:
    """Begins this process anew where an option holds a secret, with that in the environment.

    Every user of the machine reads the command lines of all processes, the environment only their owner; so they can
    read it for some tenths of a second. Children get neither. Windows has no such call, and shows nobody's to others.
    """
    from llm_agentd.config.load import SECRET_KEYS
    from llm_agentd.config.sources import variable_name

    pairs = [(item, *map(str.strip, item.split("=", 1))) for item in sets if "=" in item]
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


def hand_on(path: Path | None, sets: Sequence[str]) -> list[str]:
    """The options as given, for the child processes of `serve`."""
    options = [] if path is None else ["--config", str(path)]
    for item in sets:
        options += ["--set", item]
    return options


def fail(message: str, code: int) -> NoReturn:
    print(f"{PROGRAM}: {plain(' '.join(message.split()))}", file=sys.stderr)
    sys.exit(code)
