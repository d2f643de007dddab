"""`make animation`: a trade as a player sees it, recorded from a real client, as one animated WebP.

    python tools/animation.py FILE

Walks up to a merchant, greets, asks what is sold, haggles, clicks, buys and gives thanks. What the merchant says is the
model's and the game's; each step waits for its answer. A thread takes the pictures meanwhile.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image
from tests.support.game_client import GameClient, player, stage
from tests.support.screen import Pixels, changed

from llm_agentd.demo.game import SAY
from tools.screenshots import CLIENT_SETTINGS, SETTINGS, chosen, enter, named

SIZE = (800, 600)
FRAME_S = 0.25
STILL_MAX_S = 1.1  # a longer wait for words is shortened: who watches has read what there is
LENGTH_S = 30.0  # of the film; what took longer plays faster
LAST_S = 3.0  # before it begins anew
LOOK_S = 1.2  # at a form, before the next click
READ_S = 2.2  # an answer, before the next sentence
CHANGED_MIN = 0.0005  # of the pixels; below is the light's flicker
QUALITY = 55  # of 100; letters are still sharp
STRIDE_S = 1.35  # from where the stage puts the player up to the stall, near enough for a click


class Recorder(threading.Thread):
    """Takes a picture of the screen every FRAME_S until it is stopped; keeps those in which something has changed."""

    def __init__(self, client: GameClient) -> None:
        super().__init__(daemon=True)
        self._client, self._over = client, threading.Event()
        self.frames: list[tuple[float, Pixels]] = []

    def run(self) -> None:
        while not self._over.wait(FRAME_S):
            seen = np.ascontiguousarray(self._client.screen.pixels())
            if not self.frames or changed(self.frames[-1][1], seen) > CHANGED_MIN:
                self.frames.append((time.monotonic(), seen))

    def stop(self) -> None:
        self._over.set()
        self.join()

    def save(self, path: Path) -> float:
        """Writes the pictures; returns how long they play, in seconds."""
        times_s = [at_s for at_s, _ in self.frames]
        shown_s = [min(after - at, STILL_MAX_S) for at, after in pairwise(times_s)]
        pace = min(1.0, (LENGTH_S - LAST_S) / sum(shown_s))
        shown_s = [pace * one for one in shown_s] + [LAST_S]
        first, *others = [Image.fromarray(seen) for _, seen in self.frames]
        durations = [round(1000 * one) for one in shown_s]
        first.save(path, save_all=True, append_images=others, duration=durations, loop=0, quality=QUALITY, method=6)
        return sum(shown_s)


def ask(client: GameClient, words: str) -> None:
    """Says something aloud, and waits until its answer has been read."""
    client.chat(words)
    client.log.expect(SAY)
    time.sleep(READ_S)


def trade(client: GameClient) -> None:
    client.hold("w", STRIDE_S)
    ask(client, "Good morning, Bram!")
    ask(client, "What do you sell?")
    ask(client, "I give you 30 coins for the steel pickaxe")
    ask(client, "Deal!")
    form = client.form("llm_agent:dialog", client.use)
    time.sleep(LOOK_S)
    form = client.form("llm_agent:trade", lambda: client.press(form, "trade"))
    time.sleep(LOOK_S)
    if "buy_" not in form.spec:
        pick = chosen(form, "get", "pick_steel")
        form = client.form("llm_agent:trade", lambda: client.press(form, pick), having="buy_")
    form = client.form("llm_agent:trade", lambda: client.press(form, named(form, "buy_")))
    time.sleep(LOOK_S)
    client.key("Escape")
    ask(client, "Thank you, Bram!")


def main() -> int:
    parser = argparse.ArgumentParser(description="A trade in a real client, as an animated WebP.")
    parser.add_argument("file", type=Path)
    path = parser.parse_args().file
    with (
        tempfile.TemporaryDirectory(prefix="llm-agentd-shots-") as world,
        stage(Path(world), SETTINGS) as (game, log),
    ):
        with player(Path(world), game, log, size=SIZE, settings=CLIENT_SETTINGS):
            pass  # what is said at the first joining is not for the film
        with player(Path(world), game, log, size=SIZE, settings=CLIENT_SETTINGS) as client:
            enter(client, "stall")
            recorder = Recorder(client)
            recorder.start()
            trade(client)
            recorder.stop()
    length_s = recorder.save(path)
    print(f"{path}  {path.stat().st_size // 1024} KiB, {len(recorder.frames)} pictures, {length_s:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
