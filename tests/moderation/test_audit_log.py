"""The audit log: its format, what is deleted from it, and a disk that fails."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from llm_agentd.moderation.audit_log import AuditLog, append, entries, forget_player, prune
from tests.support.audit import NOW, entry
from tests.support.damage import damages


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


def test_log_is_bounded_by_two_files_of_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "moderation.jsonl"
    for number in range(200):
        append(path, entry(f"P{number}", 1), max_bytes=2000)
    assert sorted(file.name for file in tmp_path.iterdir()) == [path.name, f"{path.name}.1", f"{path.name}.lock"]
    assert all(file.stat().st_size <= 2000 for file in tmp_path.iterdir())
    players = [line["player"] for line in entries(path)]
    assert players == [f"P{number}" for number in range(200 - len(players), 200)]
    assert forget_player(path, players[0]) == 1
    assert [line["player"] for line in entries(path)] == players[1:]


def test_fields_are_cut(tmp_path: Path) -> None:
    path = tmp_path / "moderation.jsonl"
    log = AuditLog(path, 30)
    log.start()
    log.write({"player": "A" * 10_000, "match": "m" * 10_000, "text": "t" * 10_000})
    log.stop()
    (line,) = entries(path)
    assert [len(line[name]) for name in ("player", "match", "text")] == [200, 200, 2000]


def test_torn_line_costs_itself_alone(tmp_path: Path) -> None:
    path = tmp_path / "moderation.jsonl"
    append(path, entry("Ana", 1))
    with path.open("ab") as torn:
        torn.write(b'{"player":"Bo","te')
    append(path, entry("Cy", 1))
    assert [line["player"] for line in entries(path)] == ["Ana", "Cy"]


def test_full_disk_leaves_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "moderation.jsonl"
    append(path, entry("Ana", 1))
    before, write = path.read_bytes(), os.write
    monkeypatch.setattr(os, "write", lambda handle, data: write(handle, data[:7]))
    with pytest.raises(OSError, match="No space left"):
        append(path, entry("Bo", 1))
    assert path.read_bytes() == before


def test_folder_file_and_lock_are_for_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "state" / "moderation.jsonl"
    append(path, entry("Ana", 1))
    path.chmod(0o644)
    append(path, entry("Bo", 1))
    lock = path.with_name(path.name + ".lock")
    assert [file.stat().st_mode & 0o777 for file in (path.parent, path, lock)] == [0o700, 0o600, 0o600]


@pytest.mark.root
def test_lock_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "moderation.jsonl"
    lock = path.with_name(path.name + ".lock")
    lock.touch()
    os.chown(lock, 12345, 12345)
    monkeypatch.setattr(os, "geteuid", lambda: 4321)
    with pytest.raises(PermissionError, match="belongs to another user"):
        append(path, entry("Ana", 1))
    assert not path.exists()


def test_200_damages_cost_no_line_that_is_written_later(tmp_path: Path) -> None:
    path = tmp_path / "moderation.jsonl"
    for number in range(20):
        append(path, entry(f"P{number}", 1))
    whole = path.read_bytes()
    for damage in damages(200, seed=6):
        path.write_bytes(whole)
        damage.apply([path])
        append(path, entry("Ana", 1))
        assert list(entries(path))[-1]["player"] == "Ana"
        assert forget_player(path, "Ana") >= 1
