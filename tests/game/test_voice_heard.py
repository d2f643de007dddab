"""What players hear: two real clients, whose sound is recorded, each before an NPC of their own in a real server.

The NPCs' words are known; a recording is read by a recogniser. Daemon and voices are those of an ordinary installation.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support.game_client import GameClient, player, stage
from tests.support.game_log import GameLog
from tests.support.mods import MODS
from tests.support.recognised import recognised, share_of_words
from tests.support.sound_recorder import RATE_HZ, SoundRecorder, loudness

pytestmark = pytest.mark.e2e

# Words that are written in one way only: the recogniser writes `ten` as 10.
LINES = {
    "Mira": "Good evening, my friend. The bridge over the river is broken. You must go round by the old mill, and take"
    " some bread with you.",
    "Bram": "My name is Bram. I have fresh fish to sell today. The boat comes back in the morning, if the wind is"
    " kind.",
}
SHORT = "The market opens in the morning."
PLACES = {"Mira": 60, "Bram": 200}  # x, in nodes: far beyond each other's earshot
RIGHT_MIN = 0.9  # share of the words
FOREIGN_MAX = 0.3  # share of the other NPC's words: `the`, `is` and the like are in both
SILENT = 1e-3  # of full scale
CLEARLY = 1.5  # times as loud
QUIET_S = 1.5  # longer than any pause between sentences
QUIET_MAX_S = 30.0
POLL_S = 0.1
STEP_MAX_MS = 500  # on a busy machine; a step that waited for a voice would take as long as the voice


@dataclass
class Scene:
    """A server, and for each NPC's name the player who stands before it."""

    log: GameLog
    clients: dict[str, GameClient] = field(default_factory=dict)
    recorders: dict[str, SoundRecorder] = field(default_factory=dict)

    def speak(self, words: str = "") -> dict[str, Any]:
        """Both NPCs say this, or each its own lines; returns what each player heard, by the NPC they stand before."""
        since_s = {name: recorder.now_s for name, recorder in self.recorders.items()}
        self.clients["Mira"].chat(f"/speak {words}".strip())
        for _ in self.clients:
            name, step_ms, shown = self.log.expect(
                r"\[llm_probe_heard\] done (\S+) spoken=true longest_step_ms=(\d+) shown=(.*)"
            ).groups()
            assert share_of_words(words or LINES[name], shown) == 1, f"the bubble of {name} showed {shown}"
            assert int(step_ms) < STEP_MAX_MS
        self._wait_quiet()
        return {name: recorder.samples(since_s[name]) for name, recorder in self.recorders.items()}

    def _wait_quiet(self) -> None:
        deadline_s = time.monotonic() + QUIET_MAX_S
        while max(map(_loudest, (r.samples(r.now_s - QUIET_S) for r in self.recorders.values()))) > SILENT:
            assert time.monotonic() < deadline_s, "no end of the sound"
            time.sleep(POLL_S)


def _loudest(samples: Any) -> float:
    return max(loudness(samples))


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("heard")
    lines = {f"llm_probe_heard.{name}": line for name, line in LINES.items()}
    settings = {"llm_agent.voice": "true", "llm_agent.greet": "false", **lines}
    with ExitStack() as stack:
        game, log = stack.enter_context(stage(folder, settings, [MODS / "llm_probe_heard"]))
        scene = Scene(log)
        for npc_name, player_name in (("Mira", "Robin"), ("Bram", "Ada")):
            recorder = SoundRecorder(folder / player_name)
            recorder.folder.mkdir()
            client = stack.enter_context(
                player(recorder.folder, game, log, size=(320, 240), name=player_name, recorder=recorder)
            )
            client.chat(f"/meet {npc_name} {PLACES[npc_name]}")
            log.expect(rf"\[llm_probe_heard\] met {npc_name}")
            scene.clients[npc_name], scene.recorders[npc_name] = client, recorder
        # The first sentence of all starts the engine, and may come too late for its bubble.
        log.wait_for("voice", lambda: min(map(_loudest, scene.speak("Is anybody there?").values())) > SILENT)
        yield scene
    assert log.errors(daemon_away=True) == []


def test_each_player_hears_the_npc_before_them_and_not_the_other(scene: Scene) -> None:
    heard = scene.speak()
    for npc_name, other in (("Mira", "Bram"), ("Bram", "Mira")):
        words = recognised(heard[npc_name].mean(axis=1), RATE_HZ)
        print(f"\nbefore {npc_name}: {words}")
        assert share_of_words(LINES[npc_name], words) >= RIGHT_MIN
        assert share_of_words(LINES[other], words) <= FOREIGN_MAX


def test_voice_is_softer_from_afar_and_silent_out_of_earshot(scene: Scene) -> None:
    robin = scene.clients["Mira"]
    before = [_loudest(scene.speak(SHORT)["Mira"])]
    for nodes in (5, 12):
        robin.chat(f"/back {nodes}")
        scene.log.expect(r"\[llm_probe_heard\] back")
        before.append(_loudest(scene.speak(SHORT)["Mira"]))
    robin.chat("/back 0")
    near, far, beyond = before
    assert near > CLEARLY * far > SILENT > beyond


def test_player_who_wants_no_voices_hears_none_and_reads_all(scene: Scene) -> None:
    robin = scene.clients["Mira"]
    robin.chat("/llm voice off")
    heard = scene.speak(SHORT)
    assert _loudest(heard["Mira"]) < SILENT < _loudest(heard["Bram"])
    robin.chat("/llm voice on")
    assert _loudest(scene.speak(SHORT)["Mira"]) > SILENT
