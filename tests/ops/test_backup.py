"""`llm-agentd backup` and `restore`: what was saved comes back, what was there stays, a bad file touches nothing."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from llm_agentd.client import Client
from llm_agentd.config import load_config
from llm_agentd.errors import StartError
from llm_agentd.memory import SqliteMemory, schema
from llm_agentd.memory.reader import StoreReader
from llm_agentd.ops.backup import archive
from llm_agentd.ops.backup import restore as restoring
from llm_agentd.ops.backup.create import backup as create
from llm_agentd.ops.backup.parts import Part
from llm_agentd.ops.backup.places import Places
from llm_agentd.ops.backup.restore import restore as bring_back
from llm_agentd.types import MemoryTurn
from llm_agentd.util.keep_aside import keep_aside
from tests.ops.test_cli import TIMEOUT_S, environment, run
from tests.support.make_fixtures import FOLDER

MIB = 2**20
FERRYMAN = "title: the ferryman\npersona: The ferryman takes travellers over the river.\n"


class State:
    """A daemon's state folder and its configuration."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config_file = folder / "etc" / "config.yaml"
        self.memory = folder / "memory.db"
        self.roles = folder / "roles"
        self.log = folder / "moderation.jsonl"

    def fill(self) -> None:
        self.roles.mkdir(parents=True)
        (self.roles / "ferryman.yaml").write_text(FERRYMAN)
        (self.roles / ".ferryman.yaml.swp").write_text("an editor's")
        (self.roles / ".history").mkdir()
        (self.roles / ".history" / "ferryman.json").write_text("[]")
        self.config_file.parent.mkdir()
        self.config_file.write_text("batch:\n  size: 4\n")
        self.log.write_bytes(b'{"player": "Ana"}\n{"player": "Bo"}\n{"torn')
        self.log.with_name("moderation.jsonl.1").write_bytes(b'{"player": "Cid"}\n')
        remember(self.memory, "I hid the sapphire.")

    @property
    def sets(self) -> list[str]:
        paths = {"agents.memory_path": self.memory, "agents.roles_dir": self.roles, "agents.audit_path": self.log}
        return [f"{key}={path}" for key, path in (paths | {"cache.path": self.folder / "cache"}).items()]

    def backup(self, target: Path) -> str:
        out = io.StringIO()
        places = Places.of(load_config(self.config_file, self.sets), self.config_file)
        assert create(target, places, out) == 0
        return out.getvalue()

    def restore(self, source: Path, only: Sequence[Part] = ()) -> str:
        out = io.StringIO()
        assert bring_back(source, config_file=self.config_file, sets=self.sets, only=only, out=out) == 0
        return out.getvalue()

    def files(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and path.suffix != ".lock"
        }


def remember(path: Path, *lines: str) -> None:
    memory = SqliteMemory(path, turns=5, max_bytes=64 * MIB)
    memory.start(lambda job: None)
    for line in lines:
        memory.add_exchange(MemoryTurn("npc-1", "Mira", "Ana", "Oakford", line), "Good.", 1e12)
    memory.close()


def said(path: Path) -> list[str]:
    with closing(StoreReader(path)) as reader:
        return [row.said for row in reader.iterate(None, None)]


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    state = State(tmp_path / "state")
    state.fill()
    monkeypatch.setenv("STATE_DIRECTORY", str(state.folder))
    return state


@pytest.fixture
def saved(state: State, tmp_path: Path) -> Path:
    state.backup(tmp_path / "saved.tar.gz")
    return tmp_path / "saved.tar.gz"


