"""The small pure helpers: nearest names, timestamps, common prefixes, surrogates, YAML with lines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_agentd.util.common_prefix import common_prefix_length
from llm_agentd.util.did_you_mean import did_you_mean, nearest
from llm_agentd.util.surrogates import repair_surrogates
from llm_agentd.util.timestamps import parse_time, rfc3339
from llm_agentd.util.yaml_lines import YamlError, parse_yaml


def test_nearest_of_a_typo_is_the_known_name() -> None:
    assert nearest("tempature", ["top_k", "temperature"]) == "temperature"
    assert nearest("zzz", ["top_k", "temperature"]) is None
    assert did_you_mean("tempature", {"temperature": 1}) == ", did you mean 'temperature'?"
    assert did_you_mean("zzz", ["temperature"]) == ""
    assert did_you_mean("zzz", ["temperature"], "; known: temperature") == "; known: temperature"


def test_rfc3339_of_any_zone_is_utc_with_milliseconds() -> None:
    noon = datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert rfc3339(noon) == rfc3339(noon.timestamp()) == "2026-01-31T12:00:00.000Z"
    assert rfc3339(noon.astimezone(timezone(timedelta(hours=2)))) == "2026-01-31T12:00:00.000Z"
    assert parse_time(rfc3339(noon)) == noon


def test_parse_time_without_a_zone_is_utc() -> None:
    assert parse_time(" 2026-01-31 ") == datetime(2026, 1, 31, tzinfo=UTC)
    with pytest.raises(ValueError, match="yesterday"):
        parse_time("yesterday")


@given(st.lists(st.integers(0, 2)), st.lists(st.integers(0, 2)))
def test_common_prefix_length_equals_counting_one_by_one(left: list[int], right: list[int]) -> None:
    count = 0
    while count < min(len(left), len(right)) and left[count] == right[count]:
        count += 1
    assert common_prefix_length(left, tuple(right)) == count


@pytest.mark.parametrize(
    ("text", "repaired"),
    [("plain 😀", "plain 😀"), ("a\ud800b", "a�b"), ("\udfff", "�"), ("\ud83d\ude00", "😀")],
)
def test_lone_surrogates_become_replacement_characters(text: str, repaired: str) -> None:
    assert repair_surrogates(text) == repaired


def test_yaml_values_know_the_lines_of_their_keys_and_items() -> None:
    root = parse_yaml("# a comment\ntitle: the smith\nlines:\n  - one\n  - two\nsection:\n  key: 1\n")
    assert root is not None
    fields = root.fields()
    assert fields is not None
    assert {name: field.line for name, field in fields.items()} == {"title": 2, "lines": 3, "section": 6}
    assert fields["lines"].value() == ["one", "two"]
    assert fields["lines"].item_line(1) == 5
    assert fields["title"].item_line(1) == 2
    assert fields["title"].fields() is None
    assert root.value()["section"] == {"key": 1}


def test_yaml_without_a_document_is_none() -> None:
    assert parse_yaml("# nothing\n") is None


def read_all(text: str) -> None:
    root = parse_yaml(text)
    assert root is not None
    for field in (root.fields() or {}).values():
        field.value()


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a: 1\nb: [", 3, "not valid YAML: "),
        ("a: 1\nb: 2\na: 3\n", 3, "a stands here twice; keep one"),
        ("a: 1\nb: 2026-13-45\n", 2, "b: month must be in 1..12; put it in quotes"),
        ("a: 1\nb: !!python/object:os.system x\n", 2, "not valid YAML: could not determine a constructor"),
        ("a: &a 1\nb: *a\n", 2, "*a is an alias, which is not read here: write out what it stands for"),
        ("a: 1\nb: *\n", 2, "not valid YAML: "),
        ("a: 1\nb: \x07\n", 2, r"a character that no text holds: '\x07'"),
    ],
)
def test_bad_yaml_names_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(YamlError) as caught:
        read_all(text)
    assert caught.value.line == line
    assert caught.value.reason.startswith(reason)
