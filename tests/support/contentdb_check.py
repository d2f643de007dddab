"""Checks that the mod's files are fit for ContentDB and for players' clients: names to bytes in, problems out.

Pure: tests check the folder, the zip and copies with a fault alike. ContentDB's rules come from its policy and its help
pages on package configuration and copyright; the other rules say why beside them.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any, NamedTuple

Files = Mapping[str, bytes]

# Everything that may be there. Media are named after the mod, as all mods share one space of names.
PLACES = (
    r"([a-z]+/)?[a-z0-9_]+\.lua",
    r"\.cdb\.json|mod\.conf|settingtypes\.txt|screenshot\.png|LICENSE|[A-Z]+\.md",
    r"textures/llm_agent_[a-z0-9_]+\.png",
    r"sounds/llm_agent_[a-z0-9_]+(\.\d)?\.ogg",
    r"models/llm_agent_[a-z0-9_]+\.(b3d|glb|obj)",
    r"locale/(llm_agent\.[A-Za-z_]+\.tr|template\.txt)",
)
NEEDED = (".cdb.json", "LICENSE", "README.md", "init.lua", "mod.conf", "screenshot.png", "settingtypes.txt")
SIGNATURES = {".png": b"\x89PNG\r\n\x1a\n", ".ogg": b"OggS", ".b3d": b"BB3D", ".glb": b"glTF"}

MIB = 1024 * 1024
MOD_MAX_BYTES = 4 * MIB  # a quick download also on a phone
SENT_FOLDERS = frozenset({"textures", "sounds", "models", "locale"})
SENT_MAX_BYTES = MIB  # together: every client gets them before it can play
FILE_MAX_BYTES = MIB // 2
TEXTURE_MAX_PX = 256  # a side; skins are 64
SCREENSHOT_MIN_PX = (300, 200)  # and 3:2, as the engine's menu shows it

CONF_NEEDED = frozenset({"name", "title", "description", "author", "version", "min_minetest_version"})
CONF_KEYS = CONF_NEEDED | {"depends", "optional_depends", "supported_games"}
SHORT_MAX_CHARS = 200  # where ContentDB cuts
CDB_LISTS = frozenset({"tags", "content_warnings"})
CDB_ADDRESSES = frozenset({"repo", "website", "issue_tracker", "video_url", "donate_url", "translation_url"})
CDB_NEEDED = frozenset(
    {"type", "name", "title", "short_description", "long_description", "license", "media_license", "tags"}
)
CDB_KEYS = CDB_NEEDED | CDB_LISTS | CDB_ADDRESSES | {"$schema", "dev_state", "ai_disclosure"}
CDB_CHOICES = {
    "type": {"MOD"},
    "dev_state": {
        "WIP",
        "BETA",
        "ACTIVELY_DEVELOPED",
        "MAINTENANCE_ONLY",
        "AS_IS",
        "DEPRECATED",
        "LOOKING_FOR_MAINTAINER",
    },
    "ai_disclosure": {"NONE", "ASSISTED", "GENERATED"},
}
FREE_LICENSES = frozenset(
    {"MIT", "CC0-1.0", "CC-BY-3.0", "CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0", "LGPL-2.1-or-later"}
)


class Credit(NamedTuple):
    """A line of LICENSE's table."""

    pattern: str
    by: str
    license: str
    source: str


def problems(files: Files, version: str) -> list[str]:
    """The faults, a line each, of one mod's files, given by their path in its folder."""
    missing = [f"{name}: missing" for name in NEEDED if name not in files]
    if missing:
        return missing
    checks = (_strangers(files), _contents(files), _sizes(files), _credits(files), _conf(files, version), _cdb(files))
    return [problem for check in checks for problem in check]


def credits(files: Files) -> list[Credit]:
    """The table in LICENSE."""
    rows = [line.strip("| ").split(" | ") for line in files["LICENSE"].decode().splitlines() if line.startswith("| ")]
    return [Credit(*(cell.strip() for cell in row)) for row in rows if row[0] not in ("files", "---")]


