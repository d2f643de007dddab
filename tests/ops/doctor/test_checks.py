"""The doctor's other subjects: pure verdicts on facts, and the facts of real files where that is quick."""

from __future__ import annotations

import dataclasses
import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.config import Config, load_config
from llm_agentd.engines.base import Candidate
from llm_agentd.memory.schema import VERSION
from llm_agentd.ops.doctor import adapter, daemon, machine, model, remote, service, state, token
from llm_agentd.ops.doctor.check import Check, as_fields, fail, ok
from llm_agentd.ops.doctor.way import Answer

GB = 1_000_000_000


def by_name(checks: Any) -> dict[str, Check]:
    return {check.name: check for check in checks}


def bad(checks: Any) -> dict[str, str]:
    return {check.name: check.state for check in checks if check.state != "ok"}


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return load_config(environ={"STATE_DIRECTORY": str(tmp_path / "state")}, cwd=tmp_path)


# The daemon ----------------------------------------------------------------------------------------------------------

INFO = {"version": "1.2.3", "model": "hearthling", "engine": "llama"}
STATS = {"queue": 0, "useful_batch_size": 4, "memory": {"backend": "sqlite"}, "cache": {"writing": True}}
ROLES = {"roles": [{"name": "smith"}], "problems": []}


def of_daemon(config: Config, **changes: Any) -> list[Check]:
    answers = daemon.Answers("ipc:///z", info=INFO, stats=STATS, roles=ROLES)
    return list(daemon.judge(dataclasses.replace(answers, **changes), config, "1.2.3"))


def test_a_daemon_in_order_tells_its_version_model_and_width(config: Config) -> None:
    checks = of_daemon(config)
    assert bad(checks) == {}
    found = " ".join(check.found for check in checks)
    for part in ("ipc:///z", "1.2.3", "hearthling", "llama", "4 requests at once pay", "1 roles"):
        assert part in found


def test_width_of_a_model_on_servers_is_not_this_machines() -> None:
    upstreams = '[{"base_url": "https://example.org/v1", "model": "qwen"}]'
    config = load_config(sets=["model.engine=openai", f"remote.upstreams={upstreams}"], environ={})
    found = " ".join(check.found for check in of_daemon(config))
    assert "4 requests at once may go to the servers" in found
    assert "this machine" not in found


def test_libraries_that_were_timed_are_told_with_what_each_gives(config: Config) -> None:
    taken = Candidate("llama_ik", "ik 1", 240.0, 210.4, 31, "longer parts than 31 tokens would be wrong")
    other = Candidate("llama_native", "native 1", 0.0, 0.0, 0, "passed over: it crashed")
    info = INFO | {"engine": "llama_ik", "candidates": [dataclasses.asdict(one) for one in (taken, other)]}
    told = {check.name: check.found for check in of_daemon(config, info=info)}
    assert told["engine llama_ik"].startswith(
        "Taken: engine llama_ik (ik 1): 240 prompt tokens/s, 210 reply tokens/s; "
    )
    assert told["engine llama_native"] == "Also installed: engine llama_native (native 1); passed over: it crashed"


def test_what_a_daemon_of_another_version_tells_of_libraries_is_left_out(config: Config) -> None:
    checks = of_daemon(config, info=INFO | {"candidates": [{"engine": "x", "speed": 7}]})
    assert not [check for check in checks if check.name.startswith("engine ")]


def test_no_daemon_is_one_fault_that_says_how_to_start_it(config: Config) -> None:
    checks = of_daemon(config, error="no daemon at ipc:///z")
    assert [check.state for check in checks] == ["fail"]
    assert "llm-agentd serve" in checks[0].cure
    silent = of_daemon(config, error="the engine loop is silent for 31 s")
    assert "journalctl" in silent[0].cure


