"""A schema becomes a grammar with the converter of either library, none nested as deep as a text is long."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from llm_agentd.engines import open_binding
from llm_agentd.engines.llama.grammar.grammars import Grammars
from llm_agentd.engines.llama.grammar.schema_converter import schema_to_grammar
from llm_agentd.types import Sampling


@pytest.fixture(params=["cyllama", "llama-cpp-python"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "llama-cpp-python":
        monkeypatch.setitem(sys.modules, "cyllama.llama", None)
    return str(request.param)


def held(**say: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"say": say}, "required": ["say"], "additionalProperties": False}


@pytest.mark.usefixtures("library")
def test_long_text_is_no_deep_nesting() -> None:
    open_binding("llama_native")
    from llm_agentd.engines.llama.native_binding import grammar_error

    grammar = Grammars(grammar_error).text(Sampling(json_schema=held(type="string", maxLength=400)))
    assert grammar is not None
    assert "char{0,400}" in grammar


@pytest.mark.usefixtures("library")
def test_least_length_is_kept() -> None:
    assert "char{2,5}" in schema_to_grammar(held(type="string", minLength=2, maxLength=5)).replace(
        "char char char{0,3}", "char{2,5}"
    )


@pytest.mark.usefixtures("library")
def test_literal_that_looks_like_nesting_is_kept() -> None:
    assert "(a (a (a)?)?)?" in schema_to_grammar(held(const="(a (a (a)?)?)?"))
