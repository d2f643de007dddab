"""The password for Redis: from its file, a variable or the address, and never in a message."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_agentd.config import load_config
from llm_agentd.config.load import Sources
from llm_agentd.config.sections import Cache
from llm_agentd.config.settings import Settings
from llm_agentd.errors import BadRequest, StartError
from llm_agentd.ops.redis_login import find_redis

SECRET = "hunter2-of-redis"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text(SECRET + "\n")
    path.chmod(0o600)
    return path


def cache(**fields: object) -> Cache:
    return Cache(redis_url="redis://h", **fields)


def test_password_comes_from_the_file_the_variable_or_the_address(file: Path) -> None:
    one = find_redis(cache(redis_password_file=file), {})
    two = find_redis(cache(redis_password_env="PW"), {"PW": SECRET})
    three = find_redis(Cache(redis_url=f"redis://:{SECRET}@h"), {})
    assert one == two == three
    assert one is not None
    assert one.password == SECRET


def test_nothing_is_looked_for_without_an_address(tmp_path: Path) -> None:
    assert find_redis(Cache(redis_password_file=tmp_path / "none"), {}) is None


def test_each_fault_names_its_key_and_the_cure(file: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch(0o600)
    for fields, words in (
        ({"redis_password_file": tmp_path / "none"}, "redis_password_file: cannot read"),
        ({"redis_password_file": tmp_path}, "redis_password_file: cannot read"),
        ({"redis_password_file": empty}, "is empty"),
        ({"redis_password_env": "PW"}, "redis_password_env: PW is not set"),
        ({"redis_ca_file": file}, "want rediss://"),
    ):
        with pytest.raises(StartError) as caught:
            find_redis(cache(**fields), {})
        assert words in str(caught.value)
    with pytest.raises(StartError, match="redis_ca_file: no file"):
        find_redis(Cache(redis_url="rediss://h", redis_ca_file=tmp_path / "none"), {})
    with pytest.raises(StartError, match="holds a password too"):
        find_redis(Cache(redis_url="redis://:a@h", redis_password_file=file), {})


def test_file_that_others_can_read_is_refused(file: Path) -> None:
    file.chmod(0o644)
    with pytest.raises(StartError, match="chmod 600") as caught:
        find_redis(cache(redis_password_file=file), {})
    assert SECRET not in str(caught.value)


def test_address_with_a_password_stands_in_no_error_and_no_listing(tmp_path: Path) -> None:
    for url in (f"redis://:{SECRET}@h,i", f"http://:{SECRET}@h"):
        with pytest.raises(StartError) as caught:
            load_config(sets=[f"cache.redis_url={url}"], environ={"HOME": "/h"}, cwd=tmp_path)
        assert SECRET not in str(caught.value)
    environ = {"HOME": "/h", "LLM_AGENT_CACHE__REDIS_URL": f"redis://:{SECRET}@h"}
    settings = Settings(Sources(None, (), environ, tmp_path))
    assert SECRET not in str(settings.listing())
    assert SECRET not in repr(settings.running)
    with pytest.raises(BadRequest, match="a secret is not set from here"):
        settings.change("cache.redis_url", "redis://h")
