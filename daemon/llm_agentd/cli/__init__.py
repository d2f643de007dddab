"""`llm-agentd`: the command line. commands.py has the table of commands."""

import sys

if sys.argv[1:2] in (["serve"], ["http"]):
    # Before anything else is imported, which takes a second: a service may be stopped in it.
    from llm_agentd.util.stop_signals import stop_at_once

    stop_at_once()

from llm_agentd.cli.commands import app, main

__all__ = ["app", "main"]
