"""install-mod: what it copies, what it refuses, and that a failed copy leaves the old one whole."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from llm_agentd.errors import StartError
from llm_agentd.ops.install_mod import install_mod, mod_source


@pytest.fixture
def mods(tmp_path: Path) -> Path:
    folder = tmp_path / "mods"
    folder.mkdir()
    return folder


def install(folder: Path) -> str:
    return install_mod(folder, lambda: "token-of-the-daemon")


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


def test_install_copies_all_files_and_prints_the_next_steps(mods: Path, repo: Path) -> None:
    said = install(mods)
    assert said.startswith(f"installed {mods / 'llm_agent'}\n")
    assert "secure.http_mods = llm_agent" in said
    assert "\n    dedicated_server_step = 0.05\n" in said
    assert "\n    llm_agent.token = token-of-the-daemon\n" in said
    assert "load_mod_llm_agent = true" in said
    assert files(mods / "llm_agent") == files(repo / "mods" / "llm_agent")
    assert [path.name for path in mods.iterdir()] == ["llm_agent"]  # nothing left beside it


def test_worldmods_need_no_line_in_world_mt(tmp_path: Path) -> None:
    (tmp_path / "worldmods").mkdir()
    assert "load_mod_" not in install(tmp_path / "worldmods")


def test_daemon_without_a_token_needs_no_line_for_it(mods: Path) -> None:
    assert ".token" not in install_mod(mods, lambda: None)


def test_token_that_this_user_may_not_read_stops_nothing_and_is_explained(mods: Path) -> None:
    def not_mine() -> str:
        raise StartError(
            "it belongs to llm-agentd; run this as that user, such as: sudo -u llm-agentd llm-agentd token"
        )

    said = install_mod(mods, not_mine)
    assert said.startswith("installed ")
    assert "    llm_agent.token = TOKEN\n" in said
    assert "sudo -u llm-agentd llm-agentd token" in said


def test_own_older_copy_is_updated(mods: Path, repo: Path) -> None:
    install(mods)
    (mods / "llm_agent" / "gone_in_this_version.lua").write_text("old")
    (mods / "llm_agent" / "init.lua").write_text("old")
    assert install(mods).startswith("updated ")
    assert files(mods / "llm_agent") == files(repo / "mods" / "llm_agent")


@pytest.mark.parametrize("mod_conf", [None, "name = other\n", "title = llm_agent\n"])
def test_other_mod_of_that_name_is_left_alone(mods: Path, mod_conf: str | None) -> None:
    stranger = mods / "llm_agent"
    stranger.mkdir()
    (stranger / "init.lua").write_text("-- someone else's")
    if mod_conf:
        (stranger / "mod.conf").write_text(mod_conf)
    with pytest.raises(StartError, match="is not this mod"):
        install(mods)
    assert (stranger / "init.lua").read_text() == "-- someone else's"


def test_link_is_refused(mods: Path, repo: Path) -> None:
    (mods / "llm_agent").symlink_to(repo / "mods" / "llm_agent")
    with pytest.raises(StartError, match="is a link"):
        install(mods)


def test_copy_onto_itself_is_refused(repo: Path) -> None:
    with pytest.raises(StartError, match="nothing to copy"):
        install(repo / "mods")


@pytest.mark.parametrize(
    ("inside", "folder", "message"),
    [
        ([], "nowhere", "no such folder"),
        ([], ".", "is not a mods folder; name one called mods"),
        (["mods/"], ".", r"did you mean .*/mods"),
        (["mods/", "world.mt"], ".", r"is a world; create .*worldmods"),
    ],
)
def test_folder_that_is_no_mods_folder_is_refused(inside: list[str], folder: str, message: str, tmp_path: Path) -> None:
    for name in inside:
        (tmp_path / name).mkdir() if name.endswith("/") else (tmp_path / name).touch()
    with pytest.raises(StartError, match=message):
        install(tmp_path / folder)


def test_folder_that_holds_mods_is_accepted(tmp_path: Path) -> None:
    pack = tmp_path / "my_pack"
    (pack / "flowers").mkdir(parents=True)
    (pack / "flowers" / "mod.conf").write_text("name = flowers\n")
    assert install(pack).startswith("installed ")


def test_full_disk_leaves_the_old_copy(mods: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(mods)
    before = files(mods)

    def full(source: Path, target: Path, **_: object) -> None:
        target.mkdir()
        (target / "init.lua").write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("llm_agentd.ops.install_mod.shutil.copytree", full)
    with pytest.raises(StartError, match="No space left on device; check owner and free space"):
        install(mods)
    assert files(mods) == before


def test_mod_is_found_in_a_wheel_and_in_a_checkout(tmp_path: Path, repo: Path) -> None:
    checkout = tmp_path / "checkout/daemon/llm_agentd"
    wheel = tmp_path / "site-packages/llm_agentd"
    checkout.mkdir(parents=True)
    wheel.mkdir(parents=True)
    shutil.copytree(repo / "mods", tmp_path / "checkout/mods")
    shutil.copytree(repo / "mods/llm_agent", wheel / "mod")
    assert mod_source(checkout) == (tmp_path / "checkout/mods/llm_agent").resolve()
    assert mod_source(wheel) == (wheel / "mod").resolve()
    shutil.rmtree(wheel / "mod")
    with pytest.raises(StartError, match="install llm-agentd again"):
        mod_source(wheel)
