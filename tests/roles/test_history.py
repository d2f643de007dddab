"""What a role was before each change, and changes taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from llm_agentd.errors import BadRequest
from llm_agentd.roles import Roles
from llm_agentd.roles.history import FOLDER, VERSIONS_MAX
from tests.roles.files import put, short


def role(title: str) -> dict[str, str]:
    return {"title": title, "persona": "Somebody."}


def titles(roles: Roles, name: str = "smith") -> list[str | None]:
    """Of the history, the newest first; None: there was no own role."""
    return [entry["role"] and entry["role"]["title"] for entry in roles.history(name)]


def test_undo_brings_back_one_change_after_the_other_also_after_a_restart(tmp_path: Path) -> None:
    roles = Roles.load(tmp_path)
    roles.set("smith", role("the mad smith"))
    roles.set("smith", role("the madder smith"))
    roles.set("smith", None)
    assert Roles.load(tmp_path).undo("smith")["role"]["title"] == "the madder smith"
    restarted = Roles.load(tmp_path)
    assert restarted.get("smith").title == "the madder smith"
    assert restarted.undo("smith")["role"]["title"] == "the mad smith"
    answer = restarted.undo("smith")["role"]
    assert (answer["title"], answer["own"], answer["shipped"]) == ("the smith", False, True)
    with pytest.raises(BadRequest, match="nothing is left to undo of smith"):
        restarted.undo("smith")


def test_what_was_undone_is_still_there_to_be_put_back(tmp_path: Path) -> None:
    roles = Roles.load(tmp_path)
    roles.set("smith", role("the mad smith"))
    roles.set("smith", role("the madder smith"))
    roles.undo("smith")
    assert titles(roles) == ["the madder smith", "the mad smith", None]
    assert [entry["undone"] for entry in roles.history("smith")] == [True, True, False]
    roles.set("smith", roles.history("smith")[0]["role"])
    assert roles.undo("smith")["role"]["title"] == "the mad smith"


def test_version_that_was_written_by_hand_is_kept_too(tmp_path: Path) -> None:
    roles = Roles.load(tmp_path)
    put(tmp_path, "smith", short("by hand"))
    roles.set("smith", role("from the page"))
    assert roles.undo("smith")["role"]["title"] == "by hand"


def test_saving_the_same_again_is_no_change(tmp_path: Path) -> None:
    roles = Roles.load(tmp_path)
    for _ in range(3):
        roles.set("smith", role("the mad smith"))
    assert titles(roles) == [None]


def test_only_the_newest_versions_are_kept(tmp_path: Path) -> None:
    roles = Roles.load(tmp_path)
    for number in range(VERSIONS_MAX + 5):
        roles.set("smith", role(f"the {number}th smith"))
    assert titles(roles) == [f"the {number}th smith" for number in range(VERSIONS_MAX + 3, 3, -1)]


@pytest.mark.parametrize("text", ["", "nonsense", "[1]", '[{"time": "now"}]', "x" * 2**21])
def test_damaged_history_is_no_history(tmp_path: Path, text: str) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "smith.json").write_text(text)
    roles = Roles.load(tmp_path)
    assert roles.history("smith") == []
    roles.set("smith", role("the mad smith"))
    assert roles.undo("smith")["role"]["own"] is False


@pytest.mark.parametrize("call", [Roles.history, Roles.undo])
def test_bad_name_and_no_folder_are_refused(tmp_path: Path, call: Any) -> None:
    with pytest.raises(BadRequest, match="name: want small letters"):
        call(Roles.load(tmp_path), "../smith")
    with pytest.raises(BadRequest, match="no folder for roles"):
        call(Roles.load(), "smith")
