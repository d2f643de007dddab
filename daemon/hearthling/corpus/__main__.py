"""Prints samples for people: `python -m hearthling.corpus --seed 1 --n 5 [--split heldout]`."""

from __future__ import annotations

import argparse
from itertools import islice

from hearthling.corpus import check, samples


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m hearthling.corpus", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--n", type=int, default=5, help="how many samples")
    parser.add_argument("--split", choices=("train", "heldout"), default="train")
    chosen = parser.parse_args()
    for sample in islice(samples(chosen.seed, chosen.split), chosen.n):
        for message in sample.messages:
            print(f"{message.role:9} | " + message.content.replace("\n", "\n          | "))
        print(f"{'reply':9} > {sample.reply}")
        print(f"{'checked':9} = {sample.expect.topic}/{sample.expect.scene} {check(sample.expect, sample.reply)}\n")


if __name__ == "__main__":
    main()