def credit_of(name: str, rows: list[Credit]) -> Credit | None:
    """The row that names the file most closely: the longest pattern. `*` stays within a folder."""
    fits = [row for row in rows if row.pattern.count("/") == name.count("/") and fnmatchcase(name, row.pattern)]
    return max(fits, key=lambda row: len(row.pattern), default=None)


def conf_of(files: Files) -> dict[str, str]:
    """mod.conf as the engine reads it."""
    lines = files["mod.conf"].decode().splitlines()
    pairs = (line.partition("=") for line in lines if line.strip() and not line.startswith("#"))
    return {key.strip(): value.strip() for key, _, value in pairs}


def png_size(data: bytes) -> tuple[int, int]:
    """Width and height. Raises ValueError where the picture is not whole or something hangs on behind it."""
    at, kinds = len(SIGNATURES[".png"]), []
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        kinds.append(kind)
        at += 12 + length
    if not kinds or kinds[0] != b"IHDR" or kinds[-1] != b"IEND" or kinds.count(b"IEND") != 1 or at != len(data):
        raise ValueError("is not a whole PNG, or more hangs on behind it")
    width, height = struct.unpack_from(">II", data, 16)
    return int(width), int(height)


def _strangers(files: Files) -> Iterator[str]:
    for name in files:
        if not any(re.fullmatch(place, name) for place in PLACES):
            yield f"{name}: does not belong here, or has a name that tests/support/contentdb_check.py does not know"


def _contents(files: Files) -> Iterator[str]:
    for name, data in files.items():
        signature = SIGNATURES.get(PurePosixPath(name).suffix)
        if signature and not data.startswith(signature):
            yield f"{name}: is not what its name says"
        elif name.endswith(".png"):
            yield from _picture(name, data)
        elif name.endswith(".ogg") and data[28:40].partition(b"\x01vorbis")[2][4:5] != b"\x01":
            yield f"{name}: is not mono Ogg Vorbis; only that is heard from a place"
        elif not signature:
            yield from _text(name, data)


def _picture(name: str, data: bytes) -> Iterator[str]:
    try:
        width, height = png_size(data)
    except ValueError as error:
        yield f"{name}: {error}"
        return
    if name == "screenshot.png":
        if width * 2 != height * 3 or (width, height) < SCREENSHOT_MIN_PX:
            yield f"{name}: {width}x{height} is not 3:2 of at least {SCREENSHOT_MIN_PX[0]}x{SCREENSHOT_MIN_PX[1]}"
    elif max(width, height) > TEXTURE_MAX_PX:
        yield f"{name}: {width}x{height} is larger than {TEXTURE_MAX_PX} a side"


def _text(name: str, data: bytes) -> Iterator[str]:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        yield f"{name}: byte {error.start} is not UTF-8"
        return
    for forbidden, what in (
        ("\r", "CR line ends"),
        ("\0", "a NUL"),
        ("\ufeff", "a byte order mark"),
        ("\x1b", "a raw escape"),
    ):
        if forbidden in text:
            yield f"{name}: holds {what}"
    if not text.endswith("\n"):
        yield f"{name}: has no line end at its end"


def _sizes(files: Files) -> Iterator[str]:
    for name, data in files.items():
        if not data or len(data) > FILE_MAX_BYTES:
            yield f"{name}: {len(data)} bytes; want 1 to {FILE_MAX_BYTES}"
    whole = sum(map(len, files.values()))
    sent = sum(len(data) for name, data in files.items() if name.split("/")[0] in SENT_FOLDERS)
    if whole > MOD_MAX_BYTES:
        yield f"all files: {whole} bytes, more than {MOD_MAX_BYTES}"
    if sent > SENT_MAX_BYTES:
        yield f"what clients load: {sent} bytes, more than {SENT_MAX_BYTES}"


