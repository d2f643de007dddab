"""The audit log of changes: who changed what, in a file for its owner alone, and in memory for who looks."""

from __future__ import annotations

import stat
from pathlib import Path

import orjson
import pytest

from llm_agentd.config import private_lines
from llm_agentd.roles import Roles
from llm_agentd.server import audit_log
from llm_agentd.server.audit_log import FILE_NAME, AuditLog
from tests.support.daemon_in_process import InProcess

ROLE = {"title": "the ferryman", "persona": "The ferryman takes travellers over the river."}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / FILE_NAME


def lines(path: Path) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def test_change_is_a_line_for_its_owner_alone(path: Path) -> None:
    log = AuditLog(path, now_s=lambda: 0.0)
    log.start()
    log.note("set_role", "smith", {"title": "old"}, {"title": "new"}, who="http", by="Ana")
    log.stop()
    assert lines(path) == [
        {
            "time": "1970-01-01T00:00:00.000Z", "who": "http", "by": "Ana", "what": "set_role", "target": "smith",
            "before": {"title": "old"}, "after": {"title": "new"},
        }
    ]  # fmt: skip
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_was_noted_is_there_after_a_restart_the_newest_first(path: Path) -> None:
    for target in ("a", "b"):
        log = AuditLog(path)
        log.start()
        log.note("forget", target)
        log.stop()
    log = AuditLog(path)
    log.start()
    assert [entry["target"] for entry in log.entries(10)] == ["b", "a"]
    assert [entry["target"] for entry in log.entries(1)] == ["b"]
    log.stop()


def test_value_that_is_long_is_cut(path: Path) -> None:
    log = AuditLog(None)
    log.note("set_role", "smith", after={"persona": "x" * 5000})
    after = log.entries(1)[0]["after"]
    assert len(after) == audit_log.VALUE_MAX_CHARS
    assert after.endswith("…")


def test_full_file_gives_way_to_three_older_ones(path: Path) -> None:
    for number in range(40):
        private_lines.append(path, {"number": number}, max_bytes=60, older_max=3)
    names = sorted(file.name for file in path.parent.iterdir())
    assert names == [FILE_NAME, *(f"{FILE_NAME}.{n}" for n in (1, 2, 3)), f"{FILE_NAME}.lock"]
    kept = [entry["number"] for entry in private_lines.read(path, older_max=3)]
    assert kept == list(range(kept[0], 40))


def test_disk_that_fails_is_said_once_and_the_entries_stay(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    log = AuditLog(tmp_path / "state" / FILE_NAME)
    log.start()
    log.note("forget", "Ana")
    log.note("forget", "Ben")
    log.stop()
    assert [entry["target"] for entry in log.entries(10)] == ["Ben", "Ana"]
    assert caplog.text.count("no audit log of changes is kept") == 1


def test_roles_that_are_set_and_taken_away_are_noted_with_who_did_it(endpoint: str, tmp_path: Path) -> None:
    roles = Roles.load(tmp_path / "roles", may_be_missing=True)
    with InProcess(endpoint, roles=roles) as daemon, daemon.client() as client:
        client.request("set_role", name="ferryman", role=ROLE, via="cli", by="root")
        client.request("set_role", name="ferryman", role=None)
        deleted, written = daemon.audit.entries(10)
    assert (written["what"], written["target"], written["who"], written["by"]) == (
        "set_role", "ferryman", "cli", "root",
    )  # fmt: skip
    assert (deleted["what"], deleted["who"]) == ("delete_role", "wire")