@pytest.mark.parametrize(
    ("changes", "name", "state", "found"),
    [
        ({"info": INFO | {"version": "1.1.0"}}, "version", "fail", "1.1.0"),
        ({"info": INFO | {"engine": "stub"}}, "served", "fail", "no model"),
        ({"stats": STATS | {"queue": 1000}}, "queue", "warn", "1000 requests wait"),
        ({"stats": STATS | {"queue": {"spoken": 1, "ambient": 999}}}, "queue", "warn", "1000 requests wait"),
        ({"stats": STATS | {"memory": {"problem": "m.db: version 2"}}}, "store", "fail", "m.db: version 2"),
        ({"stats": STATS | {"cache": {"writing": False}}}, "store", "warn", "cannot be written"),
        ({"stats": STATS | {"cache": {"error": "MDB_CORRUPTED"}}}, "store", "warn", "MDB_CORRUPTED"),
        ({"stats": STATS | {"switch": {"on": False, "by": "Ada"}}}, "switch", "fail", "Switched off by Ada"),
        ({"stats": STATS | {"game": {"step_gap_ms_p99": 400}}}, "step gap", "warn", "400 ms"),
        ({"stats": STATS | {"game": {"version": "0.9.0"}}}, "version", "fail", "Mod 0.9.0 and daemon 1.2.3"),
        ({"roles": ROLES | {"problems": ["smith.yaml:2: title: missing"]}}, "file", "fail", "smith.yaml:2"),
        ({"roles": ROLES | {"notes": ["smith.yaml: voice: 'womn'"]}}, "words", "warn", "womn"),
    ],
)
def test_what_the_daemon_says_is_wrong_stands_with_a_cure(
    config: Config, changes: dict[str, Any], name: str, state: str, found: str
) -> None:
    checks = of_daemon(config, **changes)
    assert bad(checks) == {name: state}
    told = next(check for check in checks if check.state != "ok")
    assert found in told.found
    assert told.cure


def test_a_game_that_is_long_silent_is_not_judged(config: Config) -> None:
    old = {"step_gap_ms_p99": 400, "version": "0.9.0", "told_s_ago": daemon.GAME_RECENT_S + 1}
    assert bad(of_daemon(config, stats=STATS | {"game": old})) == {}


def test_many_bad_roles_are_counted(config: Config) -> None:
    checks = of_daemon(config, roles=ROLES | {"problems": [f"r{number}.yaml: bad" for number in range(9)]})
    faults = [check.found for check in checks if check.state == "fail"]
    assert len(faults) == daemon.PROBLEMS_SHOWN + 1
    assert "more role files with mistakes: 5" in faults[-1]


def test_answers_hold_what_came_and_nothing_else() -> None:
    records = {"info": {"info": INFO}, "stats": {"stats": 7}, "doctor": as_fields([ok("disk", "x", "y")])}
    answers = daemon.Answers.of_records("e", records, "")
    assert (answers.info, answers.stats, answers.roles) == (INFO, {}, {})
    assert answers.own == [ok("disk", "x", "y")]
    assert daemon.Answers.of_records("e", {}, "why").own is None


# The model -----------------------------------------------------------------------------------------------------------

FITS = model.Facts(Path("/m.gguf"), needed=2 * GB, total=16 * GB, available=8 * GB)


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (FITS, {}),
        (dataclasses.replace(FITS, needed=20 * GB), {"memory": "fail"}),
        (dataclasses.replace(FITS, needed=13 * GB), {"memory": "warn"}),
        (dataclasses.replace(FITS, needed=9 * GB), {"memory": "warn"}),
        (dataclasses.replace(FITS, needed=9 * GB, is_running=True), {}),  # it has its memory already
        (dataclasses.replace(FITS, problem="/m.gguf: no such file"), {"file": "fail"}),
        (model.Facts(None, without_file="stub"), {"file": "warn"}),
        (model.Facts(None, without_file="openai"), {}),
    ],
)
def test_memory_for_the_model_is_judged_by_what_the_machine_has(facts: model.Facts, verdict: dict[str, str]) -> None:
    assert bad(model.judge(facts)) == verdict


def test_a_model_file_that_is_gone_is_named(config: Config, tmp_path: Path) -> None:
    gone = load_config(sets=[f"model.path={tmp_path}/gone.gguf"], environ={}, cwd=tmp_path)
    check = next(model.judge(model.look(gone, is_running=False)))
    assert (check.state, "gone.gguf" in check.found, "llm-agentd model" in check.cure) == ("fail", True, True)
    assert bad(model.judge(model.look(config, is_running=True))) == {}, "the embedded one is there"


# The state folder ----------------------------------------------------------------------------------------------------


def facts_of(config: Config, tmp_path: Path, **changes: Any) -> state.Facts:
    facts = state.look(config, {"STATE_DIRECTORY": str(tmp_path / "state")}, None)
    room = {"free_bytes": 10 * GB, "free_inodes": 1000, "is_read_only": False, **changes}
    return dataclasses.replace(facts, **room)