def _credits(files: Files) -> Iterator[str]:
    rows = credits(files)
    for name in files:
        if not credit_of(name, rows):
            yield f"{name}: no line of the table in LICENSE credits it"
    for row in rows:
        if row.license not in FREE_LICENSES:
            yield f"LICENSE: {row.pattern}: {row.license} is not a free license that contentdb_check.py knows"
        if not row.by or not row.source:
            yield f"LICENSE: {row.pattern}: who made it, or where it comes from, is missing"


def _conf(files: Files, version: str) -> Iterator[str]:
    conf = conf_of(files)
    for key in sorted(CONF_NEEDED - conf.keys()):
        yield f"mod.conf: {key} is missing"
    for key in sorted(conf.keys() - CONF_KEYS):
        yield f"mod.conf: {key} is no key of a mod" + (" (ContentDB writes it itself)" if key == "release" else "")
    if conf.get("name") != "llm_agent":
        yield "mod.conf: name is not llm_agent"
    if conf.get("version") != version:
        yield f"mod.conf: version {conf.get('version')} is not the daemon's, {version}"
    if len(conf.get("description", "")) > SHORT_MAX_CHARS:
        yield f"mod.conf: description is longer than {SHORT_MAX_CHARS} characters"
    if not re.fullmatch(r"5\.\d+", conf.get("min_minetest_version", "")):
        yield "mod.conf: min_minetest_version is not like 5.6"
    for key in ("depends", "optional_depends", "supported_games"):
        for name in filter(None, (part.strip() for part in conf.get(key, "").split(","))):
            if not re.fullmatch(r"[a-z0-9_]+", name) and (key, name) != ("supported_games", "*"):
                yield f"mod.conf: {key}: {name} is no technical name"


def _cdb(files: Files) -> Iterator[str]:
    try:
        cdb: dict[str, Any] = json.loads(files[".cdb.json"])
    except ValueError as error:
        yield f".cdb.json: {error}"
        return
    conf, rows = conf_of(files), credits(files)
    for key in sorted(CDB_NEEDED - cdb.keys()):
        yield f".cdb.json: {key} is missing"
    for key, value in cdb.items():
        if key not in CDB_KEYS or not isinstance(value, list if key in CDB_LISTS else str):
            yield f".cdb.json: {key} is no key of ContentDB, or holds the wrong kind"
        elif key in CDB_ADDRESSES and not str(value).startswith("https://"):
            yield f".cdb.json: {key}: {value} is no https address"
        elif key in CDB_CHOICES and value not in CDB_CHOICES[key]:
            yield f".cdb.json: {key}: {value} is none of {sorted(CDB_CHOICES[key])}"
    for key, same in (("name", "name"), ("title", "title"), ("short_description", "description")):
        if cdb.get(key) != conf.get(same):
            yield f".cdb.json: {key} is not mod.conf's {same}"
    for key, kind in (("license", "*.lua"), ("media_license", "textures/*")):
        if cdb.get(key) not in {row.license for row in rows if fnmatchcase(row.pattern, kind)}:
            yield f".cdb.json: {key} is none that LICENSE gives for {kind}"
    for tag in (*cdb.get("tags", ()), *cdb.get("content_warnings", ())):
        if not re.fullmatch(r"[a-z0-9_]+", str(tag)):
            yield f".cdb.json: {tag} is no tag's technical name"
    yield from _long_description(str(cdb.get("long_description", "")))


def _long_description(text: str) -> Iterator[str]:
    """What ContentDB's guide to an appealing page asks (no title, no pictures), and that it says what the mod needs."""
    if text.startswith("#") or "![" in text:
        yield ".cdb.json: long_description has a title or a picture, which ContentDB shows already"
    if "secure.http_mods = llm_agent" not in text or "llm-agentd" not in text:
        yield ".cdb.json: long_description does not say what the mod needs: llm-agentd, secure.http_mods = llm_agent"
