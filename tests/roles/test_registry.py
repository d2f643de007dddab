"""All roles: which are known, how changed files come into force, and how a role is written."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
import yaml

from llm_agentd.errors import BadRequest, StartError, TooLarge
from llm_agentd.roles import FIELDS, Roles, make_role
from llm_agentd.roles.registry import REFRESH_EVERY_S
from llm_agentd.roles.role import LINE_MAX_CHARS
from llm_agentd.speech import voices
from tests.roles.files import FERRYMAN, put, short
from tests.support.damage import damages


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s

    def tick(self) -> None:
        self.now_s += REFRESH_EVERY_S


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_hidden_files_and_other_suffixes_are_skipped(tmp_path: Path) -> None:
    (tmp_path / ".ferryman.yaml").write_text("half a ro")
    (tmp_path / "notes.txt").write_text("not one either")
    assert Roles.load(tmp_path).names() == Roles.load().names()


def test_missing_folder_stops_the_start_unless_it_may_be_missing(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"agents\.roles_dir: cannot read .*: No such file"):
        Roles.load(tmp_path / "none")
    assert Roles.load(tmp_path / "none", may_be_missing=True).get("smith").title == "the smith"


def test_broken_file_at_the_start_costs_its_own_role_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    put(tmp_path, "monk", short("the monk"))
    (tmp_path / "smith.yaml").write_bytes(b"title: [\x00\xff half a ro")
    roles = Roles.load(tmp_path)
    assert roles.get("monk").title == "the monk"
    assert roles.get("smith").title == "the smith"  # the shipped one
    assert [problem.count("smith.yaml") for problem in roles.problems()] == [1]
    assert "smith.yaml" in caplog.text


@pytest.mark.slow
def test_roles_start_with_200_damages(tmp_path: Path) -> None:
    put(tmp_path, "monk", short("the monk"))
    whole = short("the great smith")
    for damage in damages(200, seed=4):
        put(tmp_path, "smith", whole)
        damage.apply([tmp_path / "smith.yaml"])
        roles = Roles.load(tmp_path)
        assert roles.get("monk").title == "the monk"
        roles.get("smith", "A smith.")
        roles.listing()


def test_unknown_word_for_a_voice_is_told_and_the_role_in_force(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    path = put(tmp_path, "monk", short("the monk") + "voice: old womn\n")
    roles = Roles.load(tmp_path, clock=clock)
    note = "voice: 'womn' is no word for a voice, did you mean 'woman'?; it is passed over"
    assert roles.get("monk").voice == "old womn"
    assert roles.listing()["notes"] == [f"{path}: {note}"]
    assert roles.problems() == []
    assert note in caplog.text
    put(tmp_path, "monk", short("the monk") + "voice: old woman\n")
    clock.tick()
    assert roles.listing()["notes"] == []
    assert roles.set("monk", {"title": "a", "persona": "b", "voice": "womn"})["notes"] == [note]
    assert roles.set("monk", None)["notes"] == []


def test_shipped_roles_have_voices_of_known_words() -> None:
    for view in Roles.load().listing()["roles"]:
        assert view["voice"]
        assert voices.problems(view["voice"]) == ()


def test_unknown_role_with_a_persona_is_made_of_it() -> None:
    assert Roles.load().get("pirate", "Lost a ship.").persona == "The pirate lives in this world."


def test_unknown_role_without_a_persona_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(BadRequest, match=r"unknown role 'smit' .*; did you mean 'smith'\?"):
        Roles.load().get("smit")


# --- changes while the daemon runs -----------------------------------------------------------------------------


def test_changed_new_and_deleted_files_come_into_force_within_a_second(tmp_path: Path, clock: Clock) -> None:
    folder = tmp_path / "roles"
    roles = Roles.load(folder, may_be_missing=True, clock=clock)
    versions = [roles.version()]

    def after_a_second() -> str:
        clock.tick()
        versions.append(roles.version())
        return roles.get("smith", "?").title

    put(folder, "smith", short("the great smith"))
    assert roles.get("smith").title == "the smith", "read more often than once a second"
    assert after_a_second() == "the great smith"
    put(folder, "smith", short("the old smith"))
    assert after_a_second() == "the old smith"
    put(folder, "monk", short("the monk"))
    assert after_a_second() == "the old smith"
    assert roles.get("monk").title == "the monk"
    (folder / "smith.yaml").unlink()
    assert after_a_second() == "the smith"
    (folder / "monk.yaml").unlink()
    folder.rmdir()
    after_a_second()
    assert "monk" not in roles.names()
    assert versions.pop() == versions[0], "the same roles, the same version"
    assert len(set(versions)) == len(versions)


def test_file_that_becomes_invalid_leaves_the_last_version_in_force_and_warns_once(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    path = put(tmp_path, "smith", short("the great smith"))
    roles = Roles.load(tmp_path, clock=clock)
    version = roles.version()
    put(tmp_path, "smith", "title: the bad smith\n")
    problem = f"{path}:1: persona: missing; want a line of text"
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            clock.tick()
            assert roles.get("smith").title == "the great smith"
        assert roles.listing()["problems"] == [problem]
        assert [record.getMessage().startswith(problem) for record in caplog.records] == [True], "once a change"
        put(tmp_path, "smith", "title: worse\n\n")
        clock.tick()
        roles.names()
        assert len(caplog.records) == 2
    assert roles.version() == version
    put(tmp_path, "smith", short("the mended smith"))
    clock.tick()
    assert roles.get("smith").title == "the mended smith"
    assert roles.listing()["problems"] == []


def test_folder_that_becomes_unreadable_changes_nothing_and_warns_once(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "roles"
    put(folder, "monk", short("the monk"))
    roles = Roles.load(folder, clock=clock)
    folder.rename(tmp_path / "elsewhere")
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            clock.tick()
            assert roles.get("monk").title == "the monk"
    assert len(caplog.records) == 1
    assert roles.listing()["problems"][0].startswith("agents.roles_dir: cannot read")


def test_listing_has_the_fields_that_are_set_and_the_origin(tmp_path: Path) -> None:
    put(tmp_path, "smith", FERRYMAN)
    put(tmp_path, "monk", short("the monk"))
    listing = Roles.load(tmp_path).listing()
    roles = {role["name"]: role for role in listing["roles"]}
    assert listing["folder"] == str(tmp_path)
    assert roles["monk"] == {
        "name": "monk", "title": "the monk", "persona": "Somebody.", "shipped": False, "own": True,
    }  # fmt: skip
    assert set(roles["smith"]) == {"name", "shipped", "own", *FIELDS}
    assert (roles["smith"]["shipped"], roles["smith"]["own"]) == (True, True)
    assert (roles["elder"]["shipped"], roles["elder"]["own"]) == (True, False)


# --- writing ---------------------------------------------------------------------------------------------------


def test_set_writes_a_file_that_is_in_force_at_once(tmp_path: Path, clock: Clock) -> None:
    folder = tmp_path / "deep" / "roles"
    roles = Roles.load(folder, may_be_missing=True, clock=clock)
    before = roles.version()
    fields = yaml.safe_load(FERRYMAN)
    answer = roles.set("ferryman", fields)
    assert answer["role"] == {"name": "ferryman", **make_role("", fields).fields(), "shipped": False, "own": True}
    assert answer["version"] == roles.version() != before
    assert roles.get("ferryman").language == "de"
    assert [path.name for path in folder.glob("[!.]*")] == ["ferryman.yaml"]
    assert Roles.load(folder).listing() == roles.listing()
    roles.set("ferryman", {**fields, "title": "the Ferryman"})  # as many bytes as before, in the same tick of the disk
    assert roles.get("ferryman").title == "the Ferryman"


def test_set_none_brings_the_shipped_role_back(tmp_path: Path, clock: Clock) -> None:
    roles = Roles.load(tmp_path, clock=clock)
    roles.set("smith", {"title": "the mad smith", "persona": "Mad."})
    answer = roles.set("smith", None)
    assert (answer["role"]["title"], answer["role"]["own"]) == ("the smith", False)
    roles.set("monk", {"title": "the monk", "persona": "Prays."})
    assert roles.set("monk", None)["role"] is None
    assert list(tmp_path.glob("*.yaml")) == []
    with pytest.raises(BadRequest, match=r"there is no .*smith\.yaml to take away; the shipped one stays"):
        roles.set("smith", None)


def test_set_none_deletes_an_invalid_file(tmp_path: Path, clock: Clock) -> None:
    roles = Roles.load(tmp_path, clock=clock)
    put(tmp_path, "smith", "nonsense")
    clock.tick()
    assert roles.listing()["problems"]
    roles.set("smith", None)
    assert roles.listing()["problems"] == []


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("../smith", {"title": "a", "persona": "b"}, "name: want small letters"),
        ("", None, "name: want small letters"),
        ("smith", {}, "title: missing"),
        (
            "smith",
            {"title": "a", "persona": "b", "greeting": ["x"]},
            "greeting: unknown field, did you mean 'greetings'",
        ),
        ("smith", {"title": "a", "persona": "b", "quick": "x"}, "quick: want a list of lines"),
    ],
)
def test_set_with_an_invalid_field_names_it_and_writes_nothing(
    tmp_path: Path, name: str, fields: Any, message: str
) -> None:
    roles = Roles.load(tmp_path / "roles", may_be_missing=True)
    with pytest.raises(BadRequest, match=message):
        roles.set(name, fields)
    assert list(tmp_path.iterdir()) == []


def test_set_in_an_unwritable_folder_says_what_to_do(tmp_path: Path) -> None:
    roles = Roles.load(tmp_path / "gone", may_be_missing=True)
    (tmp_path / "gone").write_text("a file where the folder should be")
    with pytest.raises(BadRequest, match=r"cannot write .*; give agents\.roles_dir a folder that the daemon may write"):
        roles.set("monk", {"title": "the monk", "persona": "Prays."})


def test_listing_that_does_not_fit_into_a_record_is_refused(tmp_path: Path) -> None:
    for number in range(30):
        put(tmp_path, f"r{number}", short("x") + f"knowledge: [{', '.join(['y' * LINE_MAX_CHARS] * 25)}]\n")
    with pytest.raises(TooLarge, match=r"44 roles are .* fit: shorten or remove some"):
        Roles.load(tmp_path).listing()
