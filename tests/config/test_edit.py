"""One key of a YAML file changes, every other byte stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from llm_agentd.config.edit import EditError, remove_key, set_key


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
            "model:\n    # how many\n    threads: 2  # two\n    path: /m.gguf\n",
        ),
        ("model:\n  path: /old.gguf  # was good\n", "model:\n  path: /m.gguf  # was good\n"),
        ("model:\n  path: 'an old one.gguf'\n  id: x\n", "model:\n  path: /m.gguf\n  id: x\n"),
        ("model:\n  path:\n  id: x\n", "model:\n  path: /m.gguf\n  id: x\n"),
        ("model:\n  path:   # none\n", "model:\n  path: /m.gguf   # none\n"),
        ("model:\n  path: null\n", "model:\n  path: /m.gguf\n"),
        ("a:\r\n  b: 1\r\nmodel:\r\n  id: x\r\n", "a:\r\n  b: 1\r\nmodel:\r\n  id: x\r\n  path: /m.gguf\r\n"),
    ],
)
def test_key_is_set_and_the_rest_stays(before: str, after: str) -> None:
    assert set_key(before, "model.path", "/m.gguf") == after
    assert yaml.safe_load(after)["model"]["path"] == "/m.gguf"


@pytest.mark.parametrize(
    "value", ["/a b/ü: #x.gguf", "/'quoted'.gguf", "null", "/" + "long/" * 60 + "m.gguf", "- x", None]
)
def test_any_value_is_read_back(value: str | None) -> None:
    changed = set_key("model:\n  path: x\n", "model.path", value)
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
        set_key(text, "model.path", "/m.gguf")


def test_example_file_is_changed_in_one_line(repo: Path) -> None:
    before = (repo / "systemd" / "config.yaml").read_text(encoding="utf-8")
    after = set_key(before, "model.path", "/m.gguf")
    changed = [(a, b) for a, b in zip(before.splitlines(), after.splitlines(), strict=True) if a != b]
    assert changed == [("  path: null", "  path: /m.gguf")]


@pytest.mark.parametrize(
    ("before", "key", "value", "after"),
    [
        ("", "cache.variants.infer", 2, "cache:\n  variants:\n    infer: 2\n"),
        ("cache:\n  ttl_s: 9 # s\n", "cache.variants.infer", 2, "cache:\n  ttl_s: 9 # s\n  variants:\n    infer: 2\n"),
        (
            "cache:\n  variants:\n    think: 3\n# end\n",
            "cache.variants.infer",
            2,
            "cache:\n  variants:\n    think: 3\n    infer: 2\n# end\n",
        ),
        ("a:\n  on: 1\n", "a.mode", "on", "a:\n  on: 1\n  mode: 'on'\n"),
        ("a:\n  w: [x, y] # w\nb: 1\n", "a.w", ["ü", "z"], "a:\n  w: [ü, z] # w\nb: 1\n"),
        ("a:\n  w:\n    - x\n    - y\n\n# of b\nb: 1\n", "a.w", [], "a:\n  w:\n    []\n\n# of b\nb: 1\n"),
        ("a:\n  # 🦊\n  t: 0.7 # warm\n", "a.t", 1.5, "a:\n  # 🦊\n  t: 1.5 # warm\n"),
        ("a:\n  w:\n  - k: 1\n    l: [2]\n  - k: 3\n# end\n", "a.w", [{"k": 4}], "a:\n  w: [{k: 4}]\n# end\n"),
        ("a:\n  w:\n    - k: 1\n  u: 1\n", "a.w", [{"k": "x: y"}], "a:\n  w:\n    [{k: 'x: y'}]\n  u: 1\n"),
        ("a:\n  t: >\n    long\n    words\n  u: 1\n", "a.t", "x", "a:\n  t: x\n  u: 1\n"),
        ("a:\n  t: true\n", "a.t", False, "a:\n  t: false\n"),
        ("a:\n  w:\n    - x\n  # of nobody\n", "a.n", 1, "a:\n  w:\n    - x\n  n: 1\n  # of nobody\n"),
    ],
)
def test_key_of_any_depth_and_kind_is_set(before: str, key: str, value: Any, after: str) -> None:
    assert set_key(before, key, value) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a:\n  # how many\n  size: 4\n  x: 1\n", "a:\n  # how many\n  x: 1\n"),
        ("a:\n  size: 4  # for the evening\n  x: 1\n", "a:\n  # for the evening\n  x: 1\n"),
        ("a:\n  size: 4", "a:\n"),
        ("a:\n  size:\n    - 1\n    - 2\n# of b\nb: 1\n", "a:\n# of b\nb: 1\n"),
        ("a:\n  x: 1\n", "a:\n  x: 1\n"),
        ("# nothing\n", "# nothing\n"),
        ("a:\n  size:\n  x: 1\n", "a:\n  x: 1\n"),
    ],
)
def test_key_is_removed_and_comments_stay(before: str, after: str) -> None:
    assert remove_key(before, "a.size") == after


@pytest.mark.parametrize("change", [lambda text: set_key(text, "a.size", 1), lambda text: remove_key(text, "a.size")])
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a:\n  size:\n    - 1 # one\n    - 2\n", "comments inside"),
        ("a:\n  size:\n    - k: 1 # one\n      l: 2\n", "comments inside"),
        ("a: {size: 1}\n", "the section a stands in braces"),
    ],
)
def test_change_that_would_lose_something_is_refused(change: Any, text: str, says: str) -> None:
    with pytest.raises(EditError, match=says):
        change(text)


def test_one_number_for_a_section_is_left_to_the_admin() -> None:
    with pytest.raises(EditError, match="the section variants holds no keys"):
        set_key("cache:\n  variants: 2\n", "cache.variants.infer", 3)


def test_comment_between_a_key_and_its_list_is_kept() -> None:
    with pytest.raises(EditError, match="a comment between"):
        set_key("a:\n  w: # mine\n  - k: 1\n", "a.w", [])
