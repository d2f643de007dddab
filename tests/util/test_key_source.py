"""Keys of servers: from the environment or a file that changes, and what is said where there is none. Never the key."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from llm_agentd.config.remote import Upstream as Configured
from llm_agentd.engines.openai.upstream import require_keys, upstreams_of
from llm_agentd.errors import StartError
from llm_agentd.util.key_source import KEY_MAX_BYTES, KeyProblem, KeySource

KEY = "sk-planted-0123456789"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text(f"{KEY}\n")
    path.chmod(0o600)
    return path


def of_file(path: Path) -> KeySource:
    return KeySource(variable=None, file=path, environ={})


def problem(source: KeySource) -> str:
    with pytest.raises(KeyProblem) as caught:
        source.read()
    assert KEY not in str(caught.value)
    return str(caught.value)


def test_key_comes_from_a_variable_or_a_file_or_is_none(file: Path) -> None:
    assert KeySource(variable="K", file=None, environ={"K": f" {KEY} "}).read() == KEY
    assert of_file(file).read() == KEY
    assert KeySource(variable=None, file=None, environ={}).read() == ""


def test_variable_that_is_missing_or_empty_is_named() -> None:
    for environ in ({}, {"K": " "}):
        says = problem(KeySource(variable="K", file=None, environ=environ))
        assert says == "the environment variable K is not set where the daemon starts: set it to the key"


def test_file_is_read_again_when_it_changes(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    source = of_file(file)
    assert source.read() == KEY
    assert not source.has_changed
    other = file.with_name("other")
    other.write_text("sk-planted-another")
    other.chmod(0o600)
    other.replace(file)  # as secrets of containers change
    assert source.has_changed
    assert (source.read(), source.has_changed) == ("sk-planted-another", False)
    assert "has changed" in caplog.text
    assert "planted" not in caplog.text


def test_file_that_others_can_read_is_refused_until_its_rights_are_mended(file: Path) -> None:
    source = of_file(file)
    file.chmod(0o604)
    assert f"run `chmod 600 {file}`" in problem(source)
    assert not source.has_changed
    file.chmod(0o640)
    assert source.has_changed
    assert source.read() == KEY


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty: write the key into it"),
        (b" \n", "is empty"),
        (f"{KEY}\n{KEY}\n".encode(), "holds more than a key"),
        (f"Bearer {KEY}".encode(), "holds more than a key"),
        ("sk-schlüssel".encode(), "holds more than a key"),
        (b"\xff\xfe\x00", "holds more than a key"),
        (b"k" * (KEY_MAX_BYTES + 1), "holds more than a key"),
    ],
)
def test_what_no_header_can_carry_is_refused(file: Path, data: bytes, says: str) -> None:
    file.write_bytes(data)
    assert says in problem(of_file(file))


def test_file_that_is_gone_is_named_and_found_when_it_is_there(file: Path) -> None:
    source = of_file(file.with_name("gone"))
    assert "cannot be read: No such file" in problem(source)
    file.rename(file.with_name("gone"))
    assert source.has_changed
    assert source.read() == KEY


def test_key_is_in_no_repr(file: Path) -> None:
    (upstream,) = upstreams_of([Configured(base_url="http://127.0.0.1:1", model="m", api_key_file=file)], {})
    target = upstream.target()
    assert target.api_key == KEY
    assert KEY not in repr((upstream, target, upstream.key)) + str(
        vars(upstream) if hasattr(upstream, "__dict__") else ""
    )


def test_start_names_the_upstream_whose_key_is_missing() -> None:
    configured = [
        Configured(base_url="http://127.0.0.1:1", model="m"),
        Configured(base_url="https://gpu.example", model="m", api_key_env="GPU_KEY"),
    ]
    with pytest.raises(
        StartError, match=r"remote\.upstreams\[1\] \(gpu\.example\): the environment variable GPU_KEY is"
    ):
        require_keys(configured, {})
    require_keys(configured, {"GPU_KEY": KEY})
