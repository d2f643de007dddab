"""The LMDB cache where the disk is full, read-only, damaged or cut off: the daemon serves on, and says so once."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from llm_agentd.cache import LmdbCache, NullCache, open_cache
from llm_agentd.cache import lmdb_cache as cache_lmdb
from llm_agentd.cache import lmdb_store as cache_store
from llm_agentd.cache.lmdb_store import LmdbStore
from tests.cache.conftest import MAX_BYTES, problems, run_python
from tests.cache.contract import TTL_S, FakeClock, entry, key
from tests.support.damage import damages


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mounts a small tmpfs, or skips where that is not allowed."""
    mounted: list[Path] = []

    def mount_tmpfs(options: str) -> Path:
        point = tmp_path / f"disk{len(mounted)}"
        point.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", point], capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"cannot mount a small disk here: {done.stderr.strip()}")
        mounted.append(point)
        return point

    yield mount_tmpfs
    for point in mounted:
        subprocess.run(["umount", point], check=True)


def test_read_only_folder_gives_a_null_cache_and_one_warning(
    mount: Callable[[str], Path], caplog: pytest.LogCaptureFixture
) -> None:
    disk = mount("size=1m,ro")
    cache = open_cache(True, disk, TTL_S, MAX_BYTES)
    assert isinstance(cache, NullCache)
    cache.put(key(1), entry("a"), 1)
    assert cache.get(key(1), 1) is None
    assert len(warnings(caplog)) == 1
    assert f"serving without cache, {disk} cannot be used" in warnings(caplog)[0]
    assert "choose a folder that the daemon may write" in warnings(caplog)[0]


