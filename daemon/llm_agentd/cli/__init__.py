"""`llm-agentd`: the command line. commands.py has the table of commands, services.py the two that stay."""

import sys

if sys.argv[1:2] in (["serve"], ["http"]):
    # Before anything else is imported, which takes a second: a service may be stopped in it.
    from llm_agentd.util.stop_signals import stop_at_once

    stop_at_once()

from llm_agentd.cli.process import end_with
from llm_agentd.cli.services import plain_command


def main() -> None:
    """Entry point: runs the command and turns expected errors into one line and an exit code."""
    end_with(plain_command(sys.argv[1:]) or _any_command)


def _any_command() -> int | None:
    from llm_agentd.cli.commands import run_command

    return run_command()
