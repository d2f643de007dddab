"""Where the log of a service goes: to stderr for people, or with fields to filter by to systemd's journal where that
reads stderr. What a client can cause over and over is in few lines.
"""

from __future__ import annotations

import logging

from llm_agentd.util.journal import JournalHandler, is_for_journal
from llm_agentd.util.log_level import set_log_level
from llm_agentd.util.log_limit import LogLimit
from llm_agentd.util.terminal_text import PlainFormatter


def start_log(level: str) -> None:
    """`level`: `info` or `debug`. Once a process, main thread."""
    handler: logging.Handler
    if is_for_journal():
        handler, form = JournalHandler(), "%(name)s: %(message)s"  # the level is a field
    else:
        handler, form = logging.StreamHandler(), "%(levelname)s %(name)s: %(message)s"
    handler.setFormatter(PlainFormatter(form))
    handler.addFilter(LogLimit())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    set_log_level(level)
