"""One role: what its fields may hold, whatever the source."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llm_agentd.roles import FIELDS, FieldError, make_role


def test_text_becomes_one_line_without_control_characters() -> None:
    role = make_role("x", {"title": "the\n x\t", "persona": "\x1b(c@#ff0000)Red\x00 hat.", "knowledge": ["a\u2028b"]})
    assert (role.title, role.persona, role.knowledge) == ("the x", "Red hat.", ("a b",))


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=99),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
)
SLOW_MACHINES = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@SLOW_MACHINES
@given(fields=st.dictionaries(st.sampled_from([*FIELDS, "titel", "x" * 999]), JSON_VALUES))
def test_any_fields_give_a_role_or_a_short_error(fields: dict[str, Any]) -> None:
    message = ""
    try:
        role = make_role("any", fields)
        assert make_role("any", role.fields()) == role
    except FieldError as error:
        message = str(error)
    assert len(message) < 400
