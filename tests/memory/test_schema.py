"""The format of memory.db: what must not change without a new version."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from llm_agentd.memory.reader import StoreReader
from llm_agentd.memory.schema import VERSION, Kind, pair_scope, place_scope, scoped_words
from llm_agentd.memory.store import Store


@pytest.mark.parametrize(
    ("kind", "said", "text", "scopes", "words"),
    [
        pytest.param(
            "exchange",
            "I hid my lanterns under the Müllers oak, running!",
            "Берёза — good evening.",
            [pair_scope("npc-1", "Ana")],
            ["hid", "lantern", "under", "muller", "oak", "run", "береза", "even"],
            id="exchange, which only its pair may find",
        ),
        pytest.param(
            "outcome",
            "",
            "Ana bought 3 apples",
            [pair_scope("npc-1", "Ana"), place_scope("Oakford")],
            ["ana", "bought", "3", "appl"],
            id="outcome, which the settlement may find",
        ),
    ],
)
def test_indexed_words_of_version_1_do_not_change(
    kind: Kind, said: str, text: str, scopes: list[str], words: list[str]
) -> None:
    """A row is taken out of the index by its words: with other ones, forgotten words would stay in old files."""
    assert VERSION == 1
    expected = " ".join(scope + word for scope in scopes for word in words)
    assert scoped_words(kind, "npc-1", "Ana", "Oakford", said, text) == expected


def test_scopes_of_version_1_do_not_change() -> None:
    assert pair_scope("npc-1", "Ana") == "6462063261974455254"
    assert place_scope("Oakford") == "13065205314726589431"


def test_file_of_another_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    Store(path, create=True).close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(sqlite3.DatabaseError, match=f"version {VERSION + 1}, this program reads {VERSION}"):
        StoreReader(path)
