"""Grammars and schemas that nobody thought of, through check and trial with the real llama.cpp: each gets a verdict.

A verdict is "good" or a reason of ours or of llama.cpp's. What hangs or kills the child would pass all checks, and
have only the child between it and the daemon. Action schemas take the way of the daemon's own grammars, which have no
child: what fails here would fail in the daemon.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llm_agentd.engines.llama.grammar.trial import GrammarTrial
from llm_agentd.errors import AgentdError, BadRequest
from llm_agentd.prompt import actions
from llm_agentd.types import Action, Sampling

pytestmark = pytest.mark.slow

WAIT_S = 60.0
FUZZ = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

# -- grammars --------------------------------------------------------------------------------------

NAMES = st.sampled_from(["root", "a", "b", "c-1", "_", "é"])
NUMBERS = st.one_of(st.integers(0, 6), st.sampled_from([100, 1999, 2000, 2001, 10**6, 2**63, 2**64, 10**30]))
SPACE = st.sampled_from(["", "", " ", "\n", "\t", "#x\n", "#x\r", "\r\n"])
CHARS = st.sampled_from(
    [*'abz^-]["\\', "é", "🌙", r"\x00", r"\x41", r"\u00e9", r"\U0010FFFF", r"\uD800", r"\n", r"\q", r"\x4"]
)
TERMINALS = st.one_of(
    st.lists(CHARS, max_size=6).map(lambda chars: '"' + "".join(chars) + '"'),
    st.lists(CHARS, max_size=6).map(lambda chars: "[" + "".join(chars) + "]"),
    st.sampled_from([".", '""', "[]", "[^]", "<a>", "<[3]>", "!<[3]>", "[^a", '"']),
)
REPEATS = st.one_of(
    st.sampled_from(["*", "+", "?", "{", "}", "{,3}", "{}", "{ 2 }"]),
    st.builds("{{{}}}".format, NUMBERS),
    st.builds("{{{},}}".format, NUMBERS),
    st.builds("{{{}{},{}}}".format, NUMBERS, SPACE, NUMBERS),
)


def _groups(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    repeated = st.builds("{}{}{}".format, inner, SPACE, REPEATS)
    chosen = st.lists(inner, min_size=1, max_size=4).map(" | ".join)
    return st.one_of(repeated, st.lists(inner, max_size=4).map(" ".join), chosen.map("({})".format), chosen)


BODIES = st.recursive(st.one_of(TERMINALS, NAMES), _groups, max_leaves=12)
RULES = st.builds("{} ::= {}".format, NAMES, BODIES)
GRAMMARS = st.one_of(
    st.builds("root ::= {}\n{}".format, BODIES, st.lists(RULES, max_size=5).map("\n".join)),
    st.lists(RULES, max_size=5).map("\r".join),
    st.text(alphabet='root:=ab()[]{}|*+?"\\,019<>!.#\r\n -^', max_size=60),
)

# -- schemas ---------------------------------------------------------------------------------------

BOUNDS = st.one_of(st.integers(-3, 10), st.sampled_from([10**6, 2**63, -(2**63), 1.5, 1e300, -1, None, True, "3"]))
PATTERNS = ["^a{5,2}$", "^(a|b)*$", "^((a{900}){900}){900}$", "a", "^(a$", "^[z-a]$", r"^\d{3}$", "^(((a*)*)*)*$"]
LEAVES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["string", "number", "integer", "boolean", "null", "object", "array", "x", ["string"]]),
        "enum": st.lists(st.one_of(st.text(max_size=4), st.integers(), st.none(), st.just({"a": [1]})), max_size=4),
        "const": st.one_of(st.text(max_size=5), st.integers(), st.none()),
        "pattern": st.sampled_from(PATTERNS),
        "format": st.sampled_from(["date", "uuid", "email", "x"]),
        "$ref": st.sampled_from(["#", "#/$defs/a", "#/properties/a", "http://127.0.0.1:1/x", "", "x"]),
        **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum"), BOUNDS),
    },
)


def _objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    names = st.sampled_from(["a", "b", "say", "minLength", "\n", '"', "é", ""])
    parts = st.dictionaries(names, inner, max_size=4)
    return st.one_of(
        st.fixed_dictionaries(
            {"type": st.just("object"), "properties": parts},
            optional={"required": st.lists(names, max_size=3), "additionalProperties": st.one_of(st.booleans(), inner)},
        ),
        st.fixed_dictionaries({"type": st.just("array"), "items": inner}, optional={"minItems": BOUNDS}),
        st.lists(inner, max_size=4).map(lambda some: {"anyOf": some}),
        st.lists(inner, max_size=4).map(lambda some: {"allOf": some, "$defs": {"a": {"$ref": "#/$defs/a"}}}),
        st.lists(inner, max_size=4).map(lambda some: {"prefixItems": some}),
    )


SCHEMAS = st.recursive(LEAVES, _objects, max_leaves=8)


@pytest.fixture(scope="module")
def trial() -> Iterator[GrammarTrial]:
    trial = GrammarTrial()
    trial.start()
    yield trial
    trial.stop()


def reason(trial: GrammarTrial, sampling: Sampling, engine: str = "llama") -> str:
    """Why it is refused; "" if it is good. Fails where the child did not live to say so."""
    answers: queue.SimpleQueue[AgentdError | None] = queue.SimpleQueue()
    trial.submit(engine, sampling, time.monotonic() + WAIT_S, answers.put)
    error = answers.get(timeout=WAIT_S)
    assert error is None or isinstance(error, BadRequest), error
    assert "hangs or breaks" not in str(error), sampling
    assert "to compile" not in str(error), sampling
    return "" if error is None else str(error)


@FUZZ
@given(grammar=GRAMMARS)
def test_any_grammar_gets_a_verdict(trial: GrammarTrial, grammar: str) -> None:
    refused = reason(trial, Sampling(grammar=grammar))
    assert not refused or refused.startswith("grammar: ")


@FUZZ
@given(schema=SCHEMAS)
def test_any_schema_gets_a_verdict(trial: GrammarTrial, schema: dict[str, Any]) -> None:
    try:
        refused = reason(trial, Sampling(json_schema=schema))
    except BadRequest as error:
        refused = str(error)
    assert not refused or refused.startswith("json_schema: ")


@FUZZ
@given(params=SCHEMAS)
def test_schema_of_a_mods_actions_is_refused_or_makes_a_grammar(trial: GrammarTrial, params: dict[str, Any]) -> None:
    try:
        offered = actions.bounded([Action("go", params=params), Action("stay")])
    except BadRequest:
        return
    reason(trial, Sampling(json_schema=actions.reply_schema(offered)))
