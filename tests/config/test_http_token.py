"""The HTTP token: made once whoever comes first, whole or not there, for its owner alone; errors with their cure."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from llm_agentd.config.http_token import find_token, renew_token
from llm_agentd.config.values import HTTP_TOKEN
from llm_agentd.errors import StartError

NOBODY = 65534


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder that is not there yet."""
    return tmp_path / "a" / "state"


@pytest.fixture
def path(state: Path) -> Path:
    return state / "http_token"


@contextmanager
def another_user(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The block runs as a user who may not look into `folder`. Who is not root cannot become another one: the folder is
    then closed to its owner as well, who only believes to be another."""
    if os.geteuid() == 0:
        folder.chmod(0o700)
        os.seteuid(NOBODY)
        try:
            yield
        finally:
            os.seteuid(0)
        return
    folder.chmod(0)
    monkeypatch.setattr(os, "geteuid", lambda: NOBODY)
    try:
        yield
    finally:
        folder.chmod(0o700)


def test_token_is_made_once_and_found_again(path: Path, state: Path) -> None:
    token = find_token(None, path)
    assert token is not None
    assert HTTP_TOKEN.fullmatch(token)
    assert len(token) >= 128 / 6, "6 bits a character"
    assert find_token(None, path) == token == path.read_text().strip()
    assert [file.name for file in state.iterdir()] == ["http_token"]


def test_two_state_folders_have_two_tokens(tmp_path: Path) -> None:
    assert len({find_token(None, tmp_path / str(number)) for number in range(50)}) == 50


def test_token_and_its_folder_are_for_the_owner_alone(path: Path, state: Path) -> None:
    before = os.umask(0)
    try:
        find_token(None, path)
    finally:
        os.umask(before)
    assert state.stat().st_mode & 0o777 == 0o700
    assert path.stat().st_mode & 0o777 == 0o600
    renew_token(None, path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_token_made_by_root_belongs_to_the_owner_of_the_folder(path: Path, state: Path) -> None:
    state.mkdir(parents=True)
    if os.geteuid() == 0:
        os.chown(state, NOBODY, NOBODY)
    find_token(None, path)
    owner = state.stat()
    assert (path.stat().st_uid, path.stat().st_gid) == (owner.st_uid, owner.st_gid)
    renew_token(None, path)
    assert path.stat().st_uid == owner.st_uid


def test_all_who_start_at_once_have_one_token(path: Path, state: Path) -> None:
    start = threading.Barrier(16)

    def begin(_: int) -> str | None:
        start.wait()
        return find_token(None, path)

    with ThreadPoolExecutor(16) as pool:
        tokens = set(pool.map(begin, range(16)))
    assert len(tokens) == 1
    assert [file.name for file in state.iterdir()] == ["http_token"]


def test_token_that_another_made_meanwhile_is_taken(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other is quicker by the narrowest margin: just before ours gets its name."""
    link, theirs = os.link, "made-by-the-other-one"

    def late(source: str, target: Path) -> None:
        target.write_text(theirs)
        link(source, target)

    monkeypatch.setattr(os, "link", late)
    assert find_token(None, path) == theirs


@pytest.mark.parametrize("step", ["fsync", "link"])
def test_failure_while_it_is_made_leaves_no_half_token(
    path: Path, state: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, step, full)
        with pytest.raises(
            StartError, match=r"cannot use .*http_token \(No space left on device\): name a file that can"
        ):
            find_token(None, path)
    assert list(state.iterdir()) == []
    assert find_token(None, path)


def test_renewed_token_takes_the_place_of_the_old_one(path: Path, state: Path) -> None:
    old = find_token(None, path)
    new = renew_token(None, path)
    assert new != old
    assert find_token(None, path) == new
    assert [file.name for file in state.iterdir()] == ["http_token"]


def test_new_token_mends_a_damaged_file(path: Path) -> None:
    find_token(None, path)
    for damage in (b"", b"\n", b"cut", b"\xff\xfe\x00" * 9, b"two words\n" * 3):
        path.write_bytes(damage)
        with pytest.raises(StartError, match="holds no token; `llm-agentd token --new` makes one"):
            find_token(None, path)
    assert renew_token(None, path) == find_token(None, path)


def test_token_of_the_configuration_is_used_and_not_changed(path: Path, state: Path) -> None:
    assert find_token("of-the-configuration", path) == "of-the-configuration"
    with pytest.raises(StartError, match="is set in the configuration: change it there"):
        renew_token("of-the-configuration", path)
    assert find_token("off", path) is None
    assert not state.exists()


def test_token_of_another_user_is_explained_with_the_command(
    path: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_token(None, path)
    owner = state.owner()
    for ask in (find_token, renew_token):
        with another_user(state, monkeypatch), pytest.raises(StartError) as caught:
            ask(None, path)
        assert f"it belongs to {owner}; run this as that user, such as: sudo -u {owner} llm-agentd token" in str(
            caught.value
        )


def test_place_that_is_no_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartError, match=r"http\.token_file: cannot use .*/file/x \(Not a directory\): name a file"):
        find_token(None, tmp_path / "file" / "x")


@pytest.mark.slow
def test_processes_that_start_at_once_have_one_token(state: Path) -> None:
    command = [sys.executable, "-m", "llm_agentd", "token", "--set", f"http.token_file={state}/http_token"]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert len({process.communicate(timeout=60)[0] for process in started}) == 1
    assert [process.returncode for process in started] == [0] * 4


def test_token_that_others_could_read_is_closed_to_them(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    token = find_token(None, path)
    path.chmod(0o644)
    assert find_token(None, path) == token
    assert path.stat().st_mode & 0o777 == 0o640  # its group may read it: an admin may want that
    assert "llm-agentd token --new" in caplog.text
    caplog.clear()
    assert find_token(None, path) == token
    assert caplog.text == ""


@pytest.mark.root
def test_token_that_another_user_put_there_is_refused(path: Path, tmp_path: Path) -> None:
    find_token(None, path)
    path.unlink()
    theirs = tmp_path / "theirs"
    theirs.write_text("knowntoken123456\n")
    theirs.chmod(0o600)
    os.chown(theirs, NOBODY, NOBODY)
    path.symlink_to(theirs)
    with pytest.raises(StartError, match="belongs to another user"):
        find_token(None, path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_pipe_and_endless_file_in_the_place_of_the_token_are_refused_at_once(path: Path, state: Path) -> None:
    state.mkdir(parents=True, mode=0o700)
    os.mkfifo(path)
    with pytest.raises(StartError, match="no regular file"):
        find_token(None, path)
    path.unlink()
    path.symlink_to("/dev/zero")
    with pytest.raises(StartError, match="no regular file"):
        find_token(None, path)
    path.unlink()
    path.write_text("x" * 100_000)
    with pytest.raises(StartError, match="more than 4096 bytes"):
        find_token(None, path)


@pytest.mark.skipif(os.name != "posix", reason="rights of POSIX")
def test_folder_into_which_others_may_write_is_refused(path: Path, state: Path) -> None:
    find_token(None, path)
    state.chmod(0o777)
    with pytest.raises(StartError, match=f"run `chmod go-w {state}`"):
        find_token(None, path)
    state.chmod(0o1777)  # as /tmp has it: nobody else replaces our file
    assert find_token(None, path)
