"""Damages files as failing disks and cut copies do: bits that turned over, and ends that are missing.

`damages` gives many, always the same ones for one seed. Each is applied to files that no process has open.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

FLIPS_MAX = 64  # bits in one damage: from a single one to a torn sector


@dataclass(frozen=True, slots=True)
class Damage:
    """`flips`: places in the file, as shares of its size, whose bit `bit` turns over. `keep` below 1 cuts its end."""

    file: int
    flips: tuple[tuple[float, int], ...] = ()
    keep: float = 1.0

    def apply(self, files: Sequence[Path]) -> None:
        """A file that is missing stays so."""
        path = files[self.file % len(files)]
        if not path.exists() or not path.stat().st_size:
            return
        data = bytearray(path.read_bytes())
        for share, bit in self.flips:
            data[int(share * len(data)) % len(data)] ^= 1 << bit
        path.write_bytes(data[: int(len(data) * self.keep)])


def damages(count: int, seed: int) -> Iterator[Damage]:
    """Half of them flips, many of them near the beginning, where headers are; half of them cuts, some with flips."""
    rng = random.Random(seed)
    for number in range(count):
        near = rng.choice((1.0, 1.0, 0.05, 0.002))
        flips = tuple((rng.random() * near, rng.randrange(8)) for _ in range(rng.choice((1, 1, 4, FLIPS_MAX))))
        if number % 2:
            yield Damage(rng.randrange(1 << 16), flips)
        else:
            yield Damage(rng.randrange(1 << 16), flips if rng.random() < 0.3 else (), rng.random() ** 2)
