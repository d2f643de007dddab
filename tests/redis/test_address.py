"""Addresses of Redis: every form that is read, what is refused with which words, and that no password is shown."""

from __future__ import annotations

import re

import pytest

from llm_agentd.redis.address import RedisAddress, parse_address


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("redis://h", RedisAddress("single", (("h", 6379),))),
        ("rediss://[::1]:7/3", RedisAddress("single", (("::1", 7),), db=3, is_tls=True)),
        ("redis://anna:p%40%2F@h:1/", RedisAddress("single", (("h", 1),), user="anna", password="p@/")),
        ("redis://:pw@h", RedisAddress("single", (("h", 6379),), password="pw")),
        ("unix:///run/redis.sock", RedisAddress("unix", path="/run/redis.sock")),
        ("unix:///run/redis.sock?db=2", RedisAddress("unix", path="/run/redis.sock", db=2)),
        (
            "redis+sentinel://a:1,b/village/4?sentinel_auth=yes",
            RedisAddress("sentinel", (("a", 1), ("b", 26379)), master="village", db=4, sentinel_auth=True),
        ),
        ("rediss+sentinel://a/v", RedisAddress("sentinel", (("a", 26379),), master="v", is_tls=True)),
        ("redis+cluster://a,b:7001/0", RedisAddress("cluster", (("a", 6379), ("b", 7001)))),
        ("rediss+cluster://u:p@a", RedisAddress("cluster", (("a", 6379),), is_tls=True, user="u", password="p")),
    ],
)
def test_every_form_is_read(url: str, wanted: RedisAddress) -> None:
    assert parse_address(url) == wanted


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("redis://", "want redis://HOST:6379/0"),
        ("http://a", "want redis://HOST:6379/0"),
        ("redis+ring://a", "want redis://HOST:6379/0"),
        ("redis://a:99999", "want redis://HOST:6379/0"),
        ("redis://a/x", "the number of a database"),
        ("redis://a/1/2", "want redis://HOST:6379/0"),
        ("redis://a,b", "want redis+sentinel://… or redis+cluster://…"),
        ("redis+sentinel://a", "the master's name"),
        ("redis+sentinel://a/v?sentinel_auth=maybe", "sentinel_auth=yes or no"),
        ("redis+cluster://a/3", "database 0 alone"),
        ("redis+cluster://" + ",".join("a" * 65), "at most 64 hosts"),
        ("redis://a?ssl=1", "no options behind the ?"),
        ("unix://a", "three slashes"),
        ("redis://[::1", "want redis://HOST:6379/0"),
    ],
)
def test_what_is_refused_says_what_is_wanted(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        parse_address(url)


@pytest.mark.parametrize("url", ["redis://:sec/ret@h", "redis://:sec#ret@h", "redis://:sec@ret@h?x", "redis://sec ret"])
def test_words_of_a_refusal_hold_nothing_of_the_url(url: str) -> None:
    with pytest.raises(ValueError, match="want") as caught:
        parse_address(url)
    assert "sec" not in str(caught.value)
    assert "ret@" not in str(caught.value)


def test_password_is_neither_in_repr_nor_shown() -> None:
    for url in ("redis://u:secret@h/1", "rediss+sentinel://:secret@a,b/v", "redis+cluster://:secret@a"):
        address = parse_address(url)
        assert "secret" not in repr(address)
        assert address.shown == url.replace("u:secret@", "").replace(":secret@", "").replace(
            "://h", "://h:6379"
        ).replace("a,b", "a:26379,b:26379").replace("cluster://a", "cluster://a:6379")
