"""The guides against the source: what they name is there, and what is there they name."""

from __future__ import annotations

import json
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from llm_agentd.errors import ERROR_CLASSES, AgentdError, BadRequest, SpeechError
from llm_agentd.prompt.json_schema import bounded
from llm_agentd.roles import FIELDS
from llm_agentd.roles.role_file import read

EXAMPLE_LINES_MAX = {
    "greeter": 10,
    "guard_squad": 30,
    "innkeeper": 35,
    "merchant": 30,
    "quest_giver": 20,
    "talking_sheep": 35,
}


# A number at the beginning of a sentence.
COUNTS = {"Thirteen": 13, "Fourteen": 14, "Fifteen": 15, "Sixteen": 16, "Seventeen": 17, "Eighteen": 18}


class Described(NamedTuple):
    """What lua/spec/describe_mod.lua says of the mod after loading it under a fake game."""

    functions: dict[str, list[str]]  # "llm_agent.spawn", "npc:say" → names of parameters
    fields: dict[str, list[str]]  # the same → fields of the table it takes
    events: list[str]
    commands: list[str]
    player_commands: list[str]  # those that need no privilege
    settings: list[str]
    reply_fields: list[str]
    complaints: list[str]  # of the doctor
    roles: list[str]
    codes: dict[str, list[str]]  # file that makes an error → codes
    stored: list[str]  # keys in the mod's storage
    actions: list[str]


@cache
def described(repo: Path) -> Described:
    command = ["luajit", "lua/spec/describe_mod.lua"]
    said = subprocess.run(command, cwd=repo, capture_output=True, text=True, timeout=60, check=False)
    assert said.returncode == 0, said.stderr
    return Described(**json.loads(said.stdout))


@pytest.fixture
def mod(repo: Path) -> Described:
    return described(repo)


@pytest.fixture
def api(repo: Path) -> str:
    return (repo / "docs" / "api.md").read_text(encoding="utf-8")


@pytest.fixture
def admins(repo: Path) -> str:
    return (repo / "docs" / "admins.md").read_text(encoding="utf-8")


