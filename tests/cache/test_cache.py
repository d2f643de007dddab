"""The LMDB cache: the contract, then what only a disk brings: kills, full and read-only disks, a second daemon."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from llm_agentd.cache import CompletionCache, LmdbCache, NullCache, cache_key, open_cache
from llm_agentd.cache import lmdb_cache as cache_lmdb
from llm_agentd.cache import lmdb_store as cache_store
from llm_agentd.cache.entry import PROMPT_KEPT_CHARS, DamagedEntry, decode, decode_header, encode
from llm_agentd.cache.lmdb_store import LmdbStore
from llm_agentd.errors import StartError
from llm_agentd.types import Message, Sampling
from tests.cache.contract import START_S, TTL_S, CacheContract, FakeClock, entry, key

MAX_BYTES = 2**20


class TestLmdbCache(CacheContract):
    @pytest.fixture
    def open(self, clock: FakeClock, tmp_path: Path) -> Callable[[], CompletionCache]:
        return lambda: LmdbCache(tmp_path / "cache", TTL_S, MAX_BYTES, clock)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def cache(folder: Path, clock: FakeClock) -> Iterator[LmdbCache]:
    cache = LmdbCache(folder, TTL_S, MAX_BYTES, clock)
    yield cache
    cache.close()


def check(folder: Path) -> list[str]:
    store = LmdbStore.open(folder, MAX_BYTES)
    try:
        return store.check()
    finally:
        store.close()


# -- size, life, order -----------------------------------------------------------------------------


def test_the_longest_unused_go_first_and_the_bound_is_kept(folder: Path, clock: FakeClock) -> None:
    cache = LmdbCache(folder, TTL_S, 20_000, clock)
    for number in range(40):
        clock.now_s += 0.1
        cache.put(key(number), entry("x" * 1000), 1)
        cache.get(key(0), 1)  # always in use
        cache.flush()
        assert cache.stats()["bytes"] <= 20_000
    assert cache.get(key(0), 1) is not None
    assert cache.get(key(1), 1) is None
    kept = [number for number in range(1, 40) if cache.get(key(number), 1)]
    assert kept == list(range(kept[0], 40))
    assert len(kept) > 10
    cache.close()
    assert check(folder) == []


def test_one_giant_does_not_push_all_others_out(folder: Path, clock: FakeClock) -> None:
    cache = LmdbCache(folder, TTL_S, 20_000, clock)
    cache.put(key(1), entry("small"), 1)
    cache.put(key(2), entry("x" * 15_000), 1)
    cache.flush()
    assert cache.get(key(1), 1) is not None
    assert cache.get(key(2), 1) is None
    cache.close()


def test_expired_records_leave_the_disk(cache: LmdbCache, clock: FakeClock) -> None:
    for number in range(50):
        cache.put(key(number), entry("a"), 1)
    cache.flush()
    assert cache.stats()["entries"] == 50
    clock.now_s += TTL_S
    cache.flush()
    assert (cache.stats()["entries"], cache.stats()["bytes"]) == (0, 0)


def test_a_smaller_bound_holds_from_the_next_write_on(folder: Path, clock: FakeClock) -> None:
    cache = LmdbCache(folder, TTL_S, 200_000, clock)
    for number in range(100):
        cache.put(key(number), entry("x" * 1000), 1)
    cache.close()
    cache = LmdbCache(folder, TTL_S, 10_000, clock)
    cache.put(key(200), entry("new"), 1)
    cache.flush()
    assert cache.stats()["bytes"] <= 10_000
    assert cache.get(key(200), 1) is not None
    cache.close()


def test_a_long_prompt_is_kept_only_in_part(cache: LmdbCache) -> None:
    cache.put(key(1), entry("a", prompt="p" * 300_000), 1)
    cache.flush()
    assert cache.get(key(1), 1).prompt == "p" * PROMPT_KEPT_CHARS  # type: ignore[union-attr]


def test_the_folder_is_for_the_daemon_alone(cache: LmdbCache, folder: Path) -> None:
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "data.mdb").stat().st_mode & 0o077 == 0


# -- the writer ------------------------------------------------------------------------------------


class SlowStore:
    """Holds the writer inside `apply` until let go: the disk at its worst moment."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.inside, self.go_on, self.groups = threading.Event(), threading.Event(), list[int]()
        real = LmdbStore.apply

        def apply(store: LmdbStore, puts: dict[bytes, bytes], hits: object, **rest: object) -> int:
            self.inside.set()
            assert self.go_on.wait(30)
            self.groups.append(len(puts))
            return real(store, puts, hits, **rest)  # type: ignore[arg-type]

        monkeypatch.setattr(LmdbStore, "apply", apply)


