"""The lock on a file: who is kept out, when it ends, and what stays."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from llm_agentd.util.file_lock import FileLock


def test_second_lock_on_the_same_file_is_refused_until_release(tmp_path: Path) -> None:
    first = FileLock(tmp_path / "a.lock")
    with pytest.raises(BlockingIOError):
        FileLock(tmp_path / "a.lock")
    first.release()
    first.release()
    FileLock(tmp_path / "a.lock").release()


def test_waiting_lock_is_taken_when_the_first_is_released(tmp_path: Path) -> None:
    first = FileLock(tmp_path / "a.lock")
    taken = threading.Event()

    def wait() -> None:
        with FileLock(tmp_path / "a.lock", wait=True):
            taken.set()

    waiter = threading.Thread(target=wait)
    waiter.start()
    assert not taken.wait(0.05)
    first.release()
    assert taken.wait(30)
    waiter.join()


def test_lock_of_a_process_that_ended_is_free(tmp_path: Path) -> None:
    code = "import os, sys; from pathlib import Path; from llm_agentd.util.file_lock import FileLock\n"
    code += "lock = FileLock(Path(sys.argv[1])); os._exit(0)"
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.lock")], check=True)
    FileLock(tmp_path / "a.lock").release()


def test_new_lock_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    with FileLock(tmp_path / "a.lock"):
        assert (tmp_path / "a.lock").stat().st_mode & 0o777 == 0o600


def test_lock_in_a_missing_folder_raises_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FileLock(tmp_path / "nowhere" / "a.lock")
