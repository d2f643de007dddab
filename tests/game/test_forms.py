"""All forms of the mod in every game at hand, in a real client: nothing is cut off or lies over something else, and
every line stands out from what is behind it.

In German and Russian, whose words are long, in a small window and a large one.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import screenshots

from llm_agentd.ops.install_mod import mod_source
from tests.support.form_words import catalogue, faint, misfits
from tests.support.game_client import player, stage
from tests.support.games import ALWAYS, VILLAGER_GAMES, at_hand

pytestmark = pytest.mark.e2e

FORMS = ("trade", "quests", "dialog", "role", "egg", "menu")
CLIENT = {"font_shadow": 0}  # a shadow has a contrast of its own


@pytest.mark.parametrize("size", [(800, 600), (1920, 1080)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("language", ["de", "ru"])
@pytest.mark.parametrize("game", [ALWAYS, *VILLAGER_GAMES])
def test_words_of_forms_fit_and_can_be_read(tmp_path: Path, game: str, language: str, size: tuple[int, int]) -> None:
    translate = catalogue(language, [mod_source(), at_hand()[game]])
    problems = []
    with stage(tmp_path, screenshots.SETTINGS, game_id=game) as (_game, log):
        settings = {**CLIENT, "language": language}
        with player(tmp_path, _game, log, size=size, settings=settings) as client:
            for name in FORMS:
                screenshots.SCENES[name](client)
                form, picture = client.shown_form()
                client.shot(tmp_path / f"{name}.png")
                found = misfits(form, translate) + faint(form, translate, picture)
                problems += [f"{form.name}: {problem}" for problem in found]
                client.key("Escape")
                client.wait_still()
    assert not problems, "\n".join(problems)
