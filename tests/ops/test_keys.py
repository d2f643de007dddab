"""`llm-agentd keys`: what it makes, that it keeps what is there, and what it says."""

from __future__ import annotations

import io
import stat
from pathlib import Path

import pytest
import zmq.auth

from llm_agentd.config import load_config
from llm_agentd.errors import StartError
from llm_agentd.ops.keys import keys


def made(state: Path, *names: str) -> str:
    out = io.StringIO()
    assert keys(state, names, out) == 0
    return out.getvalue()


def test_secrets_are_for_their_owner_and_public_keys_lie_where_the_daemon_looks(tmp_path: Path) -> None:
    made(tmp_path, "laptop")
    folder = tmp_path / "curve"
    for name, public in (("server", folder), ("local", folder / "clients"), ("laptop", folder / "clients")):
        secret_file = folder / f"{name}.key_secret"
        assert stat.S_IMODE(secret_file.stat().st_mode) == 0o600
        assert zmq.auth.load_certificate(secret_file)[0] == zmq.auth.load_certificate(public / f"{name}.key")[0]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert sorted(path.name for path in (folder / "clients").iterdir()) == ["laptop.key", "local.key"]


def test_keys_that_are_there_stay(tmp_path: Path) -> None:
    assert "laptop: made" in made(tmp_path, "laptop")
    before = {path: path.read_text() for path in (tmp_path / "curve").rglob("*.key*")}
    (tmp_path / "curve" / "clients" / "laptop.key").unlink()
    assert "laptop: kept" in made(tmp_path, "laptop")
    assert {path: path.read_text() for path in (tmp_path / "curve").rglob("*.key*")} == before


def test_what_it_prints_is_a_configuration_that_works(tmp_path: Path) -> None:
    said = made(tmp_path, "laptop")
    here = said.partition("daemon's machine:")[2].partition("To the machine")[0]
    path = tmp_path / "config.yaml"
    path.write_text(here)
    config = load_config(path, environ={"HOME": str(tmp_path)}, cwd=tmp_path).zmq
    for file in (config.curve_secret_file, config.curve_server_key_file, config.curve_client_secret_file):
        assert file is not None
        assert file.is_file()
    assert config.curve_clients_dir == tmp_path / "curve" / "clients"
    assert str(tmp_path / "curve" / "laptop.key_secret") in said


@pytest.mark.parametrize("name", ["", "server", "../up", "a b", "-x"])
def test_name_that_is_no_file_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(StartError, match="NAME: want letters"):
        keys(tmp_path, [name])
    assert not (tmp_path / "curve").exists()


def test_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "curve").write_text("a file")
    with pytest.raises(StartError, match="cannot make keys"):
        keys(tmp_path, [])
