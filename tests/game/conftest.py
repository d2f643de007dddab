"""Which of the tests with a game server run here: those whose game is at hand, and not too new for the engine.

The others are counted as deselected.
"""

from __future__ import annotations

import pytest

from tests.support import games


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    here = {games.ALWAYS, *games.at_hand()}
    missing = [item for item in items if _game(item) not in here]
    config.hook.pytest_deselected(items=missing)
    items[:] = [item for item in items if item not in missing]


def _game(item: pytest.Item) -> str:
    """The game that a test plays in by its parameter; one without plays in that which is always there."""
    call = getattr(item, "callspec", None)
    game: str = call.params.get("game", games.ALWAYS) if call else games.ALWAYS
    return game
