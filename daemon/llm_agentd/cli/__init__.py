"""`llm-agentd`: the command line. commands.py has the table of commands."""

from llm_agentd.cli.commands import app, main

__all__ = ["app", "main"]
