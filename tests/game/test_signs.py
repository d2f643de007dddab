"""Names fingerspelled over the head of who says them, in a real client: the daemon's own pictures are on the screen.

Daemon, server and client run as in a game (tests/support/game_client.py).
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from llm_agentd.speech.signs.picture import draw
from llm_agentd.speech.signs.spelling import spell
from tests.support.game_client import GameClient, player, stage
from tests.support.screen import Pixels

pytestmark = pytest.mark.e2e

SIZE = (800, 600)
LANG = "gsg"
HEIGHT = 80  # as signs/pictures.lua asks for; a client draws them larger or smaller, by its screen's density
PLATE_MIN = 60, 90  # pixels, high and wide: no bubble is as high
ROW_WHITE_SHARE, COLUMN_WHITE_SHARE = 0.4, 0.2  # of a plate, where hands are
WHITE = 250  # of 255
WORDS = ("Schuh", "Robin", "Mira", "Rosa", "Otto")
UNLIKE_MAX = 26  # of 255, on average over all pixels: the right one, drawn at another scale, has 17, others 35


def picture_of(word: str) -> Image.Image:
    return Image.open(io.BytesIO(draw(spell(word, LANG), HEIGHT))).convert("RGBA").convert("L")


def runs(is_set: Pixels, length_min: int) -> list[slice]:
    """Where as many neighbours are set."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], is_set.astype(np.int8), [0]))))
    return [slice(begin, end) for begin, end in zip(edges[::2], edges[1::2], strict=True) if end - begin >= length_min]


def plates(screen: Pixels) -> list[Image.Image]:
    """The white plates on the screen, from top to bottom, and from left to right."""
    white = (screen >= WHITE).all(axis=2)
    found = []
    for rows in runs(white.sum(axis=1) >= PLATE_MIN[1] * ROW_WHITE_SHARE, PLATE_MIN[0]):
        for columns in runs(white[rows].mean(axis=0) >= COLUMN_WHITE_SHARE, PLATE_MIN[1]):
            found.append(Image.fromarray(np.ascontiguousarray(screen[rows, columns])).convert("L"))
    return found


def word_on(plate: Image.Image) -> str:
    """Of which of WORDS it is the picture; else a question mark."""

    def unlike(word: str) -> float:
        wanted = picture_of(word)
        scaled = plate.resize(wanted.size)
        return float(np.abs(np.asarray(scaled, int) - np.asarray(wanted, int)).mean())

    best = min(WORDS, key=unlike)
    return best if unlike(best) < UNLIKE_MAX else "?"


def words_shown(client: GameClient) -> list[str]:
    return [word_on(plate) for plate in plates(client.screen.pixels())]


def test_reader_sees_names_spelled_while_a_line_is_spoken_and_a_word_to_practise(tmp_path: Path) -> None:
    settings = {"llm_agent.greet": "false", "llm_agent.read_base_ms": 15_000}
    with stage(tmp_path, settings) as (game, log), player(tmp_path, game, log, size=SIZE) as client:
        client.chat("/stage smith")
        log.expect(r"\[llm_stage\] scene smith")
        client.chat(f"/llm signs {LANG}")
        client.chat("/llm sign Schuh")
        client.wait_for("word to practise", lambda: words_shown(client) == ["Schuh"])
        client.wait_for("end of practice", lambda: words_shown(client) == [])
        client.chat("/line Mira Robin, I am Mira.")
        client.wait_for("signs of both names", lambda: words_shown(client) == ["Robin", "Mira"])
        client.wait_for("end of the line", lambda: words_shown(client) == [])
        log.expect(r"say npc=\S+ name=Mira .*text=Robin, I am Mira\.")
    assert game.stop() == 0
    assert log.errors() == []
