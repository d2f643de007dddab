"""JSON as it may reach a terminal, as terminal_text.py has text. Pure; any thread."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

# What JSON may hold unescaped: DEL, C1, the marks that change a line's direction, and Unicode's own line breaks.
# orjson escapes C0 itself.
_UNSEEN = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def json_line(fields: Any) -> str:
    """One line of JSON with its end; the characters that `terminal_text.plain` takes out stand in it as \\u…."""
    try:
        text = orjson.dumps(fields).decode()
    except TypeError:  # half a surrogate pair, as file names hold that are no UTF-8
        text = json.dumps(fields)
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"
