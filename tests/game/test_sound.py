"""A client's sound can be recorded: loudness falls with distance, left is left, and out of earshot is silence.

What test_voice_heard.py relies on where it says which NPC a player hears.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.support.game_client import player, stage
from tests.support.mods import MODS
from tests.support.sound_recorder import RATE_HZ, SoundRecorder, tone_loudness

pytestmark = pytest.mark.e2e

TONE_HZ, TONE_S = 440.0, 0.5
SILENT = 0.001  # of full scale
CLEARLY = 2.0  # times as loud


def test_client_hears_left_right_near_and_far(tmp_path: Path) -> None:
    probe = tmp_path / "llm_probe_sound"
    shutil.copytree(MODS / probe.name, probe)
    (probe / "sounds").mkdir()
    frames = int(TONE_S * RATE_HZ)
    tone = np.hanning(frames) * np.sin(2 * np.pi * TONE_HZ * np.arange(frames) / RATE_HZ)  # it begins without a click
    soundfile.write(probe / "sounds" / "llm_probe_tone.ogg", tone, RATE_HZ, format="OGG", subtype="VORBIS")
    recorder = SoundRecorder(tmp_path / "client")
    recorder.folder.mkdir()
    with stage(tmp_path, {}, [probe]) as (game, log):
        with player(recorder.folder, game, log, size=(320, 240), recorder=recorder) as client:
            since_s = recorder.now_s
            client.chat("/tones")
            log.expect(r"\[llm_probe_sound\] over")
        assert game.stop() == 0
    heard = recorder.samples(since_s)
    west, east, near, far, beyond = (tone_loudness(heard, TONE_HZ * pitch) for pitch in (1.0, 1.4, 1.8, 2.3, 2.7))
    print(f"\nleft and right of: west {west}, east {east}, near {near}, far {far}, beyond {beyond}")
    assert west[0] > CLEARLY * west[1]
    assert east[1] > CLEARLY * east[0]
    assert 1 / CLEARLY < near[0] / near[1] < CLEARLY
    assert near[0] > CLEARLY * far[0] > SILENT
    assert max(beyond) < SILENT
    assert log.errors() == []
