"""Reads all data files, and checks what one file says of another: names of scenes, roles, actions and placeholders."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from hearthling.data.files import DataError, DataFile, Lines, numbered_lines, split_words
from hearthling.data.records import Case, Data, Facts, Folk, Names, Placeholders, Scene, Topic
from llm_agentd.util.did_you_mean import did_you_mean

FOLDER = Path(__file__).parent
SCENES = "scenes"  # its files hold the scenes, sorted by subject for people alone
QUEST_FILES = ("quests", "task_talk")  # in whose scenes {item}, {items}, {count} are the quest's
KNOWN = "known"  # its files hold, by scene, sentences that answer its question
PLACEHOLDER = re.compile(r"\{(\w+)\}")
ANYONE = "anyone"  # the condition of a reply that has none
FOLLOW_UP = re.compile(r" => (\w+): ")  # in a reply: what is said next to a bare question of that kind
FOLLOW_UP_SCENE = "then_"  # and its kind: the lines of players that ask it
VALUE_MARK = "="  # before a parameter that is no placeholder
_KINDS: dict[str, Any] = {
    "names": Names,
    "folk": Folk,
    "facts": Facts,
    "placeholders": Placeholders,
    "topics": dict[str, Topic],
}


@cache
def load(folder: Path = FOLDER) -> Data:
    """Raises DataError with every fault, one a line."""
    faults: list[str] = []
    files: dict[str, DataFile] = {}
    records: dict[str, Any] = {}
    for name, kind in _KINDS.items():
        with _collected(faults):
            files[name] = DataFile(folder / f"{name}.yaml")
            records[name] = files[name].validated(kind)
    scenes, homes = _read_scenes(folder / SCENES, faults)
    _raise_any(faults)  # before names are looked up in records that may be missing
    quest_scenes = {name for name, home in homes.items() if Path(home.path).stem in QUEST_FILES}
    known, known_homes = _read_known(folder / KNOWN, faults)
    _raise_any(faults)
    data = Data(
        **{**records, "topics": _all_topics(records["topics"], scenes, quest_scenes)}, scenes=scenes, known=known
    )
    for name, home in known_homes.items():
        faults += _unknown(home, (name,), "scene", (name,), scenes)
    for name, home in homes.items():
        faults += _scene_faults(data, home, name)
    faults += _reference_faults(data, files)
    _raise_any(faults)
    return data


def _all_topics(
    written: Mapping[str, Topic], scenes: Mapping[str, Scene], quest_scenes: Collection[str]
) -> dict[str, Topic]:
    """Those written, and one for each other scene that players have lines for."""
    used = {line for topic in written.values() for line in topic.lines}
    used |= {scene for topic in written.values() for case in topic.cases for scene in case.scenes}
    plain = {
        name: Topic(lines=(name,), goods="need" if name in quest_scenes else "stock", cases=(Case(scenes=(name,)),))
        for name, scene in scenes.items()
        if scene.player and scene.replies and name not in used and name not in written
    }
    return {**written, **plain}


def _read_known(folder: Path, faults: list[str]) -> tuple[dict[str, tuple[str, ...]], dict[str, DataFile]]:
    """Sentences by scene, and the file of each."""
    known: dict[str, tuple[str, ...]] = {}
    homes: dict[str, DataFile] = {}
    for path in sorted(folder.glob("*.yaml")):
        with _collected(faults):
            file = DataFile(path)
            for name, sentences in file.validated(dict[str, Lines]).items():
                known[name], homes[name] = (*known.get(name, ()), *sentences), file
    return known, homes


def _read_scenes(folder: Path, faults: list[str]) -> tuple[dict[str, Scene], dict[str, DataFile]]:
    """All scenes, and the file of each."""
    scenes: dict[str, Scene] = {}
    homes: dict[str, DataFile] = {}
    for path in sorted(folder.glob("*.yaml")):
        with _collected(faults):
            file = DataFile(path)
            for name, scene in file.validated(dict[str, Scene]).items():
                if name in homes:
                    faults.append(file.fault(f"the scene {name!r} stands in {homes[name].path} too; keep one", name))
                scenes[name], homes[name] = scene, file
    return scenes, homes


@contextmanager
def _collected(faults: list[str]) -> Iterator[None]:
    """A DataError in the block becomes a fault among others."""
    try:
        yield
    except DataError as error:
        faults.append(str(error))


def _raise_any(faults: list[str]) -> None:
    if faults:
        raise DataError("\n".join(faults))


# -- what the files say of one another -------------------------------------------------------------------


def _scene_faults(data: Data, file: DataFile, name: str) -> Iterator[str]:
    scene, written = data.scenes[name], file.value[name]
    if not scene.player and not scene.replies:
        yield file.fault(f"the scene {name!r} has neither lines of a player nor replies", name)
    yield from _unknown(file, (name, "own_lines_only"), "mood", scene.own_lines_only, data.folk.moods)
    if scene.player:
        yield from _text_faults(data, file, (name, "player"), written["player"])
    conditions = data.conditions() | {ANYONE}
    for condition in scene.replies:
        keys = (name, "replies", condition)
        yield from _unknown(file, keys, "condition", split_words(condition), conditions)
        yield from _text_faults(data, file, keys, written["replies"][condition])
        yield from _follow_up_faults(data, file, keys, written["replies"][condition])


def _text_faults(data: Data, file: DataFile, keys: tuple[str, ...], block: str) -> Iterator[str]:
    """Placeholders that nothing fills, and braces that are none."""
    known = data.placeholders.all()
    for number, text in numbered_lines(block):
        faults = [
            f"unknown placeholder {{{name}}}{did_you_mean(name, known)}"
            for name in PLACEHOLDER.findall(text)
            if name not in known and name[:1].lower() + name[1:] not in known
        ]
        if set("{}") & set(PLACEHOLDER.sub("", text)):
            faults.append("a brace that belongs to no placeholder")
        yield from (file.fault(fault, *keys, line_in_block=number) for fault in faults)


def _follow_up_faults(data: Data, file: DataFile, keys: tuple[str, ...], block: str) -> Iterator[str]:
    """Kinds of follow-up that no player's line asks."""
    for number, text in numbered_lines(block):
        for kind in FOLLOW_UP.findall(text):
            if kind not in data.facts.follow_ups:
                hint = did_you_mean(kind, data.facts.follow_ups)
                yield file.fault(f"unknown kind of follow-up {kind!r}{hint}", *keys, line_in_block=number)


