"""How much of our own the log has; libraries stay at `info`, as they would fill it with words that nobody can use.

The HTTP client tells each call at `info`, with an address that may hold a name and password: it tells warnings alone.
"""

from __future__ import annotations

import logging

OURS = __package__.partition(".")[0]
TALKATIVE = "httpx2"


def set_log_level(level: str) -> None:
    """`info` or `debug`. Any thread."""
    logging.getLogger(OURS).setLevel(logging.DEBUG if level == "debug" else logging.NOTSET)
    logging.getLogger(TALKATIVE).setLevel(logging.WARNING)
