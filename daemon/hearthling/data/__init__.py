"""All that the corpus says and draws from, as YAML files that people write, and their reader.

`load()` returns the records, or raises DataError with file and line of each fault. `python -m hearthling.data` checks.
"""

from __future__ import annotations

from hearthling.data.files import DataError, split_words
from hearthling.data.reading import ANYONE, FOLDER, FOLLOW_UP, FOLLOW_UP_SCENE, PLACEHOLDER, VALUE_MARK, load
from hearthling.data.records import Case, Data, Scene, Topic

__all__ = [
    "load", "Case", "Data", "DataError", "Scene", "Topic",
    "ANYONE", "FOLDER", "FOLLOW_UP", "FOLLOW_UP_SCENE", "PLACEHOLDER", "VALUE_MARK", "split_words",
]  # fmt: skip