def _reference_faults(data: Data, files: Mapping[str, DataFile]) -> Iterator[str]:
    """Names of scenes, roles, placeholders and signs where no such thing is defined."""
    file = files["topics"]
    slots = data.placeholders.all()
    for name in file.value:
        topic = data.topics[name]
        yield from _unknown(file, (name, "lines"), "scene", topic.lines, data.scenes)
        for number, case in enumerate(topic.cases, 1):
            keys = (name, "cases")
            where = f"in case {number}: "
            params = [value for key, value in (case.do or {}).items() if key != "action"]
            yield from _unknown(file, keys, "scene", case.scenes, data.scenes, where=where)
            yield from _unknown(file, keys, "placeholder", case.has, slots, where=where)
            yield from _unknown(
                file, keys, "placeholder", [v for v in params if not v.startswith(VALUE_MARK)], slots, where=where
            )
            yield from _unknown(file, keys, "sign", case.facts, data.facts.signs, where=where)
            yield from _unknown(file, keys, "role", case.roles, data.folk.roles, where=where)
        if topic.cases[-1].has and topic.lines:
            yield file.fault(f"the last case of {name!r} wants a placeholder; add one that always holds", name)


def _unknown(
    file: DataFile,
    keys: tuple[str, ...],
    what: str,
    given: Iterable[str],
    known: Collection[str],
    where: str = "",
) -> Iterator[str]:
    for name in given:
        if name not in known:
            yield file.fault(f"{where}unknown {what} {name!r}{did_you_mean(name, known)}", *keys)
