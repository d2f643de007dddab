"""A JSON schema as a GBNF grammar, by the converter of whichever library is here: cyllama's, or llama-cpp-python's.

Both are llama.cpp's own script for it, llama-cpp-python's an older one. Loaded where a schema comes; where there is
neither there is no `llama` engine.
"""

from __future__ import annotations

import json
import re
from typing import Any

# `(char (char (char)?)?)?`, what the older script makes of a text of at most three characters: of one of 400 it makes
# brackets 400 deep, which no parser should be given. What looks so in a literal is skipped.
_NESTED = re.compile(
    r'"(?:\\.|[^"\\])*"|\[(?:\\.|[^\]\\])*\]'
    r"|(?P<open>\((?P<item>[\w-]+) (?:\((?P=item) )*\((?P=item))(?P<close>(?:\)\?)+)"
)


def schema_to_grammar(schema: dict[str, Any]) -> str:
    """Raises whatever the converter trips over: it asserts, and takes types for granted. Fetches nothing."""
    try:
        from cyllama.llama import llama_cpp
    except ImportError:
        from llama_cpp.llama_grammar import json_schema_to_gbnf

        return _NESTED.sub(_counted, str(json_schema_to_gbnf(json.dumps(schema))))
    return str(llama_cpp.json_schema_to_grammar(schema))


def _counted(found: re.Match[str]) -> str:
    """`char{0,3}`."""
    if found["item"] is None:
        return found[0]
    depth = found["open"].count("(")
    return f"{found['item']}{{0,{depth}}}" if found["close"] == ")?" * depth else found[0]
