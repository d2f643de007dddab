"""The audit log: its format, what is deleted from it, and a disk that fails."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from llm_agentd.moderation.audit_log import AuditLog, append, entries, forget_player, prune
from tests.support.audit import NOW, entry


def test_log_is_json_lines_for_its_owner_only_without_what_is_too_old(tmp_path: Path) -> None:
    path = tmp_path / "state" / "moderation.jsonl"
    for line in (entry("Ana", 40), entry("Bo", 2), entry("Ana", 1)):
        append(path, line)
    assert path.stat().st_mode & 0o777 == 0o600
    log = AuditLog(path, 30, now=lambda: NOW)
    log.start()
    log.write({"player": "Cy", "text": "новое"})
    log.stop()
    assert [line["player"] for line in entries(path)] == ["Bo", "Ana", "Cy"]
    assert list(entries(path))[-1]["time"] == "2026-01-31T12:00:00.000Z"


def test_forget_player_in_a_missing_file_deletes_nothing(tmp_path: Path) -> None:
    assert forget_player(tmp_path / "moderation.jsonl", "Ana") == 0


def test_forget_player_deletes_their_lines_and_damaged_ones(tmp_path: Path) -> None:
    path = tmp_path / "moderation.jsonl"
    append(path, entry("Ana", 3))
    append(path, entry("Bo", 2))
    with path.open("ab") as damaged:
        damaged.write(b'{"player":"An\n[1]\n')
    assert [line["player"] for line in entries(path)] == ["Ana", "Bo"]
    assert forget_player(path, "Ana") == 3
    assert [line["player"] for line in entries(path)] == ["Bo"]


def test_prune_deletes_lines_from_before(tmp_path: Path) -> None:
    path = tmp_path / "moderation.jsonl"
    for days_ago in (2, 0):
        append(path, entry("Bo", days_ago))
    assert prune(path, NOW - timedelta(days=1)) == 1
    assert len(list(entries(path))) == 1


def test_log_that_cannot_be_written_warns_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    log = AuditLog(tmp_path / "file" / "moderation.jsonl", 30)
    log.start()
    log.write({"player": "Ana"})
    log.write({"player": "Ana"})
    log.stop()
    assert len([record for record in caplog.records if "audit" in record.message]) == 1
