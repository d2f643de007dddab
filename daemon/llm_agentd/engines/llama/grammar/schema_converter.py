"""A JSON schema as a GBNF grammar, by the converter of whichever library is here: cyllama's, or llama-cpp-python's.

Both are llama.cpp's own script for it. Loaded where a schema comes; where there is neither there is no `llama` engine.
"""

from __future__ import annotations

import json
from typing import Any


def schema_to_grammar(schema: dict[str, Any]) -> str:
    """Raises whatever the converter trips over: it asserts, and takes types for granted. Fetches nothing."""
    try:
        from cyllama.llama import llama_cpp
    except ImportError:
        from llama_cpp.llama_grammar import json_schema_to_gbnf

        return str(json_schema_to_gbnf(json.dumps(schema)))
    return str(llama_cpp.json_schema_to_grammar(schema))
