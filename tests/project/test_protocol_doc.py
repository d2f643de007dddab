"""docs/protocol.md against the models that check records: ops, fields, bounds, codes and limits are all there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from llm_agentd.errors import ERROR_CLASSES, AgentdError
from llm_agentd.http import sessions
from llm_agentd.http.op_schema import op_schema
from llm_agentd.http.routes import exchange as exchange_route
from llm_agentd.http.routes import schema as http_schema
from llm_agentd.http.routes import steering_schema
from llm_agentd.protocol import wire
from llm_agentd.protocol.encode import reply_fields
from llm_agentd.protocol.record import Record
from llm_agentd.protocol.schema import OPS, RECORDS, THINK_TEXT_MAX_BYTES, Options, ThinkRecord, field_names
from llm_agentd.types import UTTERANCE_MAX_BYTES, Reply

ANSWERS: dict[str, type[BaseModel]] = {
    "roles": http_schema.RolesAnswer,
    "set_role": http_schema.RoleAnswer,
    "remember": http_schema.RememberAnswer,
    "memories": http_schema.MemoriesAnswer,
    "forget": http_schema.ForgetAnswer,
    "requests": http_schema.RequestsAnswer,
    "request": http_schema.RequestAnswer,
    "clear_requests": http_schema.ClearedAnswer,
    "npcs": http_schema.NpcsAnswer,
    "stats_history": http_schema.HistoryAnswer,
    "switch": http_schema.SwitchAnswer,
    "audit": http_schema.AuditAnswer,
    "doctor": http_schema.DoctorAnswer,
    "settings": steering_schema.SettingsAnswer,
    "set_setting": steering_schema.SetSettingAnswer,
    "role_history": steering_schema.RoleHistoryAnswer,
    "undo_role": http_schema.RoleAnswer,
    "edit_memory": steering_schema.EditAnswer,
    "memory_pairs": steering_schema.MemoryPairsAnswer,
    "search_memories": steering_schema.SearchAnswer,
    "recall": steering_schema.RecallAnswer,
    "cache_entries": steering_schema.CacheAnswer,
    "purge_cache": steering_schema.PurgeAnswer,
    "model": steering_schema.ModelAnswer,
    "self_test": steering_schema.SelfTestAnswer,
}
OPTIONS = field_names(Options) - field_names(Record)


@pytest.fixture
def page(repo: Path) -> str:
    return (repo / "docs" / "protocol.md").read_text(encoding="utf-8")


def table(page: str, heading: str) -> dict[str, str]:
    """First cell (a code word) → the rest of its row, of the table under a heading."""
    part = re.search(rf"^#+ {re.escape(heading)}$(.*?)(?=^#|\Z)", page, re.MULTILINE | re.DOTALL)
    assert part, heading
    return dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", part.group(1), re.MULTILINE))


def bounds(schema: Any) -> Iterator[str]:
    """The numbers that bound a field: its own, and those of the members of a list; not of a nested object's fields."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key in ("maximum", "maxLength", "maxItems"):
                yield f"{value:g}" if value < 1000 else str(int(value))
            elif key in ("items", "anyOf"):
                yield from bounds(value)
    elif isinstance(schema, list):
        for member in schema:
            yield from bounds(member)


def is_as_declared(rows: dict[str, str], schema: dict[str, Any], names: set[str]) -> None:
    assert set(rows) == names
    assert {name for name in names if "needed" in rows[name]} == names & set(schema.get("required", ()))
    for name in names:
        missing = [
            number for number in bounds(schema["properties"][name]) if not re.search(rf"\b{number}\b", rows[name])
        ]
        assert missing == [], name


def test_every_op_stands_in_the_table_of_ops(page: str) -> None:
    assert tuple(table(page, "Requests")) == OPS


@pytest.mark.parametrize("op", OPS)
def test_fields_of_an_op_are_as_declared(page: str, op: str) -> None:
    schema = op_schema(op)
    names = set(schema["properties"]) - {"op", "id"} - (OPTIONS if issubclass(RECORDS[op], Options) else set())
    if op == "warm":
        assert names == field_names(ThinkRecord) - field_names(Options), "it is said of these that they are a think's"
    elif names:
        is_as_declared(table(page, f"`{op}`"), schema, names)
    else:
        assert f"`{op}`" in page.partition("have no further fields")[0].rpartition("\n\n")[2]


def test_options_are_as_declared(page: str) -> None:
    is_as_declared(table(page, "Options of `infer` and `think`"), op_schema("infer"), set(OPTIONS))


@pytest.mark.parametrize(
    ("heading", "op", "field"),
    [
        ("npc", "think", "npc"),
        ("action", "think", "actions"),
        ("steps", "report", "steps"),
        ("acted", "report", "acted"),
        ("fell_back", "report", "fell_back"),
        ("turn", "think", "history"),
        ("line", "remember", "lines"),
    ],
)
def test_fields_of_a_nested_object_are_as_declared(page: str, heading: str, op: str, field: str) -> None:
    schema = op_schema(op)["properties"][field]
    schema = schema.get("items", schema)
    schema = next((one for one in schema.get("anyOf", ()) if one.get("type") == "object"), schema)  # or null
    is_as_declared(table(page, f"`{heading}`"), schema, set(schema["properties"]))


@pytest.mark.parametrize("op", ANSWERS)
def test_fields_of_an_answer_are_as_declared(page: str, op: str) -> None:
    last_cell = table(page, "Requests")[op].rpartition("|")[2]
    assert set(re.findall(r"`(\w+)`", last_cell)) == set(ANSWERS[op].model_fields)


def test_fields_of_a_reply_are_those_that_are_sent(page: str) -> None:
    reply = Reply("Hello.", "stop", "miss", "m", lang="en", cut="echo", matched=True)
    assert set(table(page, "Replies")) == set(reply_fields(reply, "remote")) - {"event"}


def test_every_code_stands_with_its_status(page: str) -> None:
    classes: dict[str, type[AgentdError]] = {**ERROR_CLASSES, AgentdError.code: AgentdError}
    documented = {code: int(row.split("|")[0]) for code, row in table(page, "Errors").items()}
    assert documented == {code: error.http_status for code, error in classes.items()}


def test_limits_are_those_of_the_code(page: str) -> None:
    framing = page.partition("## Framing")[2].partition("## Requests")[0]
    limits = (wire.RECORD_MAX_BYTES, wire.PART_MAX_BYTES, wire.RECORDS_MAX, wire.DEPTH_MAX)
    for limit in (*limits, UTTERANCE_MAX_BYTES, THINK_TEXT_MAX_BYTES):
        assert re.search(rf"^\| .* \| {limit}\b.*\|$", framing, re.MULTILINE), limit
    over_http = page.partition("## Over HTTP")[2]
    assert f"({exchange_route.WAIT_MAX_MS} at most)" in over_http
    assert f"unused for {sessions.SESSION_IDLE_S:.0f} s" in over_http
    assert f"At most {sessions.SESSIONS_MAX} sessions" in over_http
    assert f"1 to {wire.ID_MAX_CHARS} characters" in page


def test_example_of_framing_is_what_the_wire_writes(page: str) -> None:
    length, body = re.search(r"^((?:[0-9a-f]{2} ){4}) (\{.*?\})", page, re.MULTILINE).groups()  # type: ignore[union-attr]
    part = bytes.fromhex(length) + body.encode()
    assert wire.decode(part) == [{"op": "ping", "id": "7"}]
