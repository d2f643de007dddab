"""The mod's folder and zip, as ContentDB wants them; tests/game/test_packaged_mod.py loads the zip in a real server."""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
import zipfile
import zlib
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from tools import draw_textures

from llm_agentd import __version__
from llm_agentd.errors import StartError
from llm_agentd.ops.package_mod import main, pack_mod
from tests.support.contentdb_check import credit_of, credits, problems

Spoil = Callable[[dict[str, bytes]], None]


@pytest.fixture
def mod(repo: Path) -> Path:
    return repo / "mods" / "llm_agent"


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    return pack_mod(tmp_path / "dist")


def files_of_folder(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def files_of_zip(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name.removeprefix("llm_agent/"): archive.read(name) for name in archive.namelist()}


def test_mod_folder_passes_the_contentdb_check(mod: Path) -> None:
    assert problems(files_of_folder(mod), __version__) == []
    assert not [path for path in mod.rglob("*") if path.is_symlink()]


def test_zip_passes_the_contentdb_check_and_holds_the_folder(mod: Path, packed: Path) -> None:
    assert packed.name == f"llm_agent-{__version__}.zip"
    assert problems(files_of_zip(packed), __version__) == []
    assert files_of_zip(packed) == files_of_folder(mod)


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def ogg(channels: int) -> bytes:
    return b"OggS" + bytes(24) + b"\x01vorbis" + bytes(4) + bytes([channels]) + bytes(20)


def adds(name: str, data: bytes) -> Spoil:
    return lambda files: files.update({name: data})


def replaces(name: str, old: bytes, new: bytes) -> Spoil:
    def spoil(files: dict[str, bytes]) -> None:
        assert old in files[name]
        files[name] = files[name].replace(old, new, 1)

    return spoil


SMITH = "textures/llm_agent_smith.png"


@pytest.mark.parametrize(
    ("spoil", "expect"),
    [
        (
            adds("sounds/llm_agent_hello.ogg", ogg(1)),
            "sounds/llm_agent_hello.ogg: no line of the table in LICENSE credits",
        ),
        (adds("models/llm_agent_man.b3d", b"BB3D"), "models/llm_agent_man.b3d: no line"),
        (adds("textures/character.png", png(64, 32)), "textures/character.png: does not belong here"),
        (adds("Textures/llm_agent_a.png", png(8, 8)), "Textures/llm_agent_a.png: does not belong here"),
        (adds("tool.py", b"pass\n"), "tool.py: does not belong here"),
        (adds("init.lua.orig", b"--\n"), "init.lua.orig: does not belong here"),
        (adds(".gitignore", b"x\n"), ".gitignore: does not belong here"),
        (adds("locale/other.de.tr", b"# x\n"), "locale/other.de.tr: does not belong here"),
        (adds("sounds/llm_agent_hello.ogg", ogg(2)), "sounds/llm_agent_hello.ogg: is not mono"),
        (adds(SMITH, b"GIF89a"), f"{SMITH}: is not what its name says"),
        (adds(SMITH, png(64, 32) + b"tail"), f"{SMITH}: is not a whole PNG"),
        (adds(SMITH, png(512, 32)), f"{SMITH}: 512x32 is larger"),
        (adds("screenshot.png", png(600, 450)), "screenshot.png: 600x450 is not 3:2"),
        (adds("screenshot.png", png(150, 100)), "screenshot.png: 150x100 is not 3:2"),
        (adds("init.lua", b"a\r\n"), "init.lua: holds CR line ends"),
        (adds("init.lua", b"\xff\n"), "init.lua: byte 0 is not UTF-8"),
        (adds("init.lua", b"a"), "init.lua: has no line end"),
        (adds("init.lua", b""), "init.lua: 0 bytes"),
        (adds("README.md", b"a" * 600_000 + b"\n"), "README.md: 600001 bytes"),
        (
            lambda files: files.update({f"locale/llm_agent.{c}.tr": b"a" * 400_000 for c in "abc"}),
            "what clients load: ",
        ),
        (lambda files: files.pop("screenshot.png"), "screenshot.png: missing"),
        (replaces("LICENSE", b"| settingtypes.txt |", b"| other.txt |"), "settingtypes.txt: no line"),
        (
            replaces("LICENSE", b"| MIT | draw", b"| Proprietary | draw"),
            "textures/llm_agent_*.png: Proprietary is not a free",
        ),
        (
            replaces("mod.conf", __version__.encode(), b"9.9.9"),
            f"mod.conf: version 9.9.9 is not the daemon's, {__version__}",
        ),
        (replaces("mod.conf", b"author =", b"auhtor ="), "mod.conf: author is missing"),
        (replaces("mod.conf", b"author =", b"release = 1\nauthor ="), "mod.conf: release is no key of a mod"),
        (replaces("mod.conf", b"player_api", b"player_api default"), "optional_depends: player_api default is no"),
        (replaces("mod.conf", b"description = ", b"description = " + b"x" * 200), "description is longer than 200"),
        (replaces(".cdb.json", b'"type"', b'"kind"'), ".cdb.json: kind is no key of ContentDB"),
        (replaces(".cdb.json", b'"MOD"', b'"TXP"'), ".cdb.json: type: TXP is none of"),
        (replaces(".cdb.json", b'"media_license": "MIT"', b'"media_license": "GPL-3.0-only"'), "media_license is none"),
        (replaces(".cdb.json", b'"mobs"', b'"Mobs and NPCs"'), ".cdb.json: Mobs and NPCs is no tag"),
        (replaces(".cdb.json", b"secure.http_mods", b"http_mods"), "does not say what the mod needs"),
        (replaces(".cdb.json", b'"LLM Agent"', b'"Agents"'), ".cdb.json: title is not mod.conf's title"),
        (replaces(".cdb.json", b"{", b"["), ".cdb.json: "),
        (replaces(".cdb.json", b'"license"', b'"repo": "git://x", "license"'), ".cdb.json: repo: git://x is no https"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_contentdb_check_reports_a_fault(mod: Path, spoil: Spoil, expect: str) -> None:
    files = files_of_folder(mod)
    spoil(files)
    assert expect in "\n".join(problems(files, __version__))


def test_contentdb_check_accepts_new_files_with_credits(mod: Path) -> None:
    files = files_of_folder(mod)
    sound = {"sounds/llm_agent_hello.1.ogg": ogg(1)}
    credit = b"| sounds/llm_agent_hello.*.ogg | Ann | CC0-1.0 | https://example.org/hello |\n"
    files |= {"adapters/mobs.lua": b"--\n", "locale/llm_agent.de.tr": b"# textdomain: llm_agent\n", **sound}
    files["LICENSE"] += credit
    assert problems(files, __version__) == []


def test_texture_is_what_the_script_draws_or_credited_to_others(mod: Path, tmp_path: Path) -> None:
    """Whoever drops in a picture under the script's name has it credited as drawn by it: so draw anew and compare."""
    draw_textures.main(tmp_path)
    drawn = {path.name: pixels(path.read_bytes()) for path in tmp_path.iterdir()}
    rows = credits(files_of_folder(mod))
    for path in (mod / "textures").iterdir():
        row = credit_of(f"textures/{path.name}", rows)
        assert row is not None
        if "draw_" in row.source:
            assert drawn.get(path.name) == pixels(path.read_bytes()), f"{path.name} is not what the script draws"


def pixels(data: bytes) -> tuple[bytes, bytes]:
    """Header and rows, however they were compressed."""
    start = data.index(b"IDAT")
    return data[16:29], zlib.decompress(data[start + 4 : start + 4 + struct.unpack_from(">I", data, start - 4)[0]])


def test_same_files_give_the_same_zip(mod: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(mod, copy)
    (copy / "__pycache__").mkdir()
    (copy / "__pycache__" / "draw_textures.cpython-311.pyc").write_bytes(b"x")
    for path in copy.rglob("*.lua"):
        os.utime(path, (10**9, 10**9))
        path.chmod(0o600)
    again = pack_mod(tmp_path / "again", copy)
    assert again.read_bytes() == pack_mod(tmp_path / "dist").read_bytes()
    with zipfile.ZipFile(again) as archive:
        names = archive.namelist()
    assert names == sorted(names)
    assert all(name.startswith("llm_agent/") for name in names)
    assert not [name for name in names if name.endswith((".py", ".pyc"))]


def test_packing_that_fails_names_the_reason(mod: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(mod, copy)
    (copy / ".cdb.json").unlink()
    with pytest.raises(StartError, match=r"\.cdb\.json is missing; run this in a checkout"):
        pack_mod(tmp_path, copy)
    (tmp_path / "file").touch()
    with pytest.raises(StartError, match="cannot write the mod's zip: "):
        pack_mod(tmp_path / "file")
    assert main([str(tmp_path / "file")]) == 1
    assert main([]) == 2
    assert "usage: " in capsys.readouterr().err


ENTRIES = """
local config = setmetatable({files = {}}, {__index = _G})
setfenv(assert(loadfile(".luacheckrc")), config)()
for file, entry in pairs(config.files) do print(file, table.concat(entry.globals or {}, ",")) end
"""
GLOBAL = re.compile(r"(\S+\.lua):\d+:\d+: \(W(\d+)\) .* '([\w.]+)'")


@pytest.mark.slow
def test_mod_writes_no_global_but_its_own(repo: Path) -> None:
    """luacheck says what a file touches; .luacheckrc must grant it to its folder, and no file grants it to itself."""
    listed = subprocess.run(["luajit", "-e", ENTRIES], cwd=repo, capture_output=True, text=True, timeout=60, check=True)
    entries = dict(line.split("\t") for line in listed.stdout.splitlines())
    command = ["luacheck", "--no-config", "--std", "luajit", "--codes", "--formatter", "plain", "--only", "1", "--"]
    shown = subprocess.run(
        [*command, "mods/llm_agent"], cwd=repo, capture_output=True, text=True, timeout=60, check=False
    )
    touched = [GLOBAL.match(line) for line in shown.stdout.splitlines()]
    assert touched, shown.stderr
    for found in touched:
        assert found is not None, shown.stdout
        file, code, name = found.groups()
        reads = code in ("113", "143")
        assert reads or name == "llm_agent", f"{file} writes the global {name}"
        rooms = [entry for entry in entries if fnmatch(file, entry) or file.startswith(entry + "/")]
        assert rooms, f"{file} reaches for {name}: give it an entry in .luacheckrc, or hand {name} in"
        assert reads or any("llm_agent" in entries[room].split(",") for room in rooms)
        assert not any(fnmatch("mods/llm_agent/init.luac", room + "c") for room in rooms if room != file), "too wide"
    for path in (repo / "mods" / "llm_agent").rglob("*.lua"):
        assert not re.search(r"luacheck:.*(globals|std|defined)", path.read_text(encoding="utf-8")), path
    for entry in entries:
        assert [*repo.glob(entry)], f".luacheckrc: there is no {entry}"


def test_make_package_builds_wheel_zip_and_sbom(repo: Path) -> None:
    said = subprocess.run(["make", "-n", "package"], cwd=repo, capture_output=True, text=True, timeout=60, check=True)
    assert re.search(r"-m build -n --outdir dist", said.stdout)
    assert "llm_agentd.ops.package_mod dist" in said.stdout
    assert "cyclonedx_py requirements requirements/runtime.txt" in said.stdout


@pytest.mark.slow
def test_sbom_is_valid_and_names_every_runtime_requirement_with_its_hashes(repo: Path, tmp_path: Path) -> None:
    """The command that `make package` runs, without the wheel before it."""
    said = subprocess.run(["make", "-n", "package"], cwd=repo, capture_output=True, text=True, timeout=60, check=True)
    script = said.stdout[said.stdout.index("name=llm_agentd-") :].replace("dist/", f"{tmp_path}/")
    script = script.partition("\ncd dist ")[0].replace("build/", f"{tmp_path}/")
    subprocess.run(["bash", "-euc", script], cwd=repo, timeout=120, check=True)
    (path,) = tmp_path.glob("*.cdx.json")
    assert path.name == f"llm_agentd-{__version__}.cdx.json"
    text = path.read_text(encoding="utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bom = json.loads(text)
    assert bom["metadata"]["component"]["version"] == __version__
    lines = (repo / "requirements" / "runtime.txt").read_text(encoding="utf-8").splitlines()
    wanted = sorted(line.split()[0] for line in lines if "==" in line)
    assert sorted(f"{part['name']}=={part['version']}" for part in bom["components"]) == wanted
    for part in bom["components"]:
        assert part["purl"].startswith("pkg:pypi/")
        assert any(reference["hashes"] for reference in part["externalReferences"])
