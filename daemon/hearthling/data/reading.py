"""Reads all data files, and checks what one file says of another: names of scenes, roles, actions and placeholders."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from hearthling.data.files import DataError, DataFile, numbered_lines, split_words
from hearthling.data.records import (
    Actions,
    Conversation,
    Data,
    Facts,
    Folk,
    Names,
    Placeholders,
    Scene,
    Topic,
)
from llm_agentd.util.did_you_mean import did_you_mean

FOLDER = Path(__file__).parent
SCENES = "scenes"  # its files hold the scenes, sorted by subject for people alone
PLACEHOLDER = re.compile(r"\{(\w+)\}")
ANYONE = "anyone"  # the condition of a reply that has none
BRAVE_ROLES = "brave"  # in `experts`: the roles that folk.yaml calls so
_KINDS: dict[str, Any] = {
    "names": Names,
    "folk": Folk,
    "facts": Facts,
    "actions": Actions,
    "conversation": Conversation,
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
    data = Data(**records, scenes=scenes)
    for name, home in homes.items():
        faults += _scene_faults(data, home, name)
    faults += _reference_faults(data, files)
    _raise_any(faults)
    return data


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
    yield from _unknown(file, (name, "alike"), "scene", scene.alike, data.scenes)
    yield from _unknown(file, (name, "own_lines_only"), "mood", scene.own_lines_only, data.folk.moods)
    if scene.player:
        yield from _text_faults(data, file, (name, "player"), written["player"])
    conditions = data.conditions() | {ANYONE}
    for condition in scene.replies:
        keys = (name, "replies", condition)
        yield from _unknown(file, keys, "condition", split_words(condition), conditions)
        yield from _text_faults(data, file, keys, written["replies"][condition])


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


def _reference_faults(data: Data, files: Mapping[str, DataFile]) -> Iterator[str]:
    """Names of scenes, roles, actions and placeholders where no such thing is defined."""
    scenes, actions = data.scenes, data.actions.actions
    roles = {*data.folk.roles, *data.folk.custom_roles}
    yield from _unknown(files["folk"], ("brave",), "role", data.folk.brave, roles)
    for name, topic in data.topics.items():
        for key, known, what in (
            ("scene", scenes, "scene"),
            ("otherwise", scenes, "scene"),
            ("needs", data.placeholders.all(), "placeholder"),
            ("role", roles, "role"),
            ("experts", roles | {BRAVE_ROLES}, "role"),
            ("fits", actions, "action"),
        ):
            value = getattr(topic, key)
            given = value if isinstance(value, tuple) else (value,) if value else ()
            yield from _unknown(files["topics"], (name, key), what, given, known)
    for group, names in data.actions.groups:
        yield from _unknown(files["actions"], ("groups", group), "action", names, actions)
    for choice in data.actions.fight_choices:
        yield from _unknown(files["actions"], ("fight_choices",), "action", split_words(choice), actions)
    talk = data.conversation
    for key in ("small_talk", "turns_between"):
        for player_scene, reply_scene in getattr(talk, key).items():
            yield from _unknown(
                files["conversation"], (key, player_scene), "scene", (player_scene, reply_scene), scenes
            )
    for key in ("without_opener", "banter", "shouts"):
        yield from _unknown(files["conversation"], (key,), "scene", getattr(talk, key), scenes)


def _unknown(
    file: DataFile, keys: tuple[str, ...], what: str, given: Iterable[str], known: Collection[str]
) -> Iterator[str]:
    for name in given:
        if name not in known:
            yield file.fault(f"unknown {what} {name!r}{did_you_mean(name, known)}", *keys)
