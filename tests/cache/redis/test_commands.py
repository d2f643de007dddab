"""What commands do with the shared cache: `dump --redis`, `memory forget`, the doctor. A real Redis."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from llm_agentd.cache.redis.store import PREFIX
from llm_agentd.config import Config
from llm_agentd.config.sections import Cache
from llm_agentd.errors import StartError
from llm_agentd.memory import open_memory
from llm_agentd.ops.doctor import shared_cache as doctor
from llm_agentd.ops.dump import dump_shared
from llm_agentd.ops.memory import forget
from llm_agentd.redis.address import parse_address
from tests.cache.contract import START_S, TTL_S, entry, key
from tests.cache.redis.test_shared_cache import Make
from tests.ops.test_cli import run
from tests.support.redis_servers import RedisServer, wait_for

pytestmark = pytest.mark.slow


def test_dump_lists_what_is_shared(shared: Make, redis_server: RedisServer) -> None:
    one = shared("one")
    one.put(key(1), entry("Well met, Ana.", role="smith"), 1)
    one.put(key(2), entry("Hm.", role="guard"), 1)
    one.flush()
    out = io.StringIO()
    assert dump_shared(parse_address(redis_server.url), format="jsonl", role="smith", out=out) == 0
    (line,) = map(json.loads, out.getvalue().splitlines())
    assert (line["key"], line["text"], line["role"], line["shared"]) == (
        f"{key(1).hex()}:0",
        "Well met, Ana.",
        "smith",
        True,
    )
    out = io.StringIO()
    dump_shared(parse_address(redis_server.url), out=out, now=lambda: START_S)
    assert "2 entries" in out.getvalue()


def test_dump_says_what_is_wrong(redis_server: RedisServer, tmp_path: Path, free_port: int) -> None:
    for options, words in (
        (["--redis"], "cache.redis_url is not set"),
        (["--redis", "--set", f"cache.redis_url=redis://127.0.0.1:{free_port}"], "cannot be used: Error"),
        (["--redis", "--stats"], "--redis lists replies"),
    ):
        code, _, errors = run(tmp_path, "dump", *options)
        assert code != 0
        assert words in errors
        assert len(errors.splitlines()) == 1


def test_forget_takes_what_names_the_player_out_of_redis_or_says_that_it_could_not(
    shared: Make, redis_server: RedisServer, tmp_path: Path, free_port: int
) -> None:
    one = shared("one")
    one.put(key(1), entry("Well met, Ana."), 1)
    one.put(key(2), entry("Well met, Ben."), 1)
    one.flush()
    open_memory(tmp_path / "memory.db", turns=5, max_bytes=2**20).close()
    files = (tmp_path / "memory.db", tmp_path / "no cache", tmp_path / "audit")
    out = io.StringIO()
    assert forget(*files, npc=None, player="Ana", shared=(parse_address(redis_server.url), TTL_S), out=out) == 0
    assert "1 cached replies" in out.getvalue()
    wait_for(lambda: one.get(key(1), 1) is None, "the daemon has forgotten it too")
    assert one.get(key(2), 1) is not None
    with redis_server.client() as client:
        assert len(client.keys(PREFIX + b"*")) == 1
    away = parse_address(f"redis://127.0.0.1:{free_port}")
    with pytest.raises(StartError, match="run this again"):
        forget(*files, npc=None, player="Ben", shared=(away, TTL_S), out=out)
    assert "forgotten of player 'Ben'" in out.getvalue()


# -- the doctor --------------------------------------------------------------------------------------


def checks(**fields: object) -> list[tuple[str, str]]:
    config = Config(cache=Cache(**fields))
    return [(check.state, check.found) for check in doctor.judge(doctor.look(config, {}))]


def test_doctor_finds_nothing_where_nothing_is_shared() -> None:
    assert checks() == []


def test_doctor_tells_a_redis_that_works_from_one_that_is_away(redis_server: RedisServer, free_port: int) -> None:
    ((state, found),) = checks(redis_url=redis_server.url)
    assert (state, found.startswith(f"{redis_server.url} answers in")) in (("ok", True), ("warn", True))
    ((state, found),) = checks(redis_url=f"redis://:pass-of-redis@127.0.0.1:{free_port}")
    assert (state, "cannot be used" in found, "pass-of-redis" in found) == ("warn", True, False)
    ((state, found),) = checks(redis_url="redis://h", redis_password_env="NONE")
    assert (state, "NONE is not set" in found) == ("fail", True)


def test_doctor_tells_a_full_redis(tmp_path: Path) -> None:
    with RedisServer(tmp_path, "--maxmemory-policy", "noeviction") as full, full.client() as client:
        client.set("large", "x" * 2**21)
        client.config_set("maxmemory", "1mb")
        ((state, found),) = checks(redis_url=full.url)
    assert (state, "takes no replies" in found and "'maxmemory'" in found) == ("warn", True)


def test_doctor_judges_slow_and_unencrypted_ways() -> None:
    slow = doctor.Facts("redis://h:6379", answer_s=0.012)
    ((state, found),) = ((check.state, check.found) for check in doctor.judge(slow))
    assert (state, "12 ms" in found) == ("warn", True)
    (check,) = doctor.judge(doctor.Facts("redis://h:6379", answer_s=0.001, is_open_way=True))
    assert (check.state, "unencrypted" in check.found) == ("ok", True)