def test_hanging_disk_blocks_no_caller_and_costs_bounded_memory(
    folder: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_lmdb, "QUEUE_MAX", 20)
    cache = LmdbCache(folder, TTL_S, MAX_BYTES, clock)
    slow = SlowStore(monkeypatch)
    cache.put(key(0), entry("first"), 1)
    assert slow.inside.wait(30)
    for number in range(1, 31):
        cache.put(key(number), entry(str(number)), 1)
    assert cache.get(key(0), 1).text == "first"  # type: ignore[union-attr]
    assert cache.get(key(5), 1).text == "5"  # type: ignore[union-attr]
    assert cache.get(key(25), 1) is None
    assert cache.stats()["queued"] <= 20
    assert cache.stats()["dropped"] >= 10
    slow.go_on.set()
    cache.flush()
    assert cache.get(key(20), 1) is not None
    cache.close()


def test_what_comes_together_is_committed_together(cache: LmdbCache, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = SlowStore(monkeypatch)
    cache.put(key(0), entry("first"), 1)
    assert slow.inside.wait(30)
    for number in range(1, 31):
        cache.put(key(number), entry(str(number)), 1)
    slow.go_on.set()
    cache.flush()
    assert slow.groups == [1, 30]


def test_a_newer_reply_is_served_while_the_older_is_written(cache: LmdbCache, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = SlowStore(monkeypatch)
    cache.put(key(0), entry("old"), 1)
    assert slow.inside.wait(30)
    cache.put(key(0), entry("new"), 1)
    assert cache.get(key(0), 1).text == "new"  # type: ignore[union-attr]
    slow.go_on.set()
    cache.flush()
    assert cache.get(key(0), 1).text == "new"  # type: ignore[union-attr]


def test_two_threads_read_while_one_writes(cache: LmdbCache) -> None:
    for variant in "abc":
        cache.put(key(0), entry(variant), 3)
    wrong: list[object] = []

    def read() -> None:
        for _ in range(2000):
            found = cache.get(key(0), 3)
            if found is None or found.text not in "abc":
                wrong.append(found)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(1, 200):
        cache.put(key(number), entry("x"), 1)
    for reader in readers:
        reader.join()
    assert wrong == []


# -- a bad disk ------------------------------------------------------------------------------------


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


def test_a_read_only_folder_serves_without_cache_and_says_so_once(
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


def test_a_file_in_place_of_the_folder(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    assert isinstance(open_cache(True, tmp_path / "file", TTL_S, MAX_BYTES), NullCache)
    assert isinstance(open_cache(True, tmp_path / "file" / "below", TTL_S, MAX_BYTES), NullCache)
    assert len(warnings(caplog)) == 2


def test_switched_off(folder: Path) -> None:
    assert isinstance(open_cache(False, folder, TTL_S, MAX_BYTES), NullCache)
    assert not folder.exists()


def test_a_full_disk_at_start_does_not_kill_the_process(mount: Callable[[str], Path]) -> None:
    """In a process of its own: LMDB's lock file on a full disk would end it by SIGBUS."""
    disk = mount("size=64k")
    script = (
        "import sys, logging; from pathlib import Path; from llm_agentd.cache import open_cache\n"
        "logging.basicConfig(stream=sys.stdout, format='%(message)s')\n"
        "print(type(open_cache(True, Path(sys.argv[1]), 300, 2**20)).__name__)"
    )
    done = subprocess.run([sys.executable, "-c", script, disk], capture_output=True, text=True, env=environment())
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "NullCache"
    assert "No space left on device; free space there" in done.stdout


def test_a_disk_that_fills_later_ends_the_writing_only_and_once(
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
    clock.now_s += cache_lmdb.WRITE_AGAIN_S
    cache.put(key(500), entry("again"), 1)
    cache.flush()
    assert cache.get(key(500), 1).text == "again"  # type: ignore[union-attr]
    assert cache.stats()["writing"]
    assert len(warnings(caplog)) == 1
    assert "takes writes again" in caplog.text
    cache.close()


def test_a_full_map_makes_room_and_goes_on(
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
    assert check(folder) == []


@pytest.mark.parametrize(
    "damage",
    [b"this is not LMDB" * 1000, b"short", b"\0" * 8192],
    ids=["other file", "stub", "zeros"],
)
def test_a_damaged_file_serves_without_cache(folder: Path, damage: bytes, caplog: pytest.LogCaptureFixture) -> None:
    folder.mkdir()
    (folder / "data.mdb").write_bytes(damage)
    assert isinstance(open_cache(True, folder, TTL_S, MAX_BYTES), NullCache)
    assert "damaged" in warnings(caplog)[0]
    assert "delete the folder" in warnings(caplog)[0]


@pytest.mark.parametrize("kept_share", [0.9, 0.5, 0.1])
def test_a_cut_off_file_never_kills_the_process(folder: Path, kept_share: float) -> None:
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
    done = subprocess.run([sys.executable, "-c", script, folder], capture_output=True, text=True, env=environment())
    assert done.returncode == 0, (done.returncode, done.stderr)
    assert done.stdout.strip() == "NullCache"


def test_a_record_that_does_not_decode_is_a_miss_and_said_once(
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


def test_another_schema_is_emptied_with_a_word(
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


# -- other processes -------------------------------------------------------------------------------


def environment() -> dict[str, str]:
    import llm_agentd

    return {**os.environ, "PYTHONPATH": str(Path(llm_agentd.__file__).parent.parent)}


def test_a_second_daemon_on_the_folder_is_refused(cache: LmdbCache, folder: Path) -> None:
    with pytest.raises(StartError, match=f"{folder} is in use: another llm-agentd runs"):
        open_cache(True, folder, TTL_S, MAX_BYTES)
    script = (
        "import sys; from pathlib import Path; from llm_agentd.errors import StartError\n"
        "from llm_agentd.cache import open_cache\n"
        "try: open_cache(True, Path(sys.argv[1]), 300, 2**20)\n"
        "except StartError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", script, folder], capture_output=True, text=True, env=environment())
    assert "stop it, or give this one another folder" in done.stdout


def test_the_lock_ends_with_the_cache(folder: Path, clock: FakeClock) -> None:
    for _ in range(2):
        LmdbCache(folder, TTL_S, MAX_BYTES, clock).close()


WRITE_UNTIL_KILLED = """
import sys, time
from pathlib import Path
from llm_agentd.cache import lmdb_cache as cache_lmdb
from llm_agentd.cache import CacheEntry, LmdbCache
cache_lmdb.LINGER_S = 0.0
cache = LmdbCache(Path(sys.argv[1]), 300, 400_000)
number = 0
while True:
    for _ in range(20):
        number += 1
        text = str(number) + "x" * (number * 37 % 5000)
        cache.put(number.to_bytes(32, "big"), CacheEntry(text=text, finish="stop", model="m"), 1)
        cache.get((number // 2).to_bytes(32, "big"), 1)
    cache.flush()
    print(number, flush=True)
"""


@pytest.mark.parametrize("groups", [1, 7, 30])
def test_kill_9_while_writing_loses_nothing_that_was_written(folder: Path, groups: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WRITE_UNTIL_KILLED, folder], stdout=subprocess.PIPE, text=True, env=environment()
    ) as process:
        assert process.stdout is not None
        flushed = 0
        for _ in range(groups):
            flushed = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)  # it writes the next group just now
        process.wait()
    assert check(folder) == []
    cache = LmdbCache(folder, 300, 400_000)
    for number in range(max(1, flushed - 20), flushed + 1):  # older ones may be evicted
        found = cache.get(key(number), 1)
        assert found is not None, number
        assert found.text == str(number) + "x" * (number * 37 % 5000)
    cache.put(key(10**6), entry("goes on"), 1)
    cache.flush()
    assert cache.get(key(10**6), 1) is not None
    cache.close()


# -- keys and records ------------------------------------------------------------------------------

ASKED: dict[str, object] = {
    "fingerprint": "model-a",
    "prompt": None,
    "messages": (Message("user", "hello"),),
    "sampling": Sampling(),
}


def key_of(**changes: object) -> bytes:
    return cache_key(**{**ASKED, **changes})  # type: ignore[arg-type]


def test_the_same_question_has_the_same_key() -> None:
    assert key_of() == key_of(messages=[Message("user", "hello")])
    assert key_of(sampling=Sampling(temperature=1)) == key_of(sampling=Sampling(temperature=1.0))
    assert len(key_of()) == 32


SAMPLINGS: tuple[dict[str, Any], ...] = (
    {"max_tokens": 65},
    {"temperature": 0.71},
    {"temperature": 0.0},
    {"top_p": 0.5},
    {"top_k": 41},
    {"min_p": 0.1},
    {"repeat_penalty": 1.1},
    {"seed": 0},
    {"seed": 1},
    {"seed": 2**64},
    {"stop": ("a", "b")},
    {"stop": ("ab",)},
    {"json_schema": {}},
    {"json_schema": {"properties": {"a": {}, "b": {}}}},
    {"json_schema": {"properties": {"b": {}, "a": {}}}},
    {"grammar": "root ::= 'a'"},
)
OTHER_QUESTIONS: list[dict[str, Any]] = [
    {"fingerprint": "model-b"},
    {"prompt": "hello", "messages": None},
    {"prompt": '[["user","hello"]]', "messages": None},
    {"prompt": "", "messages": None},
    {"messages": ()},
    {"messages": (Message("user", "hello"), Message("user", ""))},
    {"messages": (Message("system", "hello"),)},
    {"messages": (Message("user", 'hello"],["user","x'),)},
    {"messages": (Message("user", "hello"), Message("user", "x"))},
    {"messages": (Message("user", "lone \ud800"),)},
    {"form": {}},
    {"form": {"type": "object"}},
    {"whole_sentences": True},
    *({"sampling": Sampling(**change)} for change in SAMPLINGS),
]


def test_whatever_may_change_the_text_changes_the_key() -> None:
    keys = [key_of(), *(key_of(**change) for change in OTHER_QUESTIONS)]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    "raw", [b"", b"x" * 31, b"\0" * 32, b"\0" * 32 + b"{}", b"\0" * 32 + b"[1,2]", b"\0" * 32 + b"7"]
)
def test_bytes_that_are_no_record_are_said_so(raw: bytes) -> None:
    with pytest.raises(DamagedEntry):
        decode(raw)


def test_a_record_survives_the_disk_form() -> None:
    made = entry("a\0b", role="elder", created_s=START_S, expires_s=START_S + 1.5, last_hit_s=START_S + 1, hits=7)
    assert decode(encode(made)) == made
    assert decode_header(encode(made)).last_use_us == int((START_S + 1) * 1e6)


# -- against a model -------------------------------------------------------------------------------


class CacheMachine(RuleBasedStateMachine):
    """Random puts, gets, restarts and passing time against a dict of what may be served."""

    VARIANTS = 2

    def __init__(self) -> None:
        super().__init__()
        self.temporary = tempfile.TemporaryDirectory()
        self.clock = FakeClock()
        self.open()
        self.kept: dict[int, list[tuple[str, float]]] = {}  # key → (text, created), the oldest first
        self.count = 0

    def open(self) -> None:
        self.cache = LmdbCache(Path(self.temporary.name), TTL_S, MAX_BYTES, self.clock)

    def live(self, number: int) -> list[str]:
        return [text for text, created_s in self.kept.get(number, []) if self.clock.now_s < created_s + TTL_S]

    @rule(number=st.integers(0, 3), size=st.integers(0, 3000))
    def put(self, number: int, size: int) -> None:
        self.clock.now_s += 0.001  # "oldest" is well defined
        self.count += 1
        text = f"{self.count} " + "x" * size
        self.cache.put(key(number), entry(text), self.VARIANTS)
        live = [item for item in self.kept.get(number, []) if self.clock.now_s < item[1] + TTL_S]
        self.kept[number] = [*live, (text, self.clock.now_s)][-self.VARIANTS :]

    @rule(number=st.integers(0, 4))
    def get(self, number: int) -> None:
        found, live = self.cache.get(key(number), self.VARIANTS), self.live(number)
        if len(live) < self.VARIANTS:
            assert found is None
        else:
            assert found is not None
            again = self.cache.get(key(number), self.VARIANTS)
            assert again is not None
            assert {found.text, again.text} == set(live)

    @rule(step_s=st.sampled_from([1.0, TTL_S / 2, TTL_S]))
    def time_passes(self, step_s: float) -> None:
        self.clock.now_s += step_s

    @rule()
    def flush(self) -> None:
        self.cache.flush()

    @rule()
    def restart(self) -> None:
        self.cache.close()
        self.open()

    @invariant()
    def disk_agrees(self) -> None:
        assert self.cache._store.check() == []

    def teardown(self) -> None:
        self.cache.close()
        self.temporary.cleanup()


TestCacheMachine = CacheMachine.TestCase
TestCacheMachine.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