def test_a_fresh_or_private_state_folder_is_in_order(config: Config, tmp_path: Path) -> None:
    assert bad(state.judge(facts_of(config, tmp_path))) == {}
    (tmp_path / "state").mkdir(mode=0o700)
    assert bad(state.judge(facts_of(config, tmp_path))) == {}


@pytest.mark.parametrize(("mode", "verdict"), [(0o777, "fail"), (0o755, "warn"), (0o1777, "warn")])
def test_a_state_folder_that_others_enter_says_the_chmod(
    config: Config, tmp_path: Path, mode: int, verdict: str
) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(mode)
    checks = list(state.judge(facts_of(config, tmp_path)))
    assert bad(checks) == {"the state folder": verdict}
    assert "chmod" in by_name(checks)["the state folder"].cure


def test_a_folder_of_another_user_says_the_chown(config: Config, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o700)
    facts = facts_of(config, tmp_path)
    foreign = dataclasses.replace(facts.places[0], owner="ana")
    check = by_name(state.judge(dataclasses.replace(facts, places=(foreign,), user="llm-agentd")))["the state folder"]
    assert (check.state, check.cure) == ("fail", f"chown -R llm-agentd: {tmp_path / 'state'}")


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"free_bytes": 10_000_000}, "fail"),
        ({"free_inodes": 0}, "fail"),
        ({"is_read_only": True}, "fail"),
        ({"free_bytes": 200_000_000}, "warn"),
        ({}, "ok"),
    ],
)
def test_disk_space_is_judged_by_what_may_still_grow(
    config: Config, tmp_path: Path, changes: dict[str, Any], verdict: str
) -> None:
    assert by_name(state.judge(facts_of(config, tmp_path, **changes)))["disk"].state == verdict


def test_a_memory_of_a_newer_version_is_named(config: Config, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o700)
    for version, verdict in ((VERSION, None), (VERSION + 1, "fail")):
        with closing(sqlite3.connect(config.agents.memory_path)) as memory:
            memory.execute(f"PRAGMA user_version = {version}")
        config.agents.memory_path.chmod(0o600)
        check = by_name(state.judge(facts_of(config, tmp_path))).get("version")
        assert (check.state if check else None) == verdict
    assert check is not None
    assert f"version {VERSION + 1}" in check.found
    assert "newer llm-agentd" in check.cure


# The machine ---------------------------------------------------------------------------------------------------------

DAY_S = 86_400.0
SOUND = machine.Facts(now_s=1.8e9, program_s=1.7e9, newest_s=1.8e9, total=GB, available=GB, cpus=4, threads=None)


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (SOUND, {}),
        (dataclasses.replace(SOUND, now_s=DAY_S), {"clock": "fail"}),
        (dataclasses.replace(SOUND, newest_s=SOUND.now_s + DAY_S), {"clock": "warn"}),
        (dataclasses.replace(SOUND, available=GB // 100), {"memory": "warn"}),
        (dataclasses.replace(SOUND, threads=8), {"threads": "warn"}),
    ],
)
def test_clock_memory_and_threads(facts: machine.Facts, verdict: dict[str, str]) -> None:
    assert bad(machine.judge(facts)) == verdict