def test_backup_is_one_private_file_that_tar_lists(state: State, tmp_path: Path) -> None:
    (state.folder / "http_token").write_text("secret")
    said = state.backup(tmp_path / "saved.tar.gz")
    target = tmp_path / "saved.tar.gz"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    listed = subprocess.run(["tar", "tzf", target], capture_output=True, text=True, check=True).stdout.split()
    logs = ["logs/moderation.jsonl", "logs/moderation.jsonl.1"]
    roles = ["roles/ferryman.yaml", "roles/.history/ferryman.json"]
    assert listed == ["manifest.json", "memory.db", "config.yaml", *roles, *logs]
    assert said.splitlines()[1:] == [
        f"  memory        {state.memory}",
        "  roles         ferryman.yaml",
        f"  configuration {state.config_file}",
        "  logs          moderation.jsonl, moderation.jsonl.1",
        "not in it: the token, keys, models and the cache; `.env` and the environment",
    ]
    with tarfile.open(target) as tar:
        log = tar.extractfile("logs/moderation.jsonl")
        assert log is not None
        assert log.read() == b'{"player": "Ana"}\n{"player": "Bo"}\n'  # a line that is being written is left out
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_restored_files_are_those_that_were_saved_and_the_present_ones_keep_another_name(
    state: State, saved: Path
) -> None:
    before = state.files()
    remember(state.memory, "I found a ruby.")
    (state.roles / "ferryman.yaml").unlink()
    (state.roles / "witch.yaml").write_text(FERRYMAN)
    state.config_file.write_text("batch:\n  size: 2\n")
    os.chmod(state.config_file, 0o640)
    told = state.restore(saved)
    assert said(state.memory) == ["I hid the sapphire."]
    assert {path.name for path in state.roles.iterdir()} == {"ferryman.yaml", ".history"}
    assert state.config_file.read_text() == "batch:\n  size: 4\n"
    assert stat.S_IMODE(state.config_file.stat().st_mode) == 0o640
    assert state.log.read_bytes() == b'{"player": "Ana"}\n{"player": "Bo"}\n'
    (memory,) = state.folder.glob("memory.db.replaced-*Z")
    (roles,) = state.folder.glob("roles.replaced-*Z")
    (config,) = state.config_file.parent.glob("config.yaml.replaced-*Z")
    assert said(memory) == ["I hid the sapphire.", "I found a ruby."]
    assert {path.name for path in roles.iterdir()} == {"witch.yaml", ".ferryman.yaml.swp", ".history"}
    assert config.read_text() == "batch:\n  size: 2\n"
    assert f"  memory        {state.memory} (before: {memory})" in told
    assert stat.S_IMODE(state.memory.stat().st_mode) == 0o600
    with closing(sqlite3.connect(state.memory)) as connection:  # else readers would hold up the daemon's writer
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert before.keys() <= state.files().keys() | {"roles/.ferryman.yaml.swp"}
    assert [path.name for path in state.folder.rglob(".*") if path.is_dir()] == [".history", ".history"]


def test_restore_on_a_fresh_machine_makes_what_is_missing(state: State, saved: Path) -> None:
    shutil.rmtree(state.folder)
    state.restore(saved)
    assert said(state.memory) == ["I hid the sapphire."]
    assert (state.roles / "ferryman.yaml").read_text() == FERRYMAN
    assert stat.S_IMODE(state.roles.stat().st_mode) == 0o700
    assert stat.S_IMODE(state.memory.stat().st_mode) == 0o600
    assert stat.S_IMODE(state.config_file.stat().st_mode) == 0o600
    assert list(state.folder.glob("*.replaced-*")) == []


def test_restore_is_noted_in_the_log_of_changes_which_is_saved_too(state: State, saved: Path, tmp_path: Path) -> None:
    state.restore(saved, [Part.memory, Part.logs])
    audit = state.folder / "audit.jsonl"
    (entry,) = map(orjson.loads, audit.read_bytes().splitlines())
    assert (entry["what"], entry["target"], entry["after"], entry["who"]) == (
        "restore",
        str(saved),
        "memory, logs",
        "cli",
    )
    assert "logs          moderation.jsonl, moderation.jsonl.1, audit.jsonl" in state.backup(tmp_path / "again.tar.gz")


