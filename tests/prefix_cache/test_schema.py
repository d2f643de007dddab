"""The format of saved prefixes: what was written by a released version is still used, that of another goes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from llm_agentd.prefix_cache import LmdbPrefixStore, lmdb_store
from tests.support.make_fixtures import FINGERPRINT, FOLDER, MIB


@pytest.fixture
def written(folder: Path) -> Path:
    folder.mkdir()
    shutil.copyfile(FOLDER / "prefixes-v1.mdb", folder / "data.mdb")
    return folder


def test_prefixes_of_version_1_are_used(written: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = LmdbPrefixStore(written, FINGERPRINT, MIB)
    (saved,) = store.saved()
    state = store.read(saved.key)
    assert state is not None
    assert (saved.label, state.tokens, state.data) == ("smith", (1, 2, 3), b"state" * 20)
    store.close()
    assert caplog.text == ""


def test_prefixes_of_another_version_go_with_a_word(
    written: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """They were read as damaged one by one, and those with another header took up room for ever."""
    monkeypatch.setattr(lmdb_store, "SCHEMA", 2)
    store = LmdbPrefixStore(written, FINGERPRINT, MIB)
    assert store.saved() == []
    assert store.stats() == {"entries": 0, "bytes": 0}
    assert "emptied, it was of version 1 and this daemon writes version 2" in caplog.text
    store.close()
