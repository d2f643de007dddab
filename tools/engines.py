"""`make engines`: the tests with a real server on other engines, in every game at hand, and a table of what passed.

    python tools/engines.py FOLDER… [-- OPTIONS OF PYTEST]

FOLDER has the binaries of one engine, server and client: `bin` of one that was built from source as its doc/compiling
says. Of a package's, which lie apart, two are named: /usr/lib/minetest:/usr/games. LUANTI_GAME_PATH names folders with
games (CONTRIBUTING.md). Knows pytest's report in XML, nothing of what is tested.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from rich.console import Console
from rich.table import Table
from tests.support.games import ALWAYS, GAMES

from llm_agentd.demo.game import engine_version
from llm_agentd.errors import StartError
from llm_agentd.ops.game_binaries import CLIENT, SERVER, Binary

SUITE = "tests/game"


class Result(NamedTuple):
    test: str
    game: str
    passed: bool


def binaries(folders: str) -> dict[str, str]:
    """The variables that name this engine's server and client. StartError: which of them is not there."""
    paths = [Path(folder) for folder in folders.split(os.pathsep)]
    return {binary.variable: str(_binary(paths, binary)) for binary in (SERVER, CLIENT)}


def name_of(engine: Mapping[str, str]) -> str:
    server = engine[SERVER.variable]
    return f"{engine_version(server)} ({Path(server).parent})"


def _binary(folders: Sequence[Path], binary: Binary) -> Path:
    names = [name for name in binary.names if "/" not in name]
    for path in (folder / name for folder in folders for name in names):
        if os.access(path, os.X_OK) and path.is_file():
            return path.absolute()
    raise StartError(
        f"{os.pathsep.join(map(str, folders))} has no {binary.what} ({' or '.join(names)}); name the folder with the"
        f" binaries of an engine, such as `bin` of one that you built with BUILD_SERVER and BUILD_CLIENT as its"
        f" doc/compiling says"
    )


def read_report(path: Path) -> list[Result]:
    """Each test's result out of pytest's XML; a skipped test has none."""
    results = []
    for case in ElementTree.parse(path).iter("testcase"):
        if case.find("skipped") is not None:
            continue
        name = case.get("name", "")
        chosen = re.search(r"\[(\w+)", name)
        game = chosen[1] if chosen and chosen[1] in GAMES else ALWAYS
        bad = case.find("failure") is not None or case.find("error") is not None
        results.append(Result(f"{case.get('classname', '').rpartition('.')[2]}::{name}", game, not bad))
    return results


def summary(runs: Mapping[str, Sequence[Result]]) -> Table:
    """A row an engine, a column a game: how many passed of how many."""
    games = list(dict.fromkeys(result.game for results in runs.values() for result in results))
    table = Table("engine", *games)
    for engine, results in runs.items():
        of = Counter(result.game for result in results)
        passed = Counter(result.game for result in results if result.passed)
        table.add_row(engine, *(f"{passed[game]} of {of[game]}" if game in of else "-" for game in games))
    return table


def play(engine: Mapping[str, str], options: Sequence[str]) -> list[Result]:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", *(options or [SUITE])]
        ended = subprocess.run(command, env=os.environ | engine, check=False)
        if not report.exists():
            raise StartError(f"pytest ended with {ended.returncode} and without a report; what it printed says why")
        return read_report(report)


def main(arguments: Sequence[str]) -> int:
    at = arguments.index("--") if "--" in arguments else len(arguments)
    folders, options = arguments[:at], arguments[at + 1 :]
    try:
        if not folders:
            raise StartError('no engine named; name folders with binaries: make engines ENGINES="FOLDER …"')
        engines = [binaries(folder) for folder in folders]  # all are looked at before the first plays
        runs = {name_of(engine): play(engine, options) for engine in engines}
    except StartError as error:
        print(f"engines: {error}", file=sys.stderr)
        return 2
    Console().print(summary(runs))
    failed = [(engine, result) for engine, results in runs.items() for result in results if not result.passed]
    for engine, result in failed:
        print(f"failed on {engine}: {result.test}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
