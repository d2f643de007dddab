"""The doctor on a world: its files as a server has them, and what is said of each fault."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from llm_agentd import __version__
from llm_agentd.ops.doctor.check import Check
from llm_agentd.ops.doctor.game import Facts, judge, look
from llm_agentd.ops.doctor.game_files import World, look_at_world, read_settings
from llm_agentd.ops.doctor.way import Answer

READY = Answer(200, {"ready": True})
GOOD = {
    "secure.http_mods": "irc, llm_agent",
    "llm_agent.url": "http://127.0.0.1:8123",
    "llm_agent.token": "secret",
    "dedicated_server_step": "0.05",
}


def make_world(user: Path, *, version: str = __version__, config: dict[str, str] | None = None) -> Path:
    """`user`/worlds/oak with the mod in `user`/mods, switched on, and a minetest.conf that is as it should be."""
    world, mod = user / "worlds" / "oak", user / "mods" / "llm_agent"
    world.mkdir(parents=True)
    mod.mkdir(parents=True)
    (world / "world.mt").write_text("gameid = minetest\nload_mod_llm_agent = true\n")
    (mod / "mod.conf").write_text(f"name = llm_agent\nversion = {version}\n")
    lines = (f"{key} = {value}\n" for key, value in (GOOD if config is None else config).items())
    (user / "minetest.conf").write_text("".join(lines))
    return world


def checks_of(world: Path, *, ready: Answer | None = READY, is_switched_off: bool = False) -> dict[str, Check]:
    facts = Facts(look_at_world(world, None), is_switched_off, ready)
    return {check.name: check for check in judge(facts, __version__)}


def states_of(checks: dict[str, Check]) -> dict[str, str]:
    return {name: check.state for name, check in checks.items() if check.state != "ok"}


def test_a_world_in_order_has_nothing_to_mend(tmp_path: Path) -> None:
    checks = checks_of(make_world(tmp_path))
    assert states_of(checks) == {}
    assert set(checks) == {"world", "mod", "version", "http_mods", "way", "step"}


@pytest.mark.parametrize(
    ("key", "value", "name", "found", "cure"),
    [
        ("secure.http_mods", "irc", "http_mods", "not allowed", "secure.http_mods = irc,llm_agent"),
        ("secure.http_mods", None, "http_mods", "not allowed", "secure.http_mods = llm_agent"),
        ("llm_agent.enabled", "false", "switch", "Switched off in minetest.conf", "llm_agent.enabled = false"),
        ("curl_parallel_limit", "3", "transfers", "Mods wait", "curl_parallel_limit = 4"),
    ],
)
def test_a_fault_of_minetest_conf_fails_with_its_line(
    tmp_path: Path, key: str, value: str | None, name: str, found: str, cure: str
) -> None:
    config = {**GOOD, key: value}
    checks = checks_of(make_world(tmp_path, config={key: value for key, value in config.items() if value is not None}))
    assert states_of(checks) == {name: "fail"}
    assert found in checks[name].found
    assert cure in checks[name].cure


def test_trusted_mods_may_use_http_too(tmp_path: Path) -> None:
    config = {key: value for key, value in GOOD.items() if key != "secure.http_mods"}
    assert states_of(checks_of(make_world(tmp_path, config={**config, "secure.trusted_mods": "llm_agent"}))) == {}


@pytest.mark.parametrize("step", ["0.3", None])
def test_a_long_step_is_a_warning_with_the_step_that_is_advised(tmp_path: Path, step: str | None) -> None:
    config = {key: value for key, value in GOOD.items() if key != "dedicated_server_step"}
    checks = checks_of(make_world(tmp_path, config={**config, **({"dedicated_server_step": step} if step else {})}))
    assert states_of(checks) == {"step": "warn"}
    assert f"a server step takes {step or '0.09'} s" in checks["step"].found
    assert "dedicated_server_step = 0.05" in checks["step"].cure


def test_an_old_mod_with_a_new_daemon_fails_and_names_the_folder_to_install_into(tmp_path: Path) -> None:
    checks = checks_of(make_world(tmp_path, version="0.0.9"))
    assert states_of(checks) == {"version": "fail"}
    assert f"Mod 0.0.9 and daemon {__version__}" in checks["version"].found
    assert f"llm-agentd install-mod {tmp_path / 'mods'}" in checks["version"].cure


def test_a_mod_that_the_world_does_not_load_fails_with_the_line(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    for text in ("gameid = minetest\n", "load_mod_llm_agent = false\n"):
        (world / "world.mt").write_text(text)
        checks = checks_of(world)
        assert states_of(checks) == {"mod": "fail"}
        assert "load_mod_llm_agent = true" in checks["mod"].cure


def test_a_mod_in_worldmods_needs_no_line(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    (world / "world.mt").write_text("gameid = minetest\n")
    (world / "worldmods").mkdir()
    (tmp_path / "mods" / "llm_agent").rename(world / "worldmods" / "llm_agent")
    assert states_of(checks_of(world)) == {}


def test_a_mod_in_a_modpack_is_found(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    (tmp_path / "mods" / "pack").mkdir()
    (tmp_path / "mods" / "llm_agent").rename(tmp_path / "mods" / "pack" / "llm_agent")
    assert states_of(checks_of(world)) == {}


def test_a_world_without_the_mod_or_no_world_at_all_says_what_to_do(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    (tmp_path / "mods" / "llm_agent" / "mod.conf").unlink()
    assert "llm-agentd install-mod" in checks_of(world)["mod"].cure
    (world / "world.mt").unlink()
    checks = checks_of(world)
    assert states_of(checks) == {"world": "fail"}
    assert "no world.mt" in checks["world"].found


@pytest.mark.parametrize(
    ("answer", "found", "cure"),
    [
        (Answer(0, problem="Connection refused"), "Nobody answers at http://127.0.0.1:8123", "llm-agentd serve"),
        (Answer(0, is_late=True), "No answer in time", "Is that llm-agentd"),
        (Answer(401, {}), "wants its token", "llm_agent.token = TOKEN"),
        (Answer(403, {}), "refuses calls under this name", "http.allowed_hosts"),
        (Answer(404, None), "is not llm-agentd", "llm_agent.url"),
        (Answer(503, {"error": {"message": "it is silent"}}), "cannot answer: it is silent", "said of the daemon"),
        (Answer(418, None), "answers HTTP 418", "its log"),
    ],
)  # fmt: skip
def test_the_mods_own_call_is_judged_as_in_the_game(tmp_path: Path, answer: Answer, found: str, cure: str) -> None:
    checks = checks_of(make_world(tmp_path), ready=answer)
    assert states_of(checks) == {"way": "fail"}
    assert found in checks["way"].found
    assert cure.replace("its log", "log") in checks["way"].cure


def test_an_address_that_is_none_is_not_called(tmp_path: Path) -> None:
    world = make_world(tmp_path, config={**GOOD, "llm_agent.url": "localhost:8000"})
    facts = look(world, None)
    assert facts.ready is None
    assert "no address" in {check.name: check for check in judge(facts, __version__)}["way"].found


def test_llm_off_of_the_game_is_seen_in_its_storage(tmp_path: Path) -> None:
    world = make_world(tmp_path, config={**GOOD, "llm_agent.url": "none"})
    assert not look(world, None).is_switched_off
    with closing(sqlite3.connect(world / "mod_storage.sqlite")) as storage:
        storage.execute("CREATE TABLE entries (modname TEXT, key BLOB, value BLOB)")
        storage.execute("INSERT INTO entries VALUES ('llm_agent', ?, ?)", (b"off", b"yes"))
        storage.commit()
    assert look(world, None).is_switched_off
    assert checks_of(world, is_switched_off=True)["switch"].cure == "Switch on: /llm on"


def test_minetest_conf_is_named_or_found_where_debian_has_it(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    (tmp_path / "minetest.conf").rename(tmp_path / "other.conf")
    assert states_of(checks_of(world)) == {"minetest.conf": "warn"}
    assert look_at_world(world, tmp_path / "other.conf").config == GOOD
    missing = look_at_world(world, tmp_path / "missing.conf")
    assert "there is no such file" in missing.problems[0]


def test_settings_are_read_as_the_engine_reads_them(tmp_path: Path) -> None:
    (tmp_path / "minetest.conf").write_text(
        '# secure.http_mods = x\n a=1 = 2\nmotd = """two\nlines = here"""\nno equals\nb =\n', encoding="utf-8"
    )
    assert read_settings(tmp_path / "minetest.conf") == {"a": "1 = 2", "motd": "two lines = here", "b": ""}


def test_a_file_that_cannot_be_read_is_a_fault_and_no_traceback() -> None:
    facts = Facts(World(Path("/w"), None, None, {}, (), ("/w/world.mt: Permission denied",)), False, None)
    assert [check.state for check in judge(facts, __version__)] == ["fail"]
