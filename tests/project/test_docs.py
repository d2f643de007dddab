"""The guides against the source: what they name is there, and what is there they name."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from llm_agentd.errors import AgentdError
from llm_agentd.roles.role import FIELDS
from llm_agentd.roles.role_file import read

EXAMPLE_LINES_MAX = {
    "greeter": 10,
    "guard_squad": 30,
    "innkeeper": 35,
    "merchant": 30,
    "quest_giver": 20,
    "talking_sheep": 35,
}
# Whose heading in api.md a table of checked fields belongs to.
FIELDS_OF = {
    "ROLE_FIELDS": "llm_agent.register_role",
    "ACTION_FIELDS": "llm_agent.register_action",
    "NPC_FIELDS": "llm_agent.register_npc",
    "QUEST_FIELDS": "llm_agent.register_quest",
    "SPAWN_FIELDS": "llm_agent.spawn",
    "GOODS_FIELDS": "llm_agent.register_goods",
    "ATTACH_FIELDS": "llm_agent.attach",
    "THINK_FIELDS": "npc:think",
    "SAY_FIELDS": "npc:say",
    "GO_FIELDS": "npc:go_to",
}


@pytest.fixture
def mod(repo: Path) -> str:
    """All Lua code of the mod."""
    files = sorted((repo / "mods" / "llm_agent").rglob("*.lua"))
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


@pytest.fixture
def api(repo: Path) -> str:
    return (repo / "docs" / "api.md").read_text(encoding="utf-8")


@pytest.fixture
def admins(repo: Path) -> str:
    return (repo / "docs" / "admins.md").read_text(encoding="utf-8")


@pytest.fixture
def settings(repo: Path) -> str:
    return (repo / "mods" / "llm_agent" / "settingtypes.txt").read_text(encoding="utf-8")


def section(document: str, heading: str) -> str:
    """From a heading that begins so to the next one of any level."""
    found = re.search(rf"^#+ `?{re.escape(heading)}\b.*?$(.*?)(?=^#|\Z)", document, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found.group(1)


def rows(words: str) -> list[str]:
    """The code words in the first cells of a table: `a`, `b` stands for two."""
    cells = re.findall(r"^\| (`[^|]+`) \|", words, re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def keys(table: str) -> set[str]:
    """The keys of a flat Lua table's source: those outside of brackets, braces and functions."""
    flat = re.sub(r"function\(.*?\n\tend", "", table, flags=re.DOTALL)
    return set(re.findall(r"(\w+) = ", flat))


def test_every_public_name_is_documented_and_no_other(mod: str, api: str) -> None:
    public = set(re.findall(r"^function (llm_agent\.\w+)", mod, re.MULTILINE))
    public |= {f"npc:{name}" for name in re.findall(r"^function Npc:(\w+)", mod, re.MULTILINE)}
    assert set(re.findall(r"^### `([\w.:]+)\(", api, re.MULTILINE)) == public


def test_every_parameter_is_documented(mod: str, api: str) -> None:
    """The signature in the heading is the function's own."""
    given = dict(re.findall(r"^function (\S+?)\((.*)\)$", mod, re.MULTILINE))
    for name, parameters in re.findall(r"^### `([\w.:]+)\((.*)\)`", api, re.MULTILINE):
        own = given[name.replace("npc:", "Npc:")]
        assert parameters == own.replace("words_said", "text"), name


def test_every_field_is_documented_and_no_other(mod: str, api: str) -> None:
    tables = dict(re.findall(r"^local (\w+_FIELDS) = (\{[^\n]*\}$|\{\n[\s\S]*?^\}$)", mod, re.MULTILINE))
    assert set(tables) == set(FIELDS_OF)
    for name, table in tables.items():
        documented = rows(section(api, FIELDS_OF[name]))
        assert len(documented) == len(set(documented)), name
        assert set(documented) == keys(table), name


