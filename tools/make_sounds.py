"""Makes the mod's sounds: `python tools/make_sounds.py [FOLDER]`, else into mods/llm_agent/sounds/.

Everything is computed here from a few tones. Needs numpy and, to write Ogg Vorbis, `pip install soundfile`. Run it
after changing a tone, and commit what it writes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

SOUNDS = Path(__file__).resolve().parents[1] / "mods" / "llm_agent" / "sounds"
RATE_HZ = 44_100
LENGTH_S = 0.7
# A coin rings in tones that are no multiples of each other: (Hz, share of the loudness, seconds until a third is left).
PARTIALS = ((2_310.0, 1.0, 0.12), (3_870.0, 0.7, 0.10), (5_640.0, 0.45, 0.07), (8_120.0, 0.25, 0.04))
# The coins that fall one after the other: (when, how much higher).
COINS = ((0.0, 1.0), (0.09, 1.12), (0.2, 1.26))


def coins() -> Any:
    """A few coins that fall into a hand, mono, -1 to 1."""
    time_s = np.arange(int(RATE_HZ * LENGTH_S)) / RATE_HZ
    wave: Any = np.zeros_like(time_s)
    for begin_s, pitch in COINS:
        since_s = np.clip(time_s - begin_s, 0, None)
        for hertz, loudness, fades_s in PARTIALS:
            wave += (
                (time_s >= begin_s)
                * loudness
                * np.sin(2 * np.pi * hertz * pitch * since_s)
                * np.exp(-since_s / fades_s)
            )
    fade = np.clip((LENGTH_S - time_s) / 0.1, 0, 1)
    return wave * fade / np.abs(wave).max() * 0.8


def main(folder: Path) -> None:
    """Writes them; `folder` is there already."""
    import soundfile  # type: ignore[import-not-found, unused-ignore]

    soundfile.write(folder / "llm_agent_paid.ogg", coins(), RATE_HZ, format="OGG", subtype="VORBIS")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SOUNDS)