def section(document: str, heading: str) -> str:
    """From a heading that begins so to the next one of any level."""
    found = re.search(rf"^#+ `?{re.escape(heading)}\b.*?$(.*?)(?=^#|\Z)", document, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found.group(1)


def rows(words: str) -> list[str]:
    """The code words in the first cells of a table: `a`, `b` stands for two."""
    cells = re.findall(r"^\| (`[^|]+`) \|", words, re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def test_every_public_name_is_documented_and_no_other(mod: Described, api: str) -> None:
    assert set(re.findall(r"^### `([\w.:]+)\(", api, re.MULTILINE)) == set(mod.functions)


def test_every_parameter_is_documented(mod: Described, api: str) -> None:
    """The signature in the heading is the function's own."""
    for name, parameters in re.findall(r"^### `([\w.:]+)\((.*)\)`", api, re.MULTILINE):
        own = ", ".join(mod.functions[name])
        assert parameters == own.replace("words_said", "text"), name


def test_every_field_is_documented_and_no_other(mod: Described, api: str) -> None:
    for name, fields in mod.fields.items():
        documented = rows(section(api, name))
        assert len(documented) == len(set(documented)), name
        assert set(documented) == set(fields) or (name == "llm_agent.forget" and not documented), name


def test_events_are_documented_and_no_other(mod: Described, api: str) -> None:
    assert set(rows(section(api, "llm_agent.on"))) == set(mod.events)


def test_every_reply_field_and_code_is_documented_and_no_other(mod: Described, api: str) -> None:
    codes = {code for made in mod.codes.values() for code in made} | {AgentdError.code, *ERROR_CLASSES}
    codes -= {SpeechError.code}  # of a sound, which is no reply
    documented = rows(section(api, "The reply"))
    assert len(documented) == len(set(documented))
    assert set(documented) == set(mod.reply_fields) | codes


def test_keywords_of_schemas_are_documented_and_no_other(api: str) -> None:
    with pytest.raises(BadRequest) as caught:
        bounded({"$ref": ""}, "params")
    supported = caught.value.message.partition("supported: ")[2].split(", ")
    assert sorted(rows(section(api, "What a schema may use"))) == sorted(supported)


def test_examples_are_shown_as_they_are(api: str, repo: Path) -> None:
    folder = repo / "docs" / "examples"
    assert {path.name for path in folder.iterdir()} == set(EXAMPLE_LINES_MAX)
    for name, lines_max in EXAMPLE_LINES_MAX.items():
        code = (folder / name / "init.lua").read_text(encoding="utf-8")
        assert f"](examples/{name}/init.lua):\n\n```lua\n{code}```\n" in api
        assert len(code.splitlines()) <= lines_max, name
        assert f"name = {name}\n" in (folder / name / "mod.conf").read_text(encoding="utf-8")


def test_lua_in_the_guides_is_lua(repo: Path) -> None:
    documents = [*(repo / "docs").glob("*.md"), repo / "mods" / "llm_agent" / "README.md"]
    blocks = [block for path in documents for block in re.findall(r"```lua\n(.*?)```", path.read_text(), re.DOTALL)]
    assert len(blocks) > len(EXAMPLE_LINES_MAX)
    compiles = 'assert(loadstring(io.read("*a")))'
    for block in blocks:
        said = subprocess.run(["luajit", "-e", compiles], input=block, capture_output=True, text=True)
        assert said.returncode == 0, said.stderr + block


def test_settings_in_the_guides_are_settings(mod: Described, repo: Path) -> None:
    """What is called `llm_agent.NAME` is a setting or a function."""
    known = set(mod.settings) | {name.removeprefix("llm_agent.") for name in mod.functions}
    unknown = []
    for document in [*(repo / "docs").glob("*.md"), repo / "mods" / "llm_agent" / "README.md"]:
        named = re.findall(r"`llm_agent\.(\w+)(?:`| =|\()", document.read_text(encoding="utf-8"))
        unknown += [f"{document.name}: {name}" for name in named if name not in known]
    assert unknown == []


def test_admin_guide_names_every_command_and_group(mod: Described, repo: Path, admins: str) -> None:
    assert len(mod.commands) > 10
    assert set(re.findall(r"^\| `/llm (\w+)", admins, re.MULTILINE)) == set(mod.commands)
    settings = (repo / "mods" / "llm_agent" / "settingtypes.txt").read_text(encoding="utf-8")
    groups = re.findall(r"^\[(.+)\]$", settings, re.MULTILINE)
    assert [group for group in groups if f"| {group} |" not in admins] == []


def test_player_guide_names_every_command_that_needs_no_privilege(mod: Described, repo: Path) -> None:
    players = (repo / "docs" / "players.md").read_text(encoding="utf-8")
    commands = re.findall(r"^\|.*$", section(players, "Commands"), re.MULTILINE)
    assert set(re.findall(r"`/llm (\w+)", "\n".join(commands))) == set(mod.player_commands)


def test_admin_guide_counts_and_names_the_roles_that_the_mod_has(mod: Described, admins: str) -> None:
    said = re.search(r"(\w+) are shipped: ([\w, \n]+)\.", section(admins, "Roles and personas"))
    assert said is not None
    assert re.split(r",\s", said[2]) == mod.roles
    assert COUNTS[said[1]] == len(mod.roles)


def test_readme_shows_the_demo_with_as_many_roles_as_it_has(repo: Path) -> None:
    village = repo / "daemon" / "llm_agentd" / "demo" / "llm_village"
    lists = [(village / name).read_text(encoding="utf-8") for name in ("cast.lua", "stage.lua")]
    crowd = re.search(r"^local ROLES = \{(.*?)\}", lists[0], re.MULTILINE | re.DOTALL)
    assert crowd is not None
    roles = {*re.findall(r'"(\w+)"', crowd[1]), *re.findall(r'\brole = "(\w+)"', lists[1])}
    readme = (repo / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\b(\d+) roles\b", readme)) == {str(len(roles))}


def test_admin_guide_has_the_paths_of_debians_server(admins: str) -> None:
    """Of the release that runs here: its unit says them."""
    units = [Path(f"/usr/lib/systemd/system/{name}-server.service") for name in ("luanti", "minetest")]
    unit = next(path for path in units if path.exists()).read_text(encoding="utf-8")
    said = re.findall(
        r"--(?:config|logfile) (\S+)|^User=(\S+)|^Environment=MINETEST_USER_PATH=(\S+)", unit, re.MULTILINE
    )
    table = section(admins, "Debian's packaged servers")
    assert [words for found in said for words in found if words and words not in table] == []


def test_admin_guide_explains_every_complaint_of_the_doctor(mod: Described, admins: str) -> None:
    """What stands behind a mark (an ellipsis for what is left out) the doctor says, and what it says stands there."""
    quoted = [
        re.compile(re.escape(words.replace(" …", "…")).replace("…", ".*"))
        for words in re.findall(r"`[×·] (.*?)`", section(admins, "When something is wrong"))
    ]
    said = {line: [words for words in quoted if words.match(line)] for line in mod.complaints}
    assert [line for line, fitting in said.items() if not fitting] == []
    assert [words.pattern for words in quoted if not any(words in fitting for fitting in said.values())] == []


def test_role_in_the_admin_guide_has_all_fields(admins: str, tmp_path: Path) -> None:
    block = re.search(r"```yaml\n# .*/(\w+\.yaml)\n(.*?)```", admins, re.DOTALL)
    assert block is not None
    file = tmp_path / block.group(1)
    file.write_text(block.group(2), encoding="utf-8")
    assert set(read(file).fields()) == set(FIELDS)


def test_admin_guide_names_every_stored_key(mod: Described, admins: str) -> None:
    assert {"off", "places", "roles"} <= set(mod.stored)
    assert set(rows(section(admins, "What is stored where"))) >= set(mod.stored)
