"""Checks the data files: `python -m hearthling.data [FOLDER]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hearthling.data import FOLDER, DataError, load


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m hearthling.data", description="check the corpus's data files")
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    try:
        data = load(parser.parse_args(arguments).folder)
    except DataError as error:
        print(error, file=sys.stderr)
        return 1
    replies = sum(len(texts) for scene in data.scenes.values() for texts in scene.replies.values())
    player_lines = sum(len(scene.player) for scene in data.scenes.values())
    print(f"{len(data.scenes)} scenes with {player_lines} lines of players and {replies} replies; all is well")
    return 0


if __name__ == "__main__":
    sys.exit(main())