def test_file_in_place_of_the_folder_gives_a_null_cache(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    assert isinstance(open_cache(True, tmp_path / "file", TTL_S, MAX_BYTES), NullCache)
    assert isinstance(open_cache(True, tmp_path / "file" / "below", TTL_S, MAX_BYTES), NullCache)
    assert len(warnings(caplog)) == 2


def test_disabled_cache_makes_no_folder(folder: Path) -> None:
    assert isinstance(open_cache(False, folder, TTL_S, MAX_BYTES), NullCache)
    assert not folder.exists()


def test_full_disk_at_start_gives_a_null_cache(mount: Callable[[str], Path]) -> None:
    """In a process of its own: LMDB's lock file on a full disk would end it by SIGBUS."""
    disk = mount("size=64k")
    script = (
        "import sys, logging; from pathlib import Path; from llm_agentd.cache import open_cache\n"
        "logging.basicConfig(stream=sys.stdout, format='%(message)s')\n"
        "print(type(open_cache(True, Path(sys.argv[1]), 300, 2**20)).__name__)"
    )
    done = run_python(script, disk)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "NullCache"
    assert "No space left on device; free space there" in done.stdout


def test_disk_that_fills_later_pauses_writing_with_one_warning(
    mount: Callable[[str], Path], caplog: pytest.LogCaptureFixture, clock: FakeClock
) -> None:
    caplog.set_level(logging.INFO)
    disk = mount("size=1m")
    cache = LmdbCache(disk / "cache", TTL_S * 10, 100 * MAX_BYTES, clock)
    cache.put(key(0), entry("kept"), 1)
    cache.flush()
    ballast = disk / "ballast"
    with pytest.raises(OSError, match="No space"):
        ballast.write_bytes(bytes(2**20))
    for number in range(1, 200):
        cache.put(key(number), entry("x" * 3000), 1)
        if number % 20 == 0:
            cache.flush()
    assert len(warnings(caplog)) == 1
    assert "new replies are not kept" in warnings(caplog)[0]
    assert cache.get(key(0), 1).text == "kept"  # type: ignore[union-attr]
    assert cache.get(key(199), 1) is None
    assert not cache.stats()["writing"]

    ballast.unlink()
    clock.now_s += cache_lmdb.RETRY_S
    cache.put(key(500), entry("again"), 1)
    cache.flush()
    assert cache.get(key(500), 1).text == "again"  # type: ignore[union-attr]
    assert cache.stats()["writing"]
    assert len(warnings(caplog)) == 1
    assert "takes writes again" in caplog.text
    cache.close()


def test_full_map_makes_room_and_goes_on(
    folder: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(cache_store, "MAP_FACTOR", 0)
    monkeypatch.setattr(cache_store, "MAP_SPARE_BYTES", 400_000)
    cache = LmdbCache(folder, TTL_S, 300_000, clock)
    for number in range(300):
        clock.now_s += 0.01
        cache.put(key(number), entry("x" * 2500), 1)
        if number % 10 == 0:
            cache.flush()
    cache.flush()
    assert cache.get(key(299), 1) is not None
    assert warnings(caplog) == []
    cache.close()
    assert problems(folder) == []


@pytest.mark.parametrize(
    "damage",
    [b"this is not LMDB" * 1000, b"short", b"\0" * 8192],
    ids=["other file", "stub", "zeros"],
)
def test_damaged_file_is_kept_aside_and_a_new_one_begun(
    folder: Path, damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    folder.mkdir()
    (folder / "data.mdb").write_bytes(damage)
    cache = open_cache(True, folder, TTL_S, MAX_BYTES)
    cache.put(key(1), entry("new"), 1)
    cache.flush()
    assert cache.get(key(1), 1) is not None
    cache.close()
    assert (folder / "data.mdb.damaged").read_bytes() == damage
    assert "damaged" in warnings(caplog)[0]


@pytest.mark.slow
def test_damaged_pages_do_not_end_the_process(tmp_path: Path) -> None:
    """LMDB ends a process at some of them: without a look at the pages before, a fifth of these daemons died."""
    original = tmp_path / "original"
    cache = LmdbCache(original, TTL_S, MAX_BYTES)
    for number in range(300):
        cache.put(key(number * 7919**5), entry("x" * 500), 1)
    cache.close()
    (original / "closed").unlink()  # as after a kill
    deaths = []
    for number, damage in enumerate(damages(40, seed=2)):
        folder = tmp_path / str(number)
        shutil.copytree(original, folder)
        damage.apply([folder / "data.mdb"])
        child = os.fork()
        if child == 0:
            with suppress(BaseException):
                use(folder)
                os._exit(0)
            os._exit(1)
        _, status = os.waitpid(child, 0)
        if status:
            deaths.append((number, status))
    assert len(deaths) <= 1, deaths  # what only a later write meets is found at the next start


def use(folder: Path) -> None:
    cache = open_cache(True, folder, TTL_S, MAX_BYTES)
    for number in range(300):
        cache.get(key(number * 7919**5), 1)
    cache.put(key(5), entry("new"), 1)
    cache.flush()
    cache.stats()
    cache.close()


@pytest.mark.parametrize("kept_share", [0.9, 0.5, 0.1])
def test_cut_off_file_gives_a_null_cache(folder: Path, kept_share: float) -> None:
    """In a process of its own: reading a map behind its file's end would end it by SIGBUS."""
    cache = LmdbCache(folder, TTL_S, MAX_BYTES)
    for number in range(100):
        cache.put(key(number), entry("x" * 3000), 1)
    cache.close()
    data = folder / "data.mdb"
    os.truncate(data, int(data.stat().st_size * kept_share))
    script = (
        "import sys; from pathlib import Path; from llm_agentd.cache import open_cache\n"
        "cache = open_cache(True, Path(sys.argv[1]), 300, 2**20)\n"
        "[cache.get(n.to_bytes(32, 'big'), 1) for n in range(100)]\n"
        "print(type(cache).__name__)"
    )
    done = run_python(script, folder)
    assert done.returncode == 0, (done.returncode, done.stderr)
    assert done.stdout.strip() == "NullCache"


def test_damaged_entry_is_a_miss_with_one_warning(
    folder: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    cache = LmdbCache(folder, TTL_S, MAX_BYTES, clock)
    for number in (1, 2):
        cache.put(key(number), entry("a"), 1)
    cache.close()
    store = LmdbStore.open(folder, MAX_BYTES)
    with store.env.begin(write=True, db=store.env.open_db(b"entries")) as txn:
        for number in (1, 2):
            slot = key(number) + b"\0"
            txn.put(slot, (txn.get(slot) or b"")[:-5])
    store.close()
    cache = LmdbCache(folder, TTL_S, MAX_BYTES, clock)
    assert cache.get(key(1), 1) is None
    assert cache.get(key(2), 1) is None
    assert len(warnings(caplog)) == 1
    cache.close()


def test_cache_of_another_schema_is_emptied_with_a_warning(
    folder: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = LmdbCache(folder, TTL_S, MAX_BYTES, clock)
    cache.put(key(1), entry("a"), 1)
    cache.close()
    monkeypatch.setattr(cache_store, "SCHEMA", 2)
    cache = LmdbCache(folder, TTL_S, MAX_BYTES, clock)
    assert cache.get(key(1), 1) is None
    assert (cache.stats()["entries"], cache.stats()["bytes"]) == (0, 0)
    assert "version 1 and this daemon writes version 2" in warnings(caplog)[0]
    cache.close()
