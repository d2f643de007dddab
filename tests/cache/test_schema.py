"""The format of the cache on disk: what was written by a released version is still served."""

from __future__ import annotations

import shutil
from pathlib import Path

from llm_agentd.cache import LmdbCache
from tests.support.make_fixtures import CACHE_KEY, FOLDER, MIB, WRITTEN_S


def test_cache_of_version_1_is_served(folder: Path) -> None:
    folder.mkdir()
    shutil.copyfile(FOLDER / "cache-v1.mdb", folder / "data.mdb")
    cache = LmdbCache(folder, 300, MIB, lambda: WRITTEN_S + 1)
    entry = cache.get(CACHE_KEY, 1)
    assert entry is not None
    assert (entry.text, entry.prompt) == ("Well met.", "Ana: Hello")
    cache.close()
