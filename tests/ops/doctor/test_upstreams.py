"""The doctor's view of models on other servers: real servers on loopback, with TLS and without."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.config import Config, load_config
from llm_agentd.ops.doctor import upstreams
from llm_agentd.ops.doctor.check import Check
from llm_agentd.ops.doctor.upstreams import Facts, Found
from tests.support.upstream import Upstream, make_certificate

KEY = "sk-planted-0815-4711"
TODAY = {"limit": 1000, "used": 100, "left": 900, "warning": False, "ends": "2026-11-28T00:00:00.000Z"}


def configured(folder: Path, *servers: Mapping[str, Any], policy: str = "always") -> Config:
    sets = [f"remote.upstreams={json.dumps(servers)}", f"remote.policy={policy}"]
    return load_config(sets=sets, environ={}, cwd=folder)


def of(upstream: Upstream, **more: Any) -> dict[str, Any]:
    return {"base_url": upstream.base_url, "model": upstream.model, "name": "gpu", **more}


def checked(config: Config, environ: Mapping[str, str] | None = None) -> list[Check]:
    checks = list(upstreams.judge(upstreams.look(config, environ or {})))
    assert all(KEY not in check.found + check.cure for check in checks)
    assert all(check.cure for check in checks if check.state != "ok")
    return checks


def test_server_that_answers_has_the_key_and_the_model_is_fine(tmp_path: Path) -> None:
    with Upstream(key=KEY) as server:
        (check,) = checked(configured(tmp_path, of(server, api_key_env="K")), {"K": KEY})
    assert (check.state, check.name) == ("ok", "upstream gpu")
    assert "has the model tiny" in check.found


def test_wrong_key_missing_key_and_unknown_model_are_told_with_the_cure(tmp_path: Path) -> None:
    with Upstream(key=KEY) as server:
        (wrong,) = checked(configured(tmp_path, of(server, api_key_env="K")), {"K": f"{KEY}x"})
        (missing,) = checked(configured(tmp_path, of(server, api_key_env="K")))
        (model,) = checked(configured(tmp_path, of(server, api_key_env="K", model="tinny")), {"K": KEY})
    assert wrong.state == missing.state == "fail"
    assert "gpu does not accept the key (401): write a valid key into the variable K" in wrong.found
    assert "the environment variable K is not set" in missing.found
    assert (model.state, "did you mean 'tiny'?" in model.found) == ("warn", True)


def test_server_that_is_down_is_a_fault_and_beside_another_a_warning(tmp_path: Path) -> None:
    down = of(Upstream().reserve(), name="down")
    (alone,) = checked(configured(tmp_path, down))
    assert (alone.state, "nobody answers there" in alone.found) == ("fail", True)
    assert "IPAddressDeny" in alone.cure
    with Upstream() as server:
        both = checked(configured(tmp_path, down, of(server)))
    assert [check.state for check in both] == ["warn", "ok"]


def test_no_server_is_asked_with_policy_never(tmp_path: Path) -> None:
    with Upstream() as server:
        (check,) = checked(configured(tmp_path, of(server), policy="never"))
        assert server.looked_up == []
    assert (check.state, "none of 1 servers is ever asked" in check.found) == ("ok", True)


def test_certificate_is_told_with_its_end(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path / "tls")
    with Upstream(certificate=certificate) as server:
        (soon,) = checked(configured(tmp_path, of(server, ca_file=str(certificate[0]))))
    ends = datetime.now(UTC) + timedelta(days=2)
    assert f"valid until {ends:%Y-%m-%d}, 1 days from now" in soon.found
    assert soon.state == "warn"
    found = Found("gpu", "a", "m", models=("m",), valid_until=ends + timedelta(days=60))
    assert [check.state for check in upstreams.judge(Facts((found,)))] == ["ok"]


@pytest.mark.parametrize(
    ("given", "trusts", "says"),
    [
        ({}, False, "self-signed certificate"),
        ({"is_expired": True}, True, "certificate has expired"),
        ({"names": "DNS:elsewhere.example"}, True, "IP address mismatch"),
    ],
)
def test_certificate_that_is_not_to_be_believed_is_a_fault(
    tmp_path: Path, given: dict[str, Any], trusts: bool, says: str
) -> None:
    certificate = make_certificate(tmp_path / "tls", **given)
    with Upstream(certificate=certificate) as server:
        trusted = {"ca_file": str(certificate[0])} if trusts else {}
        (check,) = checked(configured(tmp_path, of(server, **trusted)))
        assert server.looked_up == []
    assert check.state == "fail"
    assert says in check.found
    assert "ca_file" in check.found + check.cure


@pytest.mark.parametrize(
    ("changes", "state", "says"),
    [
        ({}, "ok", "100 of 1,000 tokens are used today"),
        ({"used": 900, "warning": True}, "warn", "900 of 1,000"),
        ({"used": 1000, "warning": True}, "warn", "no server is asked any more"),
    ],
)
def test_budget_is_judged_by_what_the_daemon_tells(changes: dict[str, Any], state: str, says: str) -> None:
    month = {**TODAY, "limit": 0, "left": None}
    (check,) = upstreams.judge_budget({"ready": "", "budget": {"day": TODAY | changes, "month": month}})
    assert (check.state, says in check.found) == (state, True)
    assert list(upstreams.judge_budget({})) == []


def test_budget_of_which_too_little_is_left_is_told() -> None:
    why = "over the daily budget of 1000 tokens (50 are left, and this may take 120) until 2026-11-28 00:00 UTC"
    checks = list(upstreams.judge_budget({"ready": why, "budget": {"day": TODAY | {"used": 950}}}))
    assert [check.state for check in checks] == ["ok", "warn"]
    assert why in checks[1].found
