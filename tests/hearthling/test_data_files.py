"""The data files of the corpus: the shipped ones are valid; a fault is told with file, line and the nearest name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hearthling.data import FOLDER, DataError, load
from hearthling.data.__main__ import main
from llm_agentd.roles import Roles

BLOCK = "want a text block: `|` behind the key, then one entry a line"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped files, to plant faults in."""
    copy = tmp_path / "data"
    shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return copy


def replace_in(path: Path, old: str, new: str) -> int:
    """Replaces the first `old`, and returns its line."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def faults_of(folder: Path) -> list[str]:
    with pytest.raises(DataError) as caught:
        load(folder)
    return str(caught.value).splitlines()


def test_shipped_files_are_valid() -> None:
    data = load()
    assert len(data.scenes) > 100
    assert all(scene.about for scene in data.scenes.values())


def test_roles_of_the_files_are_the_shipped_roles() -> None:
    assert sorted(load().folk.roles) == sorted(Roles.load().names())


def test_every_placeholder_is_used() -> None:
    used = "\n".join(path.read_text(encoding="utf-8") for path in (FOLDER / "scenes").glob("*.yaml")).lower()
    assert [name for name in load().placeholders.all() if f"{{{name}}}" not in used] == []


# File, old text, new text; what is wrong with it; the nearest known name.
PLANTED = [
    ("scenes/trade.yaml", "For you, {speaker},", "For you, {speeker},", "unknown placeholder {speeker}", "speaker"),
    ("scenes/trade.yaml", "For you, {speaker},", "For you, {speaker,", "a brace that belongs to no placeholder", ""),
    ("scenes/courtesy.yaml", "    guard: |", "    gaurd: |", "unknown condition 'gaurd'", "guard"),
    ("scenes/courtesy.yaml", "alike: [j_wave]", "alike: [j_weve]", "unknown scene 'j_weve'", "j_wave"),
    ("scenes/courtesy.yaml", "  replies:", "  replys:", "unknown key 'replys'", "replies"),
    ("topics.yaml", "scene: who}", "scene: whoo}", "unknown scene 'whoo'", "who"),
    ("topics.yaml", "weight: 3.0, scene", "wait: 3.0, scene", "unknown key 'wait'", "weight"),
    ("topics.yaml", "experts: [smith]", "experts: [smiht]", "unknown role 'smiht'", "smith"),
    ("actions.yaml", "quest: offer_quest", "quest: ofer_quest", "unknown action 'ofer_quest'", "offer_quest"),
    ("conversation.yaml", "  talk: ack", "  talk: akc", "unknown scene 'akc'", "ack"),
    ("folk.yaml", "moods: calm", "mood: calm", "unknown key 'mood'", "moods"),
    ("facts.yaml", "  noon: Good day", "  dawn: Good day", "dawn stands here twice; keep one", ""),
]


@pytest.mark.parametrize(("file", "old", "new", "fault", "nearest"), PLANTED)
def test_planted_fault_is_told_with_file_line_and_nearest_name(
    folder: Path, file: str, old: str, new: str, fault: str, nearest: str
) -> None:
    line = replace_in(folder / file, old, new)
    hint = f", did you mean {nearest!r}?" if nearest else ""
    assert f"{folder / file}, line {line}: {fault}{hint}" in faults_of(folder)


def test_scene_in_two_files_is_refused(folder: Path) -> None:
    with (folder / "scenes" / "trade.yaml").open("a", encoding="utf-8") as file:
        file.write("greeting:\n  about: once more\n  player: Hello\n")
    (fault,) = faults_of(folder)
    assert "trade.yaml, line" in fault
    assert "the scene 'greeting' stands in" in fault


@pytest.mark.parametrize("replies", ["\n      - Hello", " {speaker}", " 12"])
def test_replies_that_are_no_text_are_refused(folder: Path, replies: str) -> None:
    text = f"more:\n  about: more\n  replies:\n    anyone:{replies}\n"
    (folder / "scenes" / "more.yaml").write_text(text, encoding="utf-8")
    assert faults_of(folder) == [f"{folder}/scenes/more.yaml, line 4: anyone: {BLOCK}"]


def test_scene_without_lines_is_refused(folder: Path) -> None:
    (folder / "scenes" / "more.yaml").write_text("empty:\n  about: nothing\n", encoding="utf-8")
    (fault,) = faults_of(folder)
    assert fault.endswith("more.yaml, line 1: the scene 'empty' has neither lines of a player nor replies")


def test_file_that_is_no_yaml_is_told_with_its_line(folder: Path) -> None:
    line = replace_in(folder / "names.yaml", "people: |", "people: [")
    (fault,) = faults_of(folder)
    assert fault.startswith(f"{folder / 'names.yaml'}, line ")
    assert "not valid YAML" in fault
    assert line > 0


def test_faults_of_several_files_are_told_at_once(folder: Path) -> None:
    replace_in(folder / "names.yaml", "towns:", "towms:")
    replace_in(folder / "topics.yaml", "weight: 4.5", "weight: -1")
    faults = faults_of(folder)
    assert any("names.yaml" in fault and "unknown key 'towms', did you mean 'towns'?" in fault for fault in faults)
    assert any("names.yaml" in fault and "the key 'towns' is missing" in fault for fault in faults)
    assert any("topics.yaml" in fault and "weight: " in fault for fault in faults)


def test_new_scene_and_topic_without_code_are_drawn(folder: Path) -> None:
    (folder / "scenes" / "more.yaml").write_text(
        "hat:\n  about: a hat\n  player: Nice hat!\n  replies:\n    anyone: It was my father's, {speaker}.\n",
        encoding="utf-8",
    )
    with (folder / "topics.yaml").open("a", encoding="utf-8") as file:
        file.write("hat: {weight: 1, scene: hat}\n")
    data = load(folder)
    assert data.scenes["hat"].replies == {"anyone": ("It was my father's, {speaker}.",)}
    assert data.topics["hat"].scene == "hat"


def test_check_command_prints_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "115 scenes" in capsys.readouterr().out


def test_check_command_with_a_fault_fails_and_prints_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    replace_in(folder / "topics.yaml", "weight: 4.5", "weight: much")
    assert main([str(folder)]) == 1
    assert "topics.yaml, line " in capsys.readouterr().err


def test_example_in_the_readme_is_valid(folder: Path) -> None:
    readme = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    example = readme.partition("```yaml\n")[2].partition("```")[0]
    (folder / "scenes" / "example.yaml").write_text(example.replace("thanks:", "example:", 1), encoding="utf-8")
    scene = load(folder).scenes["example"]
    assert scene.player == ("Thank you!", "thx")
    assert list(scene.replies) == ["anyone", "tired", "guard", "farmer, rain"]
