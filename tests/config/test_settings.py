"""Settings of a running daemon: what is shown of each, and one changed in the admin's file."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.config import Config, known_keys, load_config
from llm_agentd.config.load import Sources
from llm_agentd.config.settings import Settings
from llm_agentd.errors import BadRequest, StartError

FILE = """\
# Our village.
batch:
  size: 4  # two cores
agents:
  block_words: [grue]
http:
  token: secret-0123456789
"""


def make(folder: Path, *sets: str, text: str = FILE, **environ: str) -> Settings:
    file = folder / "config.yaml"
    if not file.exists():
        file.write_text(text, encoding="utf-8")
    return Settings(Sources(file, sets, environ, folder))


def row(settings: Settings, key: str) -> dict[str, Any]:
    return next(row for row in settings.listing()["settings"] if row["key"] == key)


def text(folder: Path) -> str:
    return (folder / "config.yaml").read_text(encoding="utf-8")


def test_every_key_is_shown_with_help_source_and_kind(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("LLM_AGENT_CACHE__TTL_S=9\n")
    settings = make(tmp_path, "model.threads=3", LLM_AGENT_AGENTS__LANGUAGE="de", BATCH_TIMEOUT_MS="7")
    rows = {row["key"]: row for row in settings.listing()["settings"]}
    assert list(rows) == list(known_keys())
    assert all(row["help"] and row["type"] for row in rows.values())
    assert {key: (rows[key]["value"], rows[key]["source"]) for key in (
        "batch.size", "model.threads", "agents.language", "batch.window_ms", "cache.ttl_s", "http.port", "cache.path",
    )} == {
        "batch.size": (4, f"{tmp_path}/config.yaml, line 3"),
        "model.threads": (3, "--set"),
        "agents.language": ("de", "env LLM_AGENT_AGENTS__LANGUAGE"),
        "batch.window_ms": (7, "env BATCH_TIMEOUT_MS"),
        "cache.ttl_s": (9, f"{tmp_path}/.env, line 1"),
        "http.port": (8000, "default"),
        "cache.path": (rows["cache.path"]["default"], "default"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("key", "wanted"),
    [
        ("batch.size", {"type": "integer", "minimum": 1, "maximum": 256, "default": 8}),
        ("inference.top_p", {"type": "number", "minimum": 0, "maximum": 1, "default": 0.95}),
        ("cache.enabled", {"type": "yes/no", "default": True}),
        ("cache.max_bytes", {"type": "size", "default": "256MiB"}),
        ("agents.block_words", {"type": "list", "default": [], "value": ["grue"]}),
        ("agents.moderation", {"type": "one of", "choices": ["on", "off", "strict"]}),
        ("model.engine", {"type": "one of", "default": "auto"}),
        ("model.threads", {"type": "integer", "minimum": 1, "maximum": 512, "default": None}),
        ("model.pin_cpus", {"type": "text", "default": "auto"}),
        ("inference.seed", {"type": "integer", "minimum": 0, "default": None}),
    ],
)
def test_a_form_can_be_made_of_a_setting(tmp_path: Path, key: str, wanted: dict[str, Any]) -> None:
    assert row(make(tmp_path), key).items() >= wanted.items()


def test_listing_says_whether_the_file_can_be_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = make(tmp_path)
    assert settings.listing()["writable"] is True
    monkeypatch.setattr(os, "access", lambda *_: False)  # as in a unit; root writes everywhere else
    assert settings.listing()["writable"] is False


def test_secret_is_never_shown(tmp_path: Path) -> None:
    listing = make(tmp_path).listing()
    assert "secret-0123456789" not in str(listing)
    token = next(row for row in listing["settings"] if row["key"] == "http.token")
    assert (token["value"], token["running_value"], token["secret"]) == ("set", "set", True)
    assert row(make(tmp_path / "..", text=""), "http.token")["value"] is None


def test_change_is_written_and_comments_stay(tmp_path: Path) -> None:
    settings = make(tmp_path)
    settings.change("batch.size", 6)
    settings.change("agents.block_words", ["grue", "wumpus"])
    settings.change("cache.max_bytes", "64MiB")
    assert text(tmp_path) == FILE.replace("size: 4 ", "size: 6 ").replace("[grue]", "[grue, wumpus]") + (
        "cache:\n  max_bytes: 64MiB\n"
    )
    assert load_config(tmp_path / "config.yaml", environ={}).batch.size == 6
    settings.change("batch.size", None)
    assert "size" not in text(tmp_path).partition("agents:")[0].replace("# two cores", "")
    assert (row(settings, "batch.size")["value"], row(settings, "batch.size")["source"]) == (8, "default")


@pytest.mark.parametrize(("key", "given", "written"), [("batch.size", "6", "6"), ("cache.enabled", "no", "false")])
def test_text_for_a_number_is_written_as_a_number(tmp_path: Path, key: str, given: str, written: str) -> None:
    make(tmp_path).change(key, given)
    assert f"{key.partition('.')[2]}: {written}" in text(tmp_path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("batch.size", 0),
        ("batch.size", "many"),
        ("batch.size", [1]),
        ("agents.moderation", "maybe"),
        ("cache.max_bytes", "1KiB"),
        ("inference.temperature", 9),
        ("http.tls_cert", "/only/half/a/pair.pem"),
        ("agents.block_words", [7]),
    ],
)
def test_bad_value_is_refused_with_the_words_of_a_start_and_nothing_is_written(
    tmp_path: Path, key: str, value: Any
) -> None:
    settings = make(tmp_path)
    with pytest.raises(BadRequest) as refused:
        settings.change(key, value)
    assert text(tmp_path) == FILE
    section, name = key.split(".")
    told = tmp_path / "told" / "config.yaml"
    told.parent.mkdir()
    told.write_text(f"{section}: {{{name}: {value!r}}}\n", encoding="utf-8")
    with pytest.raises(StartError) as at_start:
        load_config(told, environ={}, cwd=tmp_path)
    assert str(refused.value).partition(f"{key}: ")[2] == str(at_start.value).partition(f"{key}: ")[2] != ""


@pytest.mark.parametrize(
    ("sets", "environ", "says"),
    [
        (("batch.size=2",), {}, "batch.size: --set batch.size sets it and is stronger than the file"),
        ((), {"LLM_AGENT_BATCH__SIZE": "2"}, "the environment variable LLM_AGENT_BATCH__SIZE sets it"),
        ((), {"BATCH_SIZE": "2"}, "the environment variable BATCH_SIZE sets it"),
    ],
)
def test_change_that_a_stronger_source_would_hide_is_refused(
    tmp_path: Path, sets: tuple[str, ...], environ: dict[str, str], says: str
) -> None:
    with pytest.raises(BadRequest, match=says):
        make(tmp_path, *sets, **environ).change("batch.size", 6)
    assert text(tmp_path) == FILE


def test_unknown_key_and_secret_are_refused(tmp_path: Path) -> None:
    settings = make(tmp_path)
    with pytest.raises(BadRequest, match=r"unknown key batch\.sise; did you mean batch.size"):
        settings.change("batch.sise", 6)
    with pytest.raises(BadRequest, match="a secret is not set from here"):
        settings.change("http.token", "another-0123")
    for key in ("batch", "cache.variants", "", "a\nb: 1"):
        with pytest.raises(BadRequest):
            settings.change(key, 6)
    assert text(tmp_path) == FILE


def test_file_that_cannot_be_written_names_the_line_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:  # as a read-only file system does, also for root
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(BadRequest, match=r"cannot be written.*write `size: 6` under `batch:` there yourself"):
        make(tmp_path).change("batch.size", 6)
    assert text(tmp_path) == FILE
    assert [path.name for path in tmp_path.iterdir()] == ["config.yaml"]


def test_file_in_braces_names_the_line_to_write(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="in braces; write `size: 6` under `batch:` there yourself"):
        make(tmp_path, text="batch: {size: 4}\n").change("batch.size", 6)


def test_check_of_the_start_is_asked_before_anything_is_written(tmp_path: Path) -> None:
    def check(config: Config) -> None:
        raise StartError(f"model.path: {config.model.path} is not there")

    (tmp_path / "config.yaml").write_text(FILE)
    settings = Settings(Sources(tmp_path / "config.yaml", (), {}, tmp_path), check)
    with pytest.raises(BadRequest, match=r"model.path: /no.gguf is not there"):
        settings.change("model.path", "/no.gguf")
    assert text(tmp_path) == FILE


def test_live_key_is_applied_and_another_waits_for_a_restart(tmp_path: Path) -> None:
    settings = make(tmp_path)
    held: list[float] = []

    def apply(config: Config) -> bool:
        held.append(config.inference.temperature)
        return True

    settings.on_change(["inference.temperature"], apply)
    assert settings.apply("inference.temperature", settings.change("inference.temperature", 1.5))
    assert not settings.apply("batch.size", settings.change("batch.size", 6))
    assert held == [1.5]
    assert settings.running.batch.size == 4
    live, waiting = row(settings, "inference.temperature"), row(settings, "batch.size")
    assert (live["live"], live["value"], live["running_value"]) == (True, 1.5, 1.5)
    assert (waiting["live"], waiting["value"], waiting["running_value"]) == (False, 6, 4)
    assert settings.apply("batch.size", settings.change("batch.size", 4))  # what runs: nothing waits any more


def test_applied_change_leaves_what_else_waits_in_the_file(tmp_path: Path) -> None:
    settings = make(tmp_path)
    seen: list[Config] = []

    def apply(config: Config) -> bool:
        seen.append(config)
        return True

    settings.on_change(["cache.ttl_s", "agents.language"], apply)
    (tmp_path / "config.yaml").write_text(FILE + "cache:\n  ttl_s: 60\n")  # by hand: it waits for a restart
    settings.apply("agents.language", settings.change("agents.language", "de"))
    assert (seen[0].agents.language, seen[0].cache.ttl_s) == ("de", 300)


def test_value_that_cannot_be_applied_now_wants_a_restart(tmp_path: Path) -> None:
    settings = make(tmp_path)
    settings.on_change(["agents.remember_turns"], lambda config: config.agents.remember_turns > 0)
    assert not settings.apply("agents.remember_turns", settings.change("agents.remember_turns", 0))
    assert settings.running.agents.remember_turns == 5


def test_file_that_was_broken_by_hand_is_told(tmp_path: Path) -> None:
    settings = make(tmp_path)
    (tmp_path / "config.yaml").write_text("batch:\n  size: none at all\n")
    listing = settings.listing()
    assert "line 2: batch.size: want a whole number" in listing["problem"]
    assert row(settings, "batch.size")["running_value"] == 4
    with pytest.raises(BadRequest, match=r"line 2: batch\.size: want a whole number"):
        settings.change("agents.language", "de")
