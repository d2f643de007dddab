"""The rock in lua/: luarocks builds and installs it, and what it installed exchanges records with Python."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import zmq

from llm_agentd.protocol import wire

pytestmark = pytest.mark.slow

ROCKSPEC = "llm-agentd-scm-1.rockspec"
TIMEOUT_S = 60
SYSTEM_LUA = "/usr/share/lua/5.1/?.lua"  # where Debian's dkjson lies


def run(*command: str | Path, cwd: Path, **env: str) -> str:
    """What a command prints. Fails where its exit status is not 0."""
    ended = subprocess.run(
        command, cwd=cwd, env={**os.environ, **env}, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `luarocks make` installs. Told of Debian's dkjson, it checks the rock's version bound too."""
    folder = tmp_path_factory.mktemp("rock")
    home = Path(__file__).resolve().parents[2] / "lua"
    printed = run("luajit", "-e", "print(require('dkjson').version)", cwd=folder)
    version = re.search(r"\d+\.\d+", printed)
    assert version is not None
    config = folder / "config.lua"
    config.write_text(f'rocks_provided = {{dkjson = "{version.group()}-1"}}\n')
    make = ("luarocks", "--lua-version", "5.1", "--tree", folder / "tree", "make", ROCKSPEC)
    printed = run(*make, cwd=home, LUAROCKS_CONFIG=str(config), HOME=str(folder))
    assert "is now installed" in printed
    return folder / "tree"


def test_luarocks_lint_accepts_the_rockspec(repo: Path) -> None:
    run("luarocks", "lint", ROCKSPEC, cwd=repo / "lua")


def test_rock_installs_every_module_and_no_tests(tree: Path, repo: Path) -> None:
    installed = {path.name: path.read_bytes() for path in (tree / "share/lua/5.1").rglob("*.lua")}
    ours = {path.name: path.read_bytes() for path in (repo / "lua").glob("*.lua") if not path.name.startswith("mock_")}
    assert installed == ours


ECHO = """
local wire = require("llm_wire").new(require("llm_json").find())
assert(debug.getinfo(wire.decode, "S").source:find(arg[1], 1, true), "another llm_wire was loaded")
local bytes = arg[2]:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end)
local record = wire.decode(bytes)[1].record
record.back = record.text .. "!"
io.write((wire.encode(record):gsub(".", function(c) return ("%02x"):format(c:byte()) end)))
"""
ASK = """
local client = assert(require("llm_client").connect({endpoint = arg[1]}))
io.write(assert(client:ask({op = "infer", prompt = "Hello, Grüße"}, 20000)).text)
client:close()
"""


@pytest.mark.parametrize("lua", ["lua5.1", "luajit"])
def test_installed_codec_gives_a_record_back_unchanged(tree: Path, tmp_path: Path, lua: str) -> None:
    (tmp_path / "echo.lua").write_text(ECHO)
    record = {"op": "ping", "id": "a", "text": "Grüße and \U0001f409", "n": 1.5, "list": [1, 2], "yes": True}
    path = f"{tree}/share/lua/5.1/?.lua;{SYSTEM_LUA}"
    printed = run(lua, "echo.lua", str(tree), wire.encode(record).hex(), cwd=tmp_path, LUA_PATH=path)
    assert wire.decode(bytes.fromhex(printed)) == [{**record, "back": f"{record['text']}!"}]


def test_installed_client_gets_its_answer(tree: Path, tmp_path: Path, endpoint: str) -> None:
    (tmp_path / "ask.lua").write_text(ASK)
    with zmq.Context() as context, context.socket(zmq.ROUTER) as router:
        router.bind(endpoint)
        path = f"{tree}/share/lua/5.1/?.lua;{SYSTEM_LUA}"
        process = subprocess.Popen(
            ("luajit", "ask.lua", endpoint),
            cwd=tmp_path,
            env={**os.environ, "LUA_PATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert router.poll(TIMEOUT_S * 1000), "no request came"
            peer, part = router.recv_multipart()
            (request,) = wire.decode(part)
            assert isinstance(request, dict)
            assert (request["op"], request["prompt"]) == ("infer", "Hello, Grüße")
            router.send_multipart([peer, wire.encode({"id": request["id"], "event": "done", "text": "Grüße zurück"})])
            printed, errors = process.communicate(timeout=TIMEOUT_S)
        finally:
            process.kill()
            process.wait()
    assert (printed, errors) == ("Grüße zurück", "")