def test_memory_is_what_this_process_may_take(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not what the machine has: a unit or a container may be held to less."""
    for subject in (machine, model):
        monkeypatch.setattr(subject, "total_bytes", lambda: 3 * GB)
        monkeypatch.setattr(subject, "free_bytes", lambda: GB)
    found = (machine.look(config, {}), model.look(config, is_running=False))
    assert [(facts.total, facts.available) for facts in found] == [(3 * GB, GB)] * 2


# Token and port ------------------------------------------------------------------------------------------------------


def test_a_token_is_read_and_never_made(config: Config) -> None:
    path = config.http.token_file
    assert token.look(config).is_missing
    assert not path.exists()
    path.parent.mkdir()
    path.write_text("of-the-first-start-0123456789abc\n")
    assert token.look(config).token == "of-the-first-start-0123456789abc"
    assert bad(token.judge(token.look(config))) == {}
    path.write_text("no token at all, for sure\n")
    assert bad(token.judge(token.look(config))) == {"token": "fail"}


def test_no_check_shows_the_token(config: Config) -> None:
    facts = token.Facts(config.http.token_file, "of-the-first-start-0123456789abc")
    assert not [check for check in token.judge(facts) if facts.token and facts.token in check.found + check.cure]


@pytest.mark.parametrize(
    ("changes", "state", "found"),
    [
        ({}, "ok", "can answer"),
        ({"ready": None}, "ok", "listens"),
        ({"ready": Answer(401, {})}, "fail", "wants its token"),
        ({"alive": Answer(0, problem="refused")}, "fail", "Nobody answers"),
        ({"alive": Answer(200, None), "holder": "nginx (process 8)"}, "fail", "is taken by nginx (process 8)"),
        ({"alive": Answer(0, is_late=True)}, "fail", "is taken by another program"),
        ({"is_wanted": False}, "ok", "any free one"),
    ],
)
def test_the_port_of_the_adapter(changes: dict[str, Any], state: str, found: str) -> None:
    alive, ready = Answer(200, adapter.ALIVE), Answer(200, {"ready": True})
    facts = dataclasses.replace(adapter.Facts("http://127.0.0.1:8000", True, alive, ready, ""), **changes)
    check = by_name(adapter.judge(facts)).get("port") or by_name(adapter.judge(facts))["way"]
    assert check.state == state
    assert found in check.found


def test_who_has_the_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        config = load_config(sets=[f"http.port={port}"], environ={"STATE_DIRECTORY": str(tmp_path)}, cwd=tmp_path)
        facts = adapter.look(config, token.look(config))
    assert "process" in facts.holder
    assert bad(adapter.judge(facts)) == {"port": "fail"}


# Other machines, the service ------------------------------------------------------------------------------------------


def test_a_classifier_that_cannot_be_reached_is_a_warning(tmp_path: Path, free_port: int) -> None:
    sets = [f"agents.moderation_url=http://127.0.0.1:{free_port}/v1/moderations", "agents.moderation_key_env=MY_KEY"]
    config = load_config(sets=sets, environ={}, cwd=tmp_path)
    assert bad(remote.judge(remote.look(config, {}))) == {"moderation": "warn", "moderation key": "warn"}
    with socket.create_server(("127.0.0.1", free_port)):
        assert bad(remote.judge(remote.look(config, {"MY_KEY": "x"}))) == {}
    assert list(remote.judge(remote.Facts(None))) == []


RUNS = {"LoadState": "loaded", "ActiveState": "active", "SubState": "running", "UnitFileState": "enabled",
        "Result": "success", "NRestarts": "0", "StatusText": "ready zmq=…", "User": "llm-agentd"}  # fmt: skip


def of_service(**values: str) -> list[Check]:
    units = tuple(service.Unit(name, {**RUNS, **values}) for name in service.UNITS)
    return list(service.judge(service.Facts(units)))


def test_units_that_run_are_in_order_and_tell_the_daemons_user() -> None:
    checks = of_service()
    assert bad(checks) == {}
    assert "ready zmq=…" in checks[0].found
    assert service.Facts((service.Unit("x", RUNS),)).user == "llm-agentd"


@pytest.mark.parametrize(
    ("values", "state", "cure"),
    [
        ({"ActiveState": "failed", "Result": "exit-code", "ExecMainStatus": "2"}, "fail", "-n 5 says what"),
        ({"ActiveState": "failed", "Result": "watchdog", "ExecMainStatus": "6"}, "fail", "-n 20 says why"),
        ({"ActiveState": "activating", "Result": "oom-kill"}, "fail", "journalctl"),
        ({"ActiveState": "activating"}, "warn", "Wait"),
        ({"ActiveState": "inactive"}, "fail", "systemctl start"),
        ({"UnitFileState": "disabled"}, "warn", "systemctl enable"),
        ({"NeedDaemonReload": "yes"}, "warn", "daemon-reload"),
        ({"NRestarts": "7"}, "warn", "-p warning"),
        ({"ActiveState": "activating", "SubState": "start", "NRestarts": "2"}, "fail", "-n 20 says why"),
    ],
)
def test_a_unit_in_trouble_stands_with_its_command(values: dict[str, str], state: str, cure: str) -> None:
    told = next(check for check in of_service(**values) if check.state != "ok")
    assert told.state == state
    assert cure in told.cure


def test_half_a_service_is_a_fault_and_none_is_no_fault() -> None:
    missing = service.Unit("llm-agentd-http.service", {"LoadState": "not-found"})
    half = (service.Unit("llm-agentd.service", RUNS), missing)
    assert bad(service.judge(service.Facts(half))) == {"llm-agentd-http.service": "fail"}
    assert bad(service.judge(service.Facts(()))) == {}


def test_a_long_message_of_somebody_else_is_cut() -> None:
    assert len(fail("a", "b", "x" * 5000, "c").found) < 700
