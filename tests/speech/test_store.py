"""Sentences kept on the disk: bounded, shared by several adapters, and never in anybody's way when the disk fails."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from llm_agentd.speech.store import SoundStore

MIB = 2**20
FACTS = {"seconds": 1.5, "mouth": "0123", "engine": "stub"}
HOUR_S = 3600.0


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def sound_id(number: int) -> str:
    return f"{number:032x}"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def opened(tmp_path: Path, clock: Clock) -> Iterator[Callable[[int], SoundStore]]:
    stores = []

    def open_store(max_bytes: int = 4 * MIB) -> SoundStore:
        stores.append(SoundStore(tmp_path / "speech.lmdb", max_bytes, now=clock))
        return stores[-1]

    yield open_store
    for store in stores:
        store.close()


def test_sound_comes_back_also_after_a_restart(opened: Callable[..., SoundStore]) -> None:
    store = opened()
    store.put(sound_id(1), FACTS, b"OggS sound")
    store.flush()
    assert store.get(sound_id(1)) == (FACTS, b"OggS sound")
    assert store.get(sound_id(2)) is None
    store.put(sound_id(3), FACTS, b"the last one")
    store.close()
    again = opened()
    assert again.get(sound_id(1)) == (FACTS, b"OggS sound")
    assert again.get(sound_id(3)) == (FACTS, b"the last one")


def test_longest_unused_goes_first_and_the_bound_holds(opened: Callable[..., SoundStore], clock: Clock) -> None:
    store = opened(MIB)
    for number in range(8):
        clock.now_s += 1
        store.put(sound_id(number), FACTS, os.urandom(120_000))
    store.flush()
    clock.now_s += 2 * HOUR_S
    assert store.get(sound_id(0)) is not None  # used again, so the next one is the longest unused
    store.flush()
    for number in range(8, 11):
        clock.now_s += 1
        store.put(sound_id(number), FACTS, os.urandom(120_000))
    store.flush()
    assert store.total_bytes <= MIB
    kept = [number for number in range(11) if store.get(sound_id(number)) is not None]
    assert kept == [0, 4, 5, 6, 7, 8, 9, 10]


def test_sound_that_is_put_again_counts_once(opened: Callable[..., SoundStore]) -> None:
    store = opened()
    sizes = []
    for _ in range(3):
        store.put(sound_id(1), FACTS, b"x" * 1000)
        store.flush()
        sizes.append(store.total_bytes)
    assert len(set(sizes)) == 1


def test_one_sound_does_not_push_all_others_out(opened: Callable[..., SoundStore]) -> None:
    store = opened(MIB)
    store.put(sound_id(1), FACTS, bytes(MIB // 2))
    store.flush()
    assert store.get(sound_id(1)) is None


def test_nothing_is_kept_and_no_file_is_made_where_it_is_switched_off(tmp_path: Path) -> None:
    store = SoundStore(tmp_path / "speech.lmdb", 0)
    store.put(sound_id(1), FACTS, b"x")
    assert store.get(sound_id(1)) is None
    assert store.is_off
    assert list(tmp_path.iterdir()) == []


def test_damaged_entry_is_a_miss_and_goes(opened: Callable[..., SoundStore]) -> None:
    store = opened()
    store.put(sound_id(1), FACTS, b"sound")
    store.flush()
    files = store._files
    assert files is not None
    with files._env.begin(write=True) as txn:
        raw = txn.get(bytes.fromhex(sound_id(1)), db=files._sounds)
        assert raw is not None
        txn.put(bytes.fromhex(sound_id(1)), raw[:-1] + b"?", db=files._sounds)
    assert store.get(sound_id(1)) is None
    store.flush()
    assert store.total_bytes == 0


@pytest.mark.parametrize("damage", ["cut", "scribbled", "no file at all"])
def test_damaged_file_costs_what_was_kept_and_nothing_else(
    opened: Callable[..., SoundStore], tmp_path: Path, damage: str
) -> None:
    store = opened()
    for number in range(20):
        store.put(sound_id(number), FACTS, os.urandom(50_000))
    store.flush()
    store.close()
    data = tmp_path / "speech.lmdb" / "data.mdb"
    (tmp_path / "speech.lmdb" / "closed").unlink()  # as after a kill
    if damage == "cut":
        os.truncate(data, data.stat().st_size // 3)
    elif damage == "scribbled":
        with data.open("r+b") as file:
            file.write(os.urandom(data.stat().st_size // 2))
    else:
        data.unlink()
    again = opened()
    assert again.get(sound_id(1)) is None
    again.put(sound_id(1), FACTS, b"new")
    again.flush()
    assert again.get(sound_id(1)) in ((FACTS, b"new"), None)


def test_folder_that_cannot_be_used_is_said_once_and_costs_no_answer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    store = SoundStore(tmp_path / "file" / "speech.lmdb", MIB)
    for number in range(3):
        assert store.get(sound_id(number)) is None
        store.put(sound_id(number), FACTS, b"x")
    assert [message for message in caplog.messages if "speech.cache_path" in message] == caplog.messages
    assert len(caplog.messages) == 1


FULL = """
import os, resource, sys
from pathlib import Path
from llm_agentd.speech.store import RETRY_S, SoundStore
import logging; logging.basicConfig(level="WARNING")
import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
now_s = 1000.0
store = SoundStore(Path(sys.argv[1]), 64 * 2**20, now=lambda: now_s)
facts = {"seconds": 1.0}
store.put("%032x" % 1, facts, b"x" * 50_000); store.flush()
size = (Path(sys.argv[1]) / "data.mdb").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 200_000, resource.RLIM_INFINITY))
for number in range(2, 40):
    store.put("%032x" % number, facts, os.urandom(50_000)); store.flush()
assert store.get("%032x" % 1) == (facts, b"x" * 50_000), "what was kept is there"
assert store.get("%032x" % 39) is None
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
now_s += RETRY_S + 1
store.put("%032x" % 50, facts, b"after"); store.flush()
assert store.get("%032x" % 50) == (facts, b"after"), "written again once there is room"
store.close()
"""


@pytest.mark.slow
def test_full_disk_keeps_what_is_there_and_is_written_again_once_there_is_room(tmp_path: Path) -> None:
    """To LMDB a file that may not grow is a full disk."""
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "speech.lmdb")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("cannot be written") == 1, done.stderr


SHARER = """
import sys
from pathlib import Path
from llm_agentd.speech.store import SoundStore
store = SoundStore(Path(sys.argv[1]), 4 * 2**20)
first = int(sys.argv[2])
for number in range(first, first + 60):
    store.put("%032x" % number, {"n": number}, bytes([number % 256]) * 20_000); store.flush()
print("written", flush=True)
sys.stdin.readline()
found = [number for number in range(400) if (sound := store.get("%032x" % number)) and sound[0]["n"] == number]
print(len(found), store.total_bytes <= 4 * 2**20, flush=True)
if sys.argv[3] == "close":
    store.close()
import os; os._exit(0)
"""


@pytest.mark.slow
def test_adapters_that_share_a_folder_see_each_others_sounds_and_outlive_each_other(tmp_path: Path) -> None:
    def start(first: int, end: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", SHARER, str(tmp_path / "speech.lmdb"), str(first), end]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    processes = [start(0, "kill"), start(100, "close"), start(200, "close")]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
    for process in processes:
        out, _ = process.communicate("\n", timeout=30)
        assert (out, process.returncode) == ("180 True\n", 0)
    last = start(300, "close")
    assert last.communicate("\n", timeout=30)[0].splitlines()[0] == "written"
