"""Grammars for the `llama` engines: from a request's `grammar` or `json_schema` to one that llama.cpp surely accepts.

llama.cpp's sampler for a grammar that does not parse is a null pointer, and the next step a crash; deep nesting
overflows the parser's stack, and too many ways to go on take all memory. So each grammar is bounded and compiled
once on trial before a sequence may use it.

Whose grammar it is makes a difference before it gets here. A client's own was compiled in another process first
(`trial.py`), as nobody knows all that llama.cpp hangs or dies on. What the daemon builds of the actions that a
mod offers was not: an NPC's actions change with the place, so nearly every request brings a new one, and each would
wait for a process. That is safe, as none of it is anybody's own text: `prompt/json_schema.py` takes a small subset of
JSON schema and bounds all of it, names and values get in as quoted literals only, and the bounds below hold for it too.
Engine thread only; knows nothing of sequences.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import orjson

from llm_agentd.engines.llama.grammar.gbnf_check import grammar_danger
from llm_agentd.engines.llama.grammar.schema_check import schema_danger
from llm_agentd.engines.llama.grammar.schema_converter import schema_to_grammar
from llm_agentd.errors import BadRequest
from llm_agentd.types import Sampling

# The parser and the search for left recursion call themselves, a few hundred bytes of stack each time.
GRAMMAR_MAX_BYTES = 64 * 1024
NESTING_MAX = 100
KEPT_MAX = 256  # checked grammars remembered; a mod uses a handful

# One that is never closed takes all that follows, as it does in llama.cpp, which then refuses the grammar.
_LITERAL = re.compile(r'"(?:\\.|[^"\\])*+"?|\[(?:\\.|[^\]\\])*+\]?|#[^\r\n]*', re.DOTALL)
_BRACKET = re.compile(r"[()]")


class Grammars:
    """Checks grammars and remembers those that passed. `compile_error`: llama.cpp's verdict with the model's tokens."""

    def __init__(self, compile_error: Callable[[str], str]) -> None:
        self._compile_error = compile_error
        self._passed: dict[tuple[str, bytes], str] = {}

    def text(self, sampling: Sampling) -> str | None:
        """The GBNF grammar that holds `sampling`'s text, or None. Raises BadRequest that names the field."""
        if sampling.grammar is not None and sampling.json_schema is not None:
            raise BadRequest("grammar and json_schema: only one of them can hold the text")
        if sampling.grammar is not None:
            return self._checked("grammar", sampling.grammar.encode(errors="replace"), sampling.grammar)
        if sampling.json_schema is not None:
            try:
                key = orjson.dumps(sampling.json_schema)
            except (TypeError, ValueError) as error:
                raise BadRequest(f"json_schema: not JSON ({error})") from error
            return self._checked("json_schema", key, sampling.json_schema)
        return None

    def _checked(self, name: str, key: bytes, source: str | dict[str, Any]) -> str:
        known = self._passed.get((name, key))
        if known is not None:
            return known
        text = source if isinstance(source, str) else _from_schema(source)
        _bound(name, text)
        if reason := self._compile_error(text):
            raise BadRequest(f"{name}: {reason}")
        if len(self._passed) >= KEPT_MAX:
            self._passed.pop(next(iter(self._passed)))
        self._passed[name, key] = text
        return text


def _from_schema(schema: dict[str, Any]) -> str:
    if reason := schema_danger(schema):
        raise BadRequest(f"json_schema: {reason}")
    try:
        return schema_to_grammar(schema)
    except RecursionError as error:
        raise BadRequest("json_schema: nested too deeply") from error
    except (AttributeError, KeyError, IndexError, TypeError) as error:  # Python's own words would help nobody
        reason = "a keyword holds a value of the wrong kind, such as a number where a text is due"
        raise BadRequest(
            f"json_schema: {reason}; compare the parts that $ref names with the JSON Schema docs"
        ) from error
    except Exception as error:  # the converter asserts, and trips over wrong types in any way there is
        raise BadRequest(f"json_schema: cannot be held to ({str(error)[:200] or type(error).__name__})") from error


def _bound(name: str, text: str) -> None:
    if not text.strip():  # llama.cpp would take it for no grammar at all
        raise BadRequest(f"{name}: it is empty; leave it out if any text will do")
    if "\0" in text:
        raise BadRequest(f"{name}: holds a NUL character")
    size = len(text.encode(errors="replace"))
    if size > GRAMMAR_MAX_BYTES:
        raise BadRequest(f"{name}: {size} bytes as a grammar, at most {GRAMMAR_MAX_BYTES}")
    depth = deepest = 0
    for bracket in _BRACKET.findall(_LITERAL.sub("", text)):
        depth += 1 if bracket == "(" else -1
        deepest = max(deepest, depth)
    if deepest > NESTING_MAX:
        raise BadRequest(f"{name}: brackets nested more than {NESTING_MAX} deep")
    if reason := grammar_danger(text):
        raise BadRequest(f"{name}: {reason}")
