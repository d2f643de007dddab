"""The OpenAPI description is valid, and true of every answer that schemathesis can get out of adapter and daemon."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from llm_agentd.http.app import create_app
from llm_agentd.http.routes import exchange, preview, schema, steering_schema
from llm_agentd.roles import Roles
from tests.support.daemon_in_process import InProcess
from tests.support.http_harness import serve_http
from tests.support.openapi_attack import attack

TOKEN = "openapi-0123456789abcdef"
SECONDS = 10


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from references(item)


def test_every_reference_leads_somewhere(endpoint: str) -> None:
    spec = create_app(endpoint=endpoint, retry_s=1, token=None, timeout_ms=1).openapi()
    found = set(references(spec))
    assert found
    for reference in found:
        target: Any = spec
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]
        assert isinstance(target, dict)


@pytest.mark.slow
def test_every_answer_is_as_declared(endpoint: str, tmp_path: Path) -> None:
    with (
        InProcess(endpoint, roles=Roles.load(tmp_path / "roles", may_be_missing=True)),
        serve_http(endpoint, token=TOKEN) as http,
    ):
        status, report = attack(http.url, TOKEN, seconds=SECONDS)
    assert status == 0, report


@pytest.mark.slow
def test_every_answer_without_a_daemon_is_as_declared(endpoint: str) -> None:
    with serve_http(endpoint, token=TOKEN, retry_s=0.1) as http:
        status, report = attack(http.url, TOKEN, seconds=SECONDS // 2)
    assert status == 0, report


@pytest.mark.parametrize(
    ("taken", "declared"),
    [(exchange.FIELDS, schema.ExchangeBody), (preview.FIELDS, steering_schema.PreviewBody)],
)
def test_fields_that_are_taken_are_those_declared(taken: Sequence[str], declared: type[BaseModel]) -> None:
    assert list(taken) == list(declared.model_fields)
