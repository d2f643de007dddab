"""Prints samples for people: `python -m hearthling.corpus --seed 1 --n 5 [--topic NAME]`."""

from __future__ import annotations

import argparse
from itertools import islice

from hearthling.corpus import samples
from llm_agentd.prompt.placeholders import readable


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m hearthling.corpus", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--n", type=int, default=5, help="how many samples")
    parser.add_argument("--topic", help="of this topic alone")
    chosen = parser.parse_args()
    found = (sample for sample in samples(chosen.seed) if chosen.topic in (None, sample.topic))
    for sample in islice(found, chosen.n):
        for message in sample.messages:
            print(f"{message.role:9} | " + readable(message.content).replace("\n", "\n          | "))
        print(f"{'reply':9} > {readable(sample.reply)}\n")


if __name__ == "__main__":
    main()
