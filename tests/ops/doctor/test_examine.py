"""The doctor as an admin calls it: with nothing running, with a real daemon and adapter, and over HTTP."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.http.app import create_app
from llm_agentd.ops import harness
from llm_agentd.ops.doctor import examine_adapter, own_checks
from tests.ops.doctor.test_game import make_world
from tests.support.daemon_in_process import InProcess
from tests.support.http_harness import FakeDaemon, serve_http

KEYS = {"subject", "name", "state", "found", "cure"}


def doctor(*options: str) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "llm_agentd", "doctor", "--json", *options], capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.stderr == ""
    report: dict[str, Any] = json.loads(done.stdout)
    assert all(set(check) == KEYS for check in report["checks"])
    return done.returncode, report


def faults(report: dict[str, Any]) -> set[tuple[str, str]]:
    return {(check["subject"], check["name"]) for check in report["checks"] if check["state"] == "fail"}


def test_nothing_runs_and_each_broken_link_is_named_with_its_cure(tmp_path: Path, free_port: int) -> None:
    sets = [f"zmq.endpoint=ipc://{tmp_path}/zmq", f"http.port={free_port}", f"model.path={tmp_path}/gone.gguf"]
    sets += ["speech.tts=openai", "speech.base_url=http://127.0.0.1:9/v1", "speech.stt=off"]
    code, report = doctor(*(word for one in sets for word in ("--set", one)))
    assert code == 1
    assert report["ok"] is False
    assert faults(report) == {("daemon", "answers"), ("http", "port"), ("model", "file"), ("speech", "voice")}
    assert all(check["cure"] for check in report["checks"] if check["state"] != "ok")


def test_a_configuration_that_cannot_be_loaded_is_a_fault_like_others(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("cache:\n  ttl: 5\n")
    world = make_world(tmp_path / "game", version="0.0.9")
    code, report = doctor("--config", str(config), "--world", str(world))
    assert code == 1
    assert {("configuration", "file"), ("game", "version")} <= faults(report)
    told = next(check for check in report["checks"] if check["subject"] == "configuration")
    assert f"{config}, line 2" in told["found"]


@pytest.mark.slow
def test_the_whole_chain_from_minetest_conf_to_the_engine(tmp_path: Path) -> None:
    state = tmp_path / "state"
    sets = {"model.engine": "stub", "http.token_file": state / "http_token", "cache.path": state / "cache",
            "agents.memory_path": state / "memory.db"}  # fmt: skip
    with harness.daemon(sets, http=True) as running:
        settings = {key: str(value) for key, value in running.mod_settings.items()}
        config = {"secure.http_mods": "llm_agent", "dedicated_server_step": "0.05", **settings}
        world = make_world(tmp_path / "game", config=config)
        options = ["--world", str(world), "--set", f"zmq.endpoint={running.endpoint}"]
        options += ["--set", f"http.port={running.http_port}", "--set", "model.engine=stub", "--set", "speech.tts=stub"]
        options += ["--set", f"http.token_file={state / 'http_token'}"]  # else another test's, where one has made it
        _, report = doctor(*options)
        assert faults(report) == {("model", "served")}, "the stub is no model"
        told = {(check["subject"], check["name"]): check["found"] for check in report["checks"]}
        assert "can answer" in told["game", "way"]
        assert ("machine", "clock") in told, "the daemon's own checks"
        assert re.match(r"stub says a word in \d+ ms, the first one \d+\.\d s after its start", told["speech", "voice"])

        (tmp_path / "game" / "minetest.conf").write_text(f"llm_agent.url = {settings['llm_agent.url']}\n")
        assert ("game", "way") in faults(doctor(*options)[1]), "the token is missing"

        http = harness.HttpConnection(running.http_port, running.http_token)
        over_http = json.loads(http.get("/v1/doctor"))
        assert faults(over_http) == {("model", "served")}
        assert {check["subject"] for check in over_http["checks"]} >= {
            "http",
            "daemon",
            "machine",
            "state",
            "model",
            "speech",
        }


def test_the_route_asks_the_daemon_and_says_when_there_is_none(endpoint: str, tmp_path: Path) -> None:
    told: list[tuple[dict[str, Any], str]] = []

    def examine(records: Any, error: str) -> dict[str, Any]:
        told.append((dict(records), error))
        return {"checks": [], "ok": not error}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.support.http_harness.create_app", lambda **more: create_app(**more, examine=examine))
        with serve_http(endpoint, retry_s=0.1) as server:
            assert server.http.get("/v1/doctor").json() == {"checks": [], "ok": False}
        with InProcess(endpoint), serve_http(endpoint) as server:
            server.http.get("/readyz")
            assert server.http.get("/v1/doctor").json() == {"checks": [], "ok": True}
            assert server.http.get("/v1/doctor").status_code == 200
    assert "no daemon at" in told[0][1]
    assert set(told[1][0]) == {"info", "stats", "roles", "doctor"}
    assert len(told) == 2, "the second answer of two seconds is the first one's"


def test_the_adapter_looks_itself_where_the_daemon_is_away(tmp_path: Path) -> None:
    from llm_agentd.config import load_config

    config = load_config(environ={"STATE_DIRECTORY": str(tmp_path)}, cwd=tmp_path)
    report = examine_adapter(config, {}, "no daemon at ipc://…")
    assert ("daemon", "answers") in faults(report)
    assert "machine" in {check["subject"] for check in report["checks"]}


def test_a_daemon_that_knows_no_doctor_is_examined_all_the_same(endpoint: str) -> None:
    """An older one refuses the op."""
    with FakeDaemon(endpoint) as fake:
        from llm_agentd.config import load_config
        from llm_agentd.ops.doctor import daemon

        fake.script = lambda record: (
            [{"event": "done", record["op"]: {}}]
            if record["op"] != "doctor"
            else [{"event": "error", "code": "bad_request", "message": "op: unknown 'doctor'"}]
        )
        answers = daemon.ask(load_config(sets=[f"zmq.endpoint={endpoint}"], environ={}), {})
    assert answers.error == ""
    assert answers.own is None


def test_own_checks_take_no_long_time_and_change_nothing(tmp_path: Path) -> None:
    from llm_agentd.config import load_config

    environ = {"STATE_DIRECTORY": str(tmp_path / "state")}
    own_checks(load_config(environ=environ, cwd=tmp_path), environ)
    assert list(tmp_path.iterdir()) == []
