"""Saved prefixes on real LMDB: whole or not at all, of the right model or not at all, within their bound."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from llm_agentd.prefix_cache.store import LmdbPrefixStore, NullStore, _unpack, look_in, open_prefix_store
from llm_agentd.types import PrefixState

MODEL = "0123456789abcdef"
PROBE = ((17, 3.25), (4, -1.5))


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_700_000_000.0

    def __call__(self) -> float:
        self.now_s += 10
        return self.now_s


def state(first: int, size: int = 1000) -> PrefixState:
    return PrefixState((first, 2, 3), os.urandom(size), PROBE)


def store(folder: Path, *, fingerprint: str = MODEL, max_bytes: int = 10_000) -> LmdbPrefixStore:
    return LmdbPrefixStore(folder, fingerprint, max_bytes, now=Clock())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "prefixes"


def test_round_trip_and_reopen(folder: Path) -> None:
    one = store(folder)
    kept = state(1)
    key = one.put(kept, "smith")
    one.flush()
    assert key is not None
    assert one.read(key) == kept
    one.close()
    two = store(folder)
    (saved,) = two.known()
    assert (saved.key, saved.label, saved.tokens, saved.bytes) == (key, "smith", (1, 2, 3), 1000)
    assert two.read(key) == kept
    two.close()


def test_another_model_sees_nothing_and_evicts_it_first(folder: Path) -> None:
    one = store(folder, max_bytes=3000)
    for first in (1, 2):
        one.put(state(first), "")
    one.close()
    two = store(folder, fingerprint="other", max_bytes=3000)
    assert two.known() == []
    for first in (1, 2, 3):
        two.put(state(first), "")
    two.flush()
    assert len(two.known()) == 3
    assert two.stats() == {"entries": 3, "bytes": 3000}
    two.close()


def test_a_key_of_another_model_reads_as_nothing(folder: Path) -> None:
    one = store(folder)
    key = one.put(state(1), "")
    one.close()
    assert key is not None
    two = store(folder, fingerprint="other")
    assert two.read(key) is None
    two.close()


def test_the_least_recently_used_go_first(folder: Path) -> None:
    kept = store(folder, max_bytes=3000)
    keys = [kept.put(state(first), "") for first in (1, 2, 3)]
    assert keys[0] is not None
    kept.touch(keys[0])
    kept.put(state(4), "")
    kept.flush()
    assert [saved.tokens[0] for saved in kept.known()] == [3, 1, 4]
    kept.close()
    again = store(folder, max_bytes=3000)
    assert [saved.tokens[0] for saved in again.known()] == [3, 1, 4], "the order survives"
    again.close()


def test_one_giant_does_not_push_out_the_rest(folder: Path) -> None:
    kept = store(folder, max_bytes=3000)
    kept.put(state(1), "")
    assert kept.put(state(2, size=2000), "") is None
    kept.flush()
    assert len(kept.known()) == 1
    kept.close()


@pytest.mark.parametrize("place", [0, 8, 15, 16, 400, 1015])
def test_any_damaged_byte_of_the_data_is_found(folder: Path, place: int) -> None:
    kept = store(folder)
    key = kept.put(state(1), "")
    kept.flush()
    assert key is not None
    with kept._env.begin(write=True, db=kept._data) as txn:
        raw = bytearray(txn.get(key) or b"")
        raw[place] ^= 1
        txn.put(key, bytes(raw))
    assert kept.read(key) is None
    kept.flush()
    assert kept.known() == []
    kept.close()


def test_any_damaged_byte_of_the_head_is_found(folder: Path) -> None:
    kept = store(folder)
    key = kept.put(state(1), "smith")
    kept.flush()
    assert key is not None
    assert key is not None
    with kept._env.begin(write=True, db=kept._heads) as txn:
        head = txn.get(key) or b""
        for place in range(0, len(head), 7):
            raw = bytearray(head)
            raw[place] ^= 1
            txn.put(key, bytes(raw))
            data = txn.get(key, db=kept._data) or b""
            assert _unpack(bytes(raw), data, MODEL) is None
        txn.put(key, head)
    kept.close()


@pytest.mark.parametrize("content", [b"", b"garbage" * 5000, None])
def test_a_damaged_file_is_thrown_away(folder: Path, content: bytes | None, caplog: pytest.LogCaptureFixture) -> None:
    first = store(folder, max_bytes=10_000_000)
    first.put(state(1, size=1_000_000), "")
    first.close()
    data = folder / "data.mdb"
    data.write_bytes(data.read_bytes()[:50_000] if content is None else content)
    made = open_prefix_store(folder, MODEL, 10_000_000)
    assert isinstance(made, LmdbPrefixStore)
    assert made.known() == []
    assert made.put(state(2), "")
    made.flush()
    assert len(made.known()) == 1
    made.close()
    assert content == b"" or "computed anew" in caplog.text


def test_a_folder_that_cannot_be_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    made = open_prefix_store(tmp_path / "file" / "prefixes", MODEL, 1000)
    assert isinstance(made, NullStore)
    assert "choose another cache.path" in caplog.text
    assert (made.known(), made.put(state(1), ""), made.read(b"x")) == ([], None, None)


LOOK = """
import sys
from pathlib import Path
from llm_agentd.prefix_cache.store import look_in
saved, damaged = look_in(Path(sys.argv[1]))
print([(one.label, one.fingerprint) for one in saved], len(damaged))
"""


def test_look_in_sees_what_is_there_while_it_runs(folder: Path) -> None:
    assert look_in(folder) == ([], [])
    kept = store(folder)
    key = kept.put(state(1), "elder")
    kept.flush()
    assert key is not None

    def look() -> str:
        return subprocess.run([sys.executable, "-c", LOOK, str(folder)], capture_output=True, text=True).stdout

    assert look() == f"[('elder', '{MODEL}')] 0\n"
    with kept._env.begin(write=True, db=kept._data) as txn:
        txn.put(key, b"x" * 100)
    assert look() == f"[('elder', '{MODEL}')] 1\n"
    kept.close()


WRITER = """
import os, sys
from pathlib import Path
from llm_agentd.prefix_cache.store import LmdbPrefixStore
from llm_agentd.types import PrefixState
store = LmdbPrefixStore(Path(sys.argv[1]), "model", 40_000_000)
for number in range(100000):
    store.put(PrefixState((number % 50, 1), os.urandom(500_000), ((1, 1.0),)), "")
    store.flush()
    print(number, flush=True)
"""


def test_killed_in_the_middle_of_writing_leaves_whole_records(folder: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    for line in child.stdout:
        if int(line) == 12:
            break
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    kept = LmdbPrefixStore(folder, "model", 40_000_000)
    known = kept.known()
    assert len(known) >= 12
    assert all(kept.read(saved.key) is not None for saved in known)
    kept.close()
