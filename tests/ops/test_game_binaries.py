"""Where the game's binaries are found, and what is said where there are none."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path

import pytest

from llm_agentd.errors import StartError
from llm_agentd.ops import game_binaries
from llm_agentd.ops.game_binaries import (
    CLIENT,
    OLD_RELEASES,
    SERVER,
    Binary,
    find_binary,
    find_games,
    games_environ,
    package_name,
)


def program(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(0o755)
    return str(path)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Binary:
    """As Debian has it: the binary outside PATH, a wrapper in it."""
    monkeypatch.setenv("PATH", str(tmp_path / "games"))
    return SERVER._replace(paths=(str(tmp_path / "libexec/luantiserver"), str(tmp_path / "lib/minetestserver")))


@pytest.mark.parametrize("release", ["libexec/luantiserver", "lib/minetestserver"])
def test_debians_binary_comes_before_the_wrapper_in_path(server: Binary, tmp_path: Path, release: str) -> None:
    program(tmp_path / "games/luantiserver")
    program(tmp_path / "games/minetestserver")
    binary = program(tmp_path / release)
    assert find_binary(server, {}) == binary


def test_binary_elsewhere_is_found_in_path(server: Binary, tmp_path: Path) -> None:
    wrapper = program(tmp_path / "games/luantiserver")
    assert find_binary(server, {}) == wrapper


def test_environment_names_another_binary(server: Binary, tmp_path: Path) -> None:
    program(tmp_path / "libexec/luantiserver")
    own = program(tmp_path / "build/bin/luantiserver")
    assert find_binary(server, {"LUANTI_SERVER": own}) == own
    with pytest.raises(StartError, match=r"LUANTI_SERVER: /no/server is no program; .* or unset it"):
        find_binary(server, {"LUANTI_SERVER": "/no/server"})


def release(monkeypatch: pytest.MonkeyPatch, name: str, version: str) -> None:
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: {"ID": name, "VERSION_ID": version})


def test_missing_server_is_named_with_the_line_that_installs_it(
    server: Binary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StartError, match=r"luanti\.org/downloads.*LUANTI_SERVER"):
        find_binary(server, {})
    program(tmp_path / "games/apt-get")
    release(monkeypatch, "debian", "12")
    with pytest.raises(StartError, match="sudo apt-get install -y minetest-server, or"):
        find_binary(server, {})
    release(monkeypatch, "debian", "13")
    with pytest.raises(StartError, match="sudo apt-get install -y luanti-server, or"):
        find_binary(server, {})


def test_make_installs_the_packages_that_errors_name(repo: Path) -> None:
    for old in [None, *OLD_RELEASES]:
        release = old.replace(" ", "") if old else "debian13"
        command = ["make", "-n", "debs-shot", f"RELEASE={release}"]
        said = subprocess.run(command, cwd=repo, capture_output=True, text=True, timeout=60, check=True).stdout
        names = [binary.old_package if old else binary.package for binary in (SERVER, CLIENT)]
        assert f'wanted="{" ".join(names)} ' in said


def test_package_without_a_release_is_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_file() -> dict[str, str]:
        raise OSError

    monkeypatch.setattr(platform, "freedesktop_os_release", no_file)
    assert package_name(CLIENT) == "luanti"


def game(folder: Path, name: str) -> Path:
    (folder / name).mkdir(parents=True)
    (folder / name / "game.conf").touch()
    return folder / name


@pytest.fixture
def debian_games(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "share/games"
    monkeypatch.setattr(game_binaries, "_DEBIAN_GAMES", (str(folder), str(tmp_path / "nowhere")))
    return folder


def test_games_lie_in_the_folders_that_one_variable_names_beside_debians(tmp_path: Path, debian_games: Path) -> None:
    debians = game(debian_games, "minetest_game")
    (debian_games / "no_game").mkdir()
    mine, more = game(tmp_path / "mine", "voxelibre"), game(tmp_path / "more", "mineclonia")
    game(tmp_path / "more", "voxelibre")  # the first of one name counts, as for the engine
    named = {"LUANTI_GAME_PATH": f"{mine.parent}:{more.parent}:/no/games"}
    assert find_games("/no/server", named) == {"minetest_game": debians, "voxelibre": mine, "mineclonia": more}
    assert find_games("/no/server", {}) == {"minetest_game": debians}


def test_engine_run_in_place_brings_its_own_games(tmp_path: Path, debian_games: Path) -> None:
    own = game(tmp_path / "luanti/games", "devtest")
    game(debian_games, "devtest")
    assert find_games(program(tmp_path / "luanti/bin/luantiserver"), {}) == {"devtest": own}


def test_engines_of_any_age_are_told_the_folders(tmp_path: Path, debian_games: Path) -> None:
    assert games_environ({}) == {}
    debian_games.mkdir(parents=True)
    (tmp_path / "mine").mkdir()
    folders = f"{tmp_path}/mine:{debian_games}"
    names = ("LUANTI_GAME_PATH", "MINETEST_GAME_PATH", "MINETEST_SUBGAME_PATH")
    assert games_environ({"LUANTI_GAME_PATH": f"{tmp_path}/mine"}) == dict.fromkeys(names, folders)
