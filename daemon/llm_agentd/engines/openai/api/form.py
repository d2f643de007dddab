"""Whether a reply follows the schema that a client wants: some servers take `response_format` and pass over it. Pure.

Only what tells such a server apart is looked at: that the text is JSON of the type wanted, with the members that must
be there. A server that holds its model to a schema holds it to all of it.
"""

from __future__ import annotations

import json
from typing import Any

from llm_agentd.engines.openai.target import Chunk
from llm_agentd.errors import BadRequest
from llm_agentd.types import Sampling

TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
}


class WantedForm:
    """`feed` each chunk. Raises BadRequest at the end of a reply that is no such JSON; one that was cut is none yet."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = schema
        self._text: list[str] = []

    def feed(self, chunk: Chunk) -> None:
        self._text.append(chunk.text)
        if chunk.finish == "stop" and not self._is_followed("".join(self._text)):
            raise BadRequest(
                "json_schema: the remote model's server passed over it, as the reply is no such JSON; ask for JSON in"
                " words, or use a server with structured output (docs/remote.md)"
            )

    def _is_followed(self, text: str) -> bool:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return False
        wanted = TYPES.get(str(self._schema.get("type")))
        if wanted is not None and not isinstance(value, wanted):
            return False
        required = self._schema.get("required")
        return not isinstance(value, dict) or not isinstance(required, list) or all(name in value for name in required)


def wanted_form(sampling: Sampling) -> WantedForm | None:
    """None: no client wants one. Ours is a help to the model, and a reply without it is read all the same."""
    if sampling.json_schema is None or sampling.is_schema_optional:
        return None
    return WantedForm(sampling.json_schema)
