"""The generated documents of the configuration: fresh, complete, and read back as the defaults."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_agentd.config import Config, known_keys, load_config
from llm_agentd.config.docs import configuration_page, example_file, main
from llm_agentd.config.sources import PLAIN_NAMES

FIX = "stale: run `make docs`"


def test_configuration_page_in_the_checkout_is_fresh(repo: Path) -> None:
    assert (repo / "docs" / "configuration.md").read_text(encoding="utf-8") == configuration_page(), FIX


def test_example_file_in_the_checkout_is_fresh(repo: Path) -> None:
    assert (repo / "systemd" / "config.yaml").read_text(encoding="utf-8") == example_file(), FIX


def test_configuration_page_names_every_key_and_older_name() -> None:
    page = configuration_page()
    assert [key for key in known_keys() if f"\n| `{key}` |" not in page] == []
    assert [name for name in PLAIN_NAMES if f"`{name}`" not in page] == []


def test_example_file_sets_every_key_to_its_default(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(example_file(), encoding="utf-8")
    environ = {"STATE_DIRECTORY": "/var/lib/llm-agentd"}  # as systemd sets it
    assert load_config(path, environ=environ, cwd=tmp_path) == load_config(environ=environ, cwd=tmp_path)


def test_every_section_and_key_has_a_description() -> None:
    assert [name for name, field in Config.model_fields.items() if not getattr(field.annotation, "__doc__", None)] == []
    assert [key for key, field in known_keys().items() if not field.description] == []


def test_command_writes_both_files(tmp_path: Path) -> None:
    for folder in ("docs", "systemd"):
        (tmp_path / folder).mkdir()
    assert main([str(tmp_path)]) == 0
    assert (tmp_path / "docs" / "configuration.md").read_text(encoding="utf-8") == configuration_page()
    assert (tmp_path / "systemd" / "config.yaml").read_text(encoding="utf-8") == example_file()


@pytest.mark.parametrize("args", [[], ["one", "two"]])
def test_command_without_one_folder_says_how_it_is_used(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(args) == 2
    assert "usage:" in capsys.readouterr().err