def test_events_and_what_is_in_a_reply(mod: str, api: str, repo: Path) -> None:
    events = re.search(r"^local EVENTS = \{(.*)\}", mod, re.MULTILINE)
    assert events is not None
    assert set(rows(section(api, "llm_agent.on"))) == set(re.findall(r'"(\w+)"', events.group(1)))

    source = (repo / "mods" / "llm_agent" / "reply.lua").read_text(encoding="utf-8")
    build = source[source.index("function reply.build") :]
    made = re.search(r"local result = \{(.*?)\n\t\}", build, re.DOTALL)
    assert made is not None
    fields = keys(made.group(1)) | set(re.findall(r"result\.(\w+)[ ,].*=", build))
    codes = set(re.findall(r'fail\(\w+, "(\w+)"|go_offline\("(\w+)"|refuse\("(\w+)"|code = "(\w+)"', mod))
    codes |= set(re.findall(r'^\t(?:if .* then )?return "(\w+)", ["(]?', client_refusal(mod), re.MULTILINE))
    known = {code for found in codes for code in ([found] if isinstance(found, str) else found) if code}
    known |= set(re.findall(r'result\.code, result\.error = "(\w+)"', build)) | set(wire_codes())
    documented = rows(section(api, "The reply"))
    assert len(documented) == len(set(documented))
    assert set(documented) == fields | known


def client_refusal(mod: str) -> str:
    return mod[mod.index("local function refusal()") : mod.index("function client.ask(")]


def wire_codes(error: type[AgentdError] = AgentdError) -> set[str]:
    return {error.code}.union(*(wire_codes(child) for child in error.__subclasses__()))


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


def test_settings_in_the_guides_are_settings(settings: str, mod: str, repo: Path) -> None:
    """What is called `llm_agent.NAME` is a setting or a function."""
    known = set(re.findall(r"^llm_agent\.(\w+)", settings, re.MULTILINE))
    known |= set(re.findall(r"^function llm_agent\.(\w+)", mod, re.MULTILINE))
    unknown = []
    for document in [*(repo / "docs").glob("*.md"), repo / "mods" / "llm_agent" / "README.md"]:
        named = re.findall(r"`llm_agent\.(\w+)(?:`| =|\()", document.read_text(encoding="utf-8"))
        unknown += [f"{document.name}: {name}" for name in named if name not in known]
    assert unknown == []


def test_the_admin_guide_names_every_command_and_group(mod: str, settings: str, admins: str) -> None:
    commands = set(re.findall(r'agent\.command\("(\w+)"', mod))
    assert len(commands) > 10
    assert set(re.findall(r"^\| `/llm (\w+)", admins, re.MULTILINE)) == commands
    groups = re.findall(r"^\[(.+)\]$", settings, re.MULTILINE)
    assert [group for group in groups if f"| {group} |" not in admins] == []


def test_the_admin_guide_has_all_that_the_doctor_complains_of(repo: Path, admins: str) -> None:
    """What stands behind a cross (an ellipsis for what is left out) the doctor says, and what it says stands there."""
    diagnosis = (repo / "mods" / "llm_agent" / "diagnosis.lua").read_text(encoding="utf-8")
    complaints = re.findall(r'note\(false,\s*S\("([^"]+)"', diagnosis)
    assert len(complaints) == diagnosis.count("note(false,")
    quoted = [
        re.compile(re.escape(words.replace(" …", "…")).replace("…", ".*"))
        for words in re.findall(r"`× (.*?)`", section(admins, "When something is wrong"))
    ]
    said = {line: [words for words in quoted if words.match(line)] for line in complaints}
    assert [line for line, fitting in said.items() if not fitting] == []
    assert [words.pattern for words in quoted if not any(words in fitting for fitting in said.values())] == []


def test_the_role_in_the_admin_guide_is_one_with_all_fields(admins: str, tmp_path: Path) -> None:
    block = re.search(r"```yaml\n# .*/(\w+\.yaml)\n(.*?)```", admins, re.DOTALL)
    assert block is not None
    file = tmp_path / block.group(1)
    file.write_text(block.group(2), encoding="utf-8")
    assert set(read(file).fields()) == set(FIELDS)


def test_the_admin_guide_names_all_that_is_stored(mod: str, admins: str) -> None:
    """Keys in the mod's storage, plain, as a beginning, or by the name of a constant."""
    constants = dict(re.findall(r'^local (\w+) = "([^"]+)"', mod, re.MULTILINE))
    stored = {text or constants[name] for text, name in re.findall(r'storage:set_string\((?:"([^"]+)"|(\w+))', mod)}
    assert {"off", "places", "roles"} <= stored
    assert set(rows(section(admins, "What is stored where"))) >= stored
