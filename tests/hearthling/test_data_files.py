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
    assert len(data.scenes) > 600
    assert all(scene.about for scene in data.scenes.values())


def test_roles_of_the_files_are_the_shipped_roles() -> None:
    assert sorted(load().folk.roles) == sorted(Roles.load().names())


def test_every_placeholder_is_used() -> None:
    used = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.yaml")).lower()
    assert [name for name in load().placeholders.all() if f"{{{name}}}" not in used and f": {name}" not in used] == []


# File, old text, new text; what is wrong with it; the nearest known name.
PLANTED = [
    ("scenes/trade.yaml", "For you, {speaker},", "For you, {speeker},", "unknown placeholder {speeker}", "speaker"),
    ("scenes/trade.yaml", "For you, {speaker},", "For you, {speaker,", "a brace that belongs to no placeholder", ""),
    ("scenes/courtesy.yaml", "    guard: |", "    gaurd: |", "unknown condition 'gaurd'", "guard"),
    ("scenes/courtesy.yaml", "  replies:", "  replys:", "unknown key 'replys'", "replies"),
    ("topics.yaml", "scenes: [come]}", "scenes: [comme]}", "in case 3: unknown scene 'comme'", "come"),
    ("topics.yaml", "weight: 4, lines", "wait: 4, lines", "unknown key 'wait'", "weight"),
    ("topics.yaml", "roles: [smith]", "roles: [smiht]", "in case 1: unknown role 'smiht'", "smith"),
    (
        "topics.yaml",
        "guard, target: speaker}",
        "guard, target: speeker}",
        "in case 1: unknown placeholder 'speeker'",
        "speaker",
    ),
    ("topics.yaml", "facts: [hurt]", "facts: [hurtt]", "in case 1: unknown sign 'hurtt'", "hurt"),
    ("folk.yaml", "moods: calm", "mood: calm", "unknown key 'mood'", "moods"),
    ("facts.yaml", "  noon: Good day", "  dawn: Good day", "dawn stands here twice; keep one", ""),
]


@pytest.mark.parametrize(("file", "old", "new", "fault", "nearest"), PLANTED)
def test_planted_fault_is_told_with_file_line_and_nearest_name(
    folder: Path, file: str, old: str, new: str, fault: str, nearest: str
) -> None:
    line = replace_in(folder / file, old, new)
    hint = f", did you mean {nearest!r}?" if nearest else ""
    what, _, rest = fault.rpartition(": ")
    told = [text for text in faults_of(folder) if text.startswith(f"{folder / file}, line ")]
    assert any(text.endswith(f"{rest}{hint}") and what in text for text in told), told
    assert what or f"{folder / file}, line {line}: {fault}{hint}" in told


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
    replace_in(folder / "topics.yaml", "weight: 4", "weight: -1")
    faults = faults_of(folder)
    assert any("names.yaml" in fault and "unknown key 'towms', did you mean 'towns'?" in fault for fault in faults)
    assert any("names.yaml" in fault and "the key 'towns' is missing" in fault for fault in faults)
    assert any("topics.yaml" in fault and "weight: " in fault for fault in faults)


def test_new_scene_is_a_topic_by_itself(folder: Path) -> None:
    (folder / "scenes" / "more.yaml").write_text(
        "hat:\n  about: a hat\n  player: Nice hat!\n  replies:\n    anyone: It was my father's, {speaker}.\n",
        encoding="utf-8",
    )
    data = load(folder)
    assert data.scenes["hat"].replies == {"anyone": ("It was my father's, {speaker}.",)}
    assert data.topics["hat"].lines == ("hat",)


def test_unknown_kind_of_follow_up_is_told(folder: Path) -> None:
    (folder / "scenes" / "more.yaml").write_text(
        "hat:\n  about: a hat\n  player: Nice hat!\n  replies:\n    anyone: |\n      It was his. => whyy: It was.\n",
        encoding="utf-8",
    )
    (fault,) = faults_of(folder)
    assert fault.endswith("more.yaml, line 6: unknown kind of follow-up 'whyy', did you mean 'why'?")


def test_known_sentences_of_a_scene_that_is_none_are_told(folder: Path) -> None:
    (folder / "known" / "more.yaml").write_text("ask_hatt: Wears a hat.\n", encoding="utf-8")
    (fault,) = faults_of(folder)
    assert "more.yaml, line 1: unknown scene 'ask_hatt'" in fault


def test_check_command_prints_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "replies; all is well" in capsys.readouterr().out


def test_check_command_with_a_fault_fails_and_prints_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    replace_in(folder / "topics.yaml", "weight: 4", "weight: much")
    assert main([str(folder)]) == 1
    assert "topics.yaml, line " in capsys.readouterr().err


def test_example_in_the_readme_is_valid(folder: Path) -> None:
    readme = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    example = readme.partition("```yaml\n")[2].partition("```")[0]
    (folder / "scenes" / "example.yaml").write_text(example.replace("thanks:", "example:", 1), encoding="utf-8")
    scene = load(folder).scenes["example"]
    assert scene.player == ("Thank you!", "thx")
    assert list(scene.replies) == ["anyone", "tired", "farmer, rain"]
