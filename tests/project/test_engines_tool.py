"""tools/engines.py: which binaries it plays with, and what it makes of pytest's reports. To play takes it an hour."""

from __future__ import annotations

import subprocess
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from tools.engines import Result, binaries, main, read_report, summary

from llm_agentd.errors import StartError

REPORT = """\
<testsuites><testsuite>
<testcase classname="tests.game.test_duel" name="test_fight[voxelibre]"><failure message="x">why</failure></testcase>
<testcase classname="tests.game.test_duel" name="test_fight[devtest]" />
<testcase classname="tests.game.test_trade" name="test_goods" />
<testcase classname="tests.game.test_admin" name="test_words[two of them]"><error message="x">why</error></testcase>
<testcase classname="tests.game.test_admin" name="test_other"><skipped message="x" /></testcase>
</testsuite></testsuites>
"""


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(0o755)
    return path


def test_one_folder_names_server_and_client_under_their_new_or_old_names(tmp_path: Path) -> None:
    for server, client in (("luantiserver", "luanti"), ("minetestserver", "minetest")):
        folder = tmp_path / server
        named = {"LUANTI_SERVER": str(program(folder / server)), "LUANTI_CLIENT": str(program(folder / client))}
        assert binaries(str(folder)) == named
    program(tmp_path / "games" / client)
    (folder / client).unlink()
    with pytest.raises(StartError, match=r"has no client \(luanti or minetest\); name the folder .* doc/compiling"):
        binaries(str(folder))
    apart = {"LUANTI_SERVER": str(folder / server), "LUANTI_CLIENT": str(tmp_path / "games" / client)}
    assert binaries(f"{folder}:{tmp_path}/games") == apart


def test_no_engine_is_an_error_that_says_how_to_name_one(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert 'make engines ENGINES="FOLDER …"' in capsys.readouterr().err
    made = subprocess.run(
        ["make", "-n", "engines", "ENGINES=/a/bin /b/bin", "ARGS=tests/game -k trade"],
        cwd=repo,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "tools/engines.py /a/bin /b/bin -- tests/game -k trade" in made.stdout


def test_reports_become_a_table_of_engines_and_games(tmp_path: Path) -> None:
    (tmp_path / "report.xml").write_text(REPORT)
    results = read_report(tmp_path / "report.xml")
    assert results == [
        Result("test_duel::test_fight[voxelibre]", "voxelibre", passed=False),
        Result("test_duel::test_fight[devtest]", "devtest", passed=True),
        Result("test_trade::test_goods", "minetest_game", passed=True),
        Result("test_admin::test_words[two of them]", "minetest_game", passed=False),
    ]
    console = Console(width=100, file=StringIO())
    with console.capture() as printed:
        console.print(summary({"5.18": results, "5.6.1": results[1:2]}))
    rows = [line.split("│")[1:-1] for line in printed.get().splitlines() if line.startswith("│")]
    assert [[cell.strip() for cell in row] for row in rows] == [
        ["5.18", "0 of 1", "1 of 1", "1 of 2"],
        ["5.6.1", "-", "1 of 1", "-"],
    ]
