"""One key of a YAML file changes, every other byte stays."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from llm_agentd.config.edit import EditError, set_key


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "model:\n  path: /m.gguf\n"),
        ("# nothing\n", "# nothing\nmodel:\n  path: /m.gguf\n"),
        ("batch:\n  size: 4", "batch:\n  size: 4\nmodel:\n  path: /m.gguf\n"),
        ("model:\n", "model:\n  path: /m.gguf\n"),
        ("model:", "model:\n  path: /m.gguf\n"),
        ("model: # mine\nbatch: {size: 4}\n", "model: # mine\n  path: /m.gguf\nbatch: {size: 4}\n"),
        (
            "model:\n    # how many\n    threads: 2  # two\n",
            "model:\n    # how many\n    path: /m.gguf\n    threads: 2  # two\n",
        ),
        ("model:\n  path: /old.gguf  # was good\n", "model:\n  path: /m.gguf  # was good\n"),
        ("model:\n  path: 'an old one.gguf'\n  id: x\n", "model:\n  path: /m.gguf\n  id: x\n"),
        ("model:\n  path:\n  id: x\n", "model:\n  path: /m.gguf\n  id: x\n"),
        ("model:\n  path:   # none\n", "model:\n  path: /m.gguf   # none\n"),
        ("model:\n  path: null\n", "model:\n  path: /m.gguf\n"),
        ("a:\r\n  b: 1\r\nmodel:\r\n  id: x\r\n", "a:\r\n  b: 1\r\nmodel:\r\n  path: /m.gguf\r\n  id: x\r\n"),
    ],
)
def test_key_is_set_and_the_rest_stays(before: str, after: str) -> None:
    assert set_key(before, "model", "path", "/m.gguf") == after
    assert yaml.safe_load(after)["model"]["path"] == "/m.gguf"


@pytest.mark.parametrize(
    "value", ["/a b/ü: #x.gguf", "/'quoted'.gguf", "null", "/" + "long/" * 60 + "m.gguf", "- x", None]
)
def test_any_value_is_read_back(value: str | None) -> None:
    changed = set_key("model:\n  path: x\n", "model", "path", value)
    assert yaml.safe_load(changed) == {"model": {"path": value}}
    assert changed.count("\n") == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{model: {path: x}}\n", "braces"),
        ("model: {path: x}\n", "the section model stands in braces"),
        ("model: [\n", "not valid YAML"),
        ("- model\n", "holds no sections"),
        ("x: &m\n  path: old\nmodel: *m\n", "written in a way"),
    ],
)
def test_what_cannot_be_changed_alone_is_refused(text: str, says: str) -> None:
    with pytest.raises(EditError, match=says):
        set_key(text, "model", "path", "/m.gguf")


def test_example_file_is_changed_in_one_line(repo: Path) -> None:
    before = (repo / "systemd" / "config.yaml").read_text(encoding="utf-8")
    after = set_key(before, "model", "path", "/m.gguf")
    changed = [(a, b) for a, b in zip(before.splitlines(), after.splitlines(), strict=True) if a != b]
    assert changed == [("  path: null", "  path: /m.gguf")]