def test_service_that_root_saves_has_its_roles_and_its_log(
    state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the configuration says where most lies, and the environment is another user's."""
    monkeypatch.delenv("STATE_DIRECTORY")
    monkeypatch.setenv("HOME", str(fresh(tmp_path / "root")))
    (state.folder / "audit.jsonl").write_bytes(b'{"what": "switch"}\n')
    sets = [item for item in state.sets if not item.startswith("agents.roles_dir")]
    places = Places.of(load_config(state.config_file, sets), state.config_file)
    assert next(name for name, _ in places.role_files()) == "roles/ferryman.yaml"
    assert "logs/audit.jsonl" in dict(places.log_files())


def test_only_the_named_parts_are_restored(state: State, saved: Path) -> None:
    remember(state.memory, "I found a ruby.")
    (state.roles / "ferryman.yaml").unlink()
    state.restore(saved, [Part.roles])
    assert (state.roles / "ferryman.yaml").read_text() == FERRYMAN
    assert said(state.memory) == ["I hid the sapphire.", "I found a ruby."]


def test_archive_of_version_1_is_restored(state: State) -> None:
    """The file in tests/fixtures, which a released version made."""
    state.restore(FOLDER / "backup-v1.tar.gz")
    assert said(state.memory) == ["I hid the sapphire under the old oak.", "", "Hello"]
    assert (state.roles / "ferryman.yaml").read_text().startswith("title: the ferryman\n")
    assert "size: 4" in state.config_file.read_text()


def test_copy_that_a_migration_kept_is_restored(state: State) -> None:
    told = state.restore(FOLDER / "memory-v1.db")
    assert said(state.memory) == ["I hid the sapphire under the old oak.", "", "Hello"]
    assert "a copy of the memory alone" in told


def test_file_with_a_changed_byte_is_refused_and_nothing_touched(state: State, saved: Path, tmp_path: Path) -> None:
    """Each byte of the archive in turn would take minutes: some in each part of it."""
    before = state.files()
    plain = gzip.decompress(saved.read_bytes())
    refused = 0
    for at in range(0, len(plain), len(plain) // 40):
        damaged = bytearray(plain)
        damaged[at] ^= 0xFF
        bad = tmp_path / "bad.tar.gz"
        bad.write_bytes(gzip.compress(bytes(damaged), 1))
        restored = fresh(tmp_path / f"unpacked-{at}")
        try:
            archive.read(bad, restored)
        except StartError:
            refused += 1
            continue
        # What the tar pads with, and rights that nobody reads, may change; what is restored may not.
        for name, packed in archive.read(saved, fresh(tmp_path / f"good-{at}")).files.items():
            assert (restored / name).stat().st_size == packed.bytes
            assert (restored / name).read_bytes() == (tmp_path / f"good-{at}" / name).read_bytes()
    assert refused > 20
    assert state.files() == before


def fresh(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_file_that_was_cut_off_is_refused(state: State, saved: Path, share: float) -> None:
    before = state.files()
    whole = saved.read_bytes()
    saved.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(StartError, match=r"damaged, or no backup.*nothing was restored"):
        state.restore(saved)
    assert state.files() == before


def pack(target: Path, manifest: object, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(target, "w:gz") as tar:
        data = orjson.dumps(manifest)
        for info, body in ((member("manifest.json", data)), *members):
            tar.addfile(info, io.BytesIO(body))
    return target


def member(
    name: str, body: bytes = b"", kind: bytes = tarfile.REGTYPE, link: str = ""
) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = len(body), kind, link
    return info, body


def manifest(files: dict[str, object] | None = None, **fields: object) -> dict[str, object]:
    known = {"program": "llm-agentd", "format": 1, "version": "0.1.0", "time": "2026-01-31T12:00:00.000Z"}
    return {**known, "files": files or {}, **fields}


EMPTY = {"bytes": 0, "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}


@pytest.mark.parametrize(
    ("what", "members", "reason"),
    [
        ([1], (), "its manifest.json is of another program"),
        (manifest(program="borg"), (), "its manifest.json is of another program"),
        (manifest(format=2, version="9.0"), (), r"made by a newer llm-agentd \(9.0\).*install that version"),
        (manifest(format="x"), (), "damaged, or no backup"),
        (manifest({"../../etc/passwd": EMPTY}), (), "does not belong into a backup"),
        (manifest({"/etc/passwd": EMPTY}), (), "does not belong into a backup"),
        (manifest({"roles/../x.yaml": EMPTY}), (), "does not belong into a backup"),
        (manifest({"roles/.bashrc": EMPTY}), (), "does not belong into a backup"),
        (manifest({"http_token": EMPTY}), (), "does not belong into a backup"),
        (manifest(), (member("../outside", b"x"),), "does not belong into a backup"),
        (
            manifest({"memory.db": EMPTY}),
            (member("memory.db", kind=tarfile.SYMTYPE, link="/etc/passwd"),),
            "does not belong",
        ),
        (manifest({"memory.db": EMPTY}), (member("memory.db", b"more"),), "has 4 bytes and should have 0"),
        (manifest({"memory.db": EMPTY}), (), "memory.db is missing"),
        (manifest({"memory.db": EMPTY}), (member("memory.db"), member("memory.db")), "does not belong"),
        (manifest({"memory.db": {**EMPTY, "bytes": 2**60}}), (), "more than are free in"),
        (manifest(), (), "holds no files"),
    ],
)
def test_foreign_archive_is_refused_and_nothing_touched(
    state: State, tmp_path: Path, what: object, members: Sequence[tuple[tarfile.TarInfo, bytes]], reason: str
) -> None:
    before = state.files()
    with pytest.raises(StartError, match=reason):
        state.restore(pack(tmp_path / "foreign.tar.gz", what, *members))
    assert state.files() == before
    assert not (tmp_path / "outside").exists()


# With its time set: else the test's name has the second in which a worker collects it, and they collect side by side.
@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04 a zip", b"GGUF" * 1000, gzip.compress(b"no tar at all" * 100, mtime=0)]
)
def test_file_of_another_kind_is_refused(state: State, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "other").write_bytes(data)
    with pytest.raises(StartError, match="damaged, or no backup"):
        state.restore(tmp_path / "other")


def test_tar_of_another_program_is_refused(state: State, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "home.tar.gz", "w:gz") as tar:
        tar.addfile(member("notes.txt")[0])
    with pytest.raises(
        StartError, match=r"home.tar.gz is no backup of llm-agentd: it does not begin with manifest.json"
    ):
        state.restore(tmp_path / "home.tar.gz")


def test_memory_of_a_newer_version_is_refused(state: State, tmp_path: Path) -> None:
    with closing(sqlite3.connect(state.memory)) as connection:
        connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    state.backup(tmp_path / "newer.tar.gz")
    before = state.files()
    with pytest.raises(StartError, match=r"holds a memory of a newer llm-agentd.*install that version"):
        state.restore(tmp_path / "newer.tar.gz")
    assert state.files() == before


def test_configuration_that_this_version_does_not_know_is_refused(state: State, saved: Path, tmp_path: Path) -> None:
    state.config_file.write_text("batch:\n  speed: 9\n")
    places = Places.of(load_config(None, state.sets), state.config_file)
    create(tmp_path / "later.tar.gz", places, io.StringIO())
    before = state.files()
    reason = r"config.yaml of .*later.tar.gz, line 2: unknown key batch.speed.*leave it out: --only memory"
    with pytest.raises(StartError, match=reason):
        state.restore(tmp_path / "later.tar.gz")
    assert state.files() == before
    state.restore(saved)  # also over a configuration that does not load


def test_move_that_fails_takes_the_others_back(state: State, saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remember(state.memory, "I found a ruby.")
    (state.roles / "witch.yaml").write_text(FERRYMAN)
    before = state.files()

    def fail_at_the_last(path: Path, why: str, suffixes: Sequence[str]) -> Path:
        if path == state.config_file:
            raise OSError(28, "No space left on device", str(path))
        return keep_aside(path, why, suffixes)

    monkeypatch.setattr(restoring, "keep_aside", fail_at_the_last)
    with pytest.raises(StartError, match=r"restore: .*config.yaml: No space left on device"):
        state.restore(saved)
    assert state.files() == before


def test_place_without_the_right_to_write_is_named_with_the_other_cures(
    state: State, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an ordinary user who restores what a service saved: its configuration lies in /etc."""
    before = state.files()
    mkdtemp = tempfile.mkdtemp

    def refuse(suffix: str | None = None, prefix: str | None = None, dir: Path | None = None) -> str:
        if dir == state.config_file.parent:
            raise PermissionError(13, "Permission denied", str(dir))
        return mkdtemp(suffix, prefix, str(dir) if dir else None)

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    with pytest.raises(
        StartError, match=r"no right to .*etc: run this as root .*or name with --config .*--only memory"
    ):
        state.restore(saved)
    assert state.files() == before


def test_backup_never_writes_over_a_file_and_names_one_in_a_folder(state: State, saved: Path, tmp_path: Path) -> None:
    before = saved.read_bytes()
    with pytest.raises(StartError, match="is there already; name another file, or a folder"):
        state.backup(saved)
    assert saved.read_bytes() == before
    state.backup(fresh(tmp_path / "backups"))
    assert len(list((tmp_path / "backups").glob("llm-agentd-*Z.tar.gz"))) == 1
    with pytest.raises(StartError, match="no such folder; make it"):
        state.backup(tmp_path / "nowhere" / "saved.tar.gz")


def test_damaged_memory_is_not_saved(state: State, tmp_path: Path) -> None:
    remember(state.memory, *(f"I hid lantern {number}" for number in range(200)))
    with state.memory.open("r+b") as file:
        file.seek(3 * schema.PAGE_BYTES)
        file.write(b"\xa5" * 3 * schema.PAGE_BYTES)
    with pytest.raises(StartError, match=r"is damaged or no memory.*restart the daemon"):
        state.backup(tmp_path / "saved.tar.gz")
    assert not (tmp_path / "saved.tar.gz").exists()


def test_nothing_to_save_says_where_it_looked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    places = Places.of(load_config(None), tmp_path / "none.yaml")
    with pytest.raises(StartError, match=f"neither {tmp_path}/memory.db nor .* run this as the daemon's user"):
        create(tmp_path / "saved.tar.gz", places, io.StringIO())


@pytest.mark.root
def test_root_restores_for_the_daemons_user(state: State, saved: Path) -> None:
    for path in (state.folder, *state.folder.rglob("*")):
        os.chown(path, 4711, 4712)
    (state.folder / "memory.db.lock").unlink()
    state.restore(saved)
    assert (state.folder / "audit.jsonl").exists()
    wrong = [path for path in state.folder.rglob("*") if (path.stat().st_uid, path.stat().st_gid) != (4711, 4712)]
    assert wrong == []


@pytest.mark.slow
def test_backup_while_the_daemon_talks_and_restore_only_once_it_is_stopped(tmp_path: Path) -> None:
    """What was on the disk before the backup is in it; what was said meanwhile is in it as a whole or not at all."""
    home = fresh(tmp_path / "home")
    endpoint = f"ipc://{home}/z"
    sets = ("http.enabled=false", "model.engine=stub", f"zmq.endpoint={endpoint}", "batch.window_ms=1")
    options = [word for item in sets for word in ("--set", item)]
    state = home / ".local/state/llm-agentd"
    npc = {"id": "npc-1", "name": "Mira", "role": "healer"}
    with subprocess.Popen(
        [sys.executable, "-m", "llm_agentd", "serve", *options],
        env=environment(home),
        cwd=home,
        stdout=subprocess.PIPE,
        text=True,
    ) as serving:
        assert serving.stdout is not None
        assert serving.stdout.readline().startswith("ready ")
        is_saved = threading.Event()

        def chatter() -> None:
            with Client(endpoint) as talking:
                number = 0
                while not is_saved.is_set():
                    number += 1
                    talking.think(npc, f"I hid lantern {number}.", player="Bo")

        with Client(endpoint) as client:
            client.remember([{"npc": "npc-1", "name": "Mira", "text": "Ana sold a sapphire to Mira", "player": "Ana"}])
        give_up_s = time.monotonic() + TIMEOUT_S
        while said(state / "memory.db") != [""] and time.monotonic() < give_up_s:
            time.sleep(0.01)  # until it is on the disk
        talker = threading.Thread(target=chatter)
        talker.start()
        try:
            assert run(home, "backup", str(home / "saved.tar.gz"), *options)[0] == 0
        finally:
            is_saved.set()
            talker.join(TIMEOUT_S)
        code, out, err = run(home, "restore", str(home / "saved.tar.gz"), *options)
        assert (code, out) == (1, "")
        assert "the daemon runs and would write into what is restored" in err
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(TIMEOUT_S) == 0
    code, out, err = run(home, "restore", str(home / "saved.tar.gz"), *options)
    assert (code, err) == (0, "")
    with closing(StoreReader(state / "memory.db")) as reader:
        assert reader.integrity_problems() == []
        rows = list(reader.iterate(None, None))
    assert "Ana sold a sapphire to Mira" in [row.text for row in rows]
    assert len({row.said for row in rows if row.player == "Bo"}) == sum(row.player == "Bo" for row in rows)
    (kept,) = state.glob("memory.db.replaced-*Z")
    assert len(said(kept)) >= len(rows)


@pytest.mark.slow
def test_daemon_that_is_older_than_its_memory_stops_with_exit_code_2(tmp_path: Path) -> None:
    """2, after which systemd does not try again and again."""
    state = fresh(tmp_path / "state")
    shutil.copyfile(FOLDER / "memory-v1.db", state / "memory.db")
    with closing(sqlite3.connect(state / "memory.db")) as connection:
        connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    options = [f"agents.memory_path={state / 'memory.db'}", f"zmq.endpoint=ipc://{state}/z", "model.engine=stub"]
    for more in (["http.enabled=false"], ["http.port=0"]):  # the daemon alone, and with its supervisor
        code, _, err = run(tmp_path, "serve", *(word for item in options + more for word in ("--set", item)))
        assert (code, "was written by a newer llm-agentd" in err) == (2, True), err
