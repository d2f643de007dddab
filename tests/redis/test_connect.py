"""Every kind of address against a real Redis: a socket, TLS, passwords, users, Sentinels and a Cluster with both."""

from __future__ import annotations

import asyncio
import builtins
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from redis.exceptions import AuthenticationError

from llm_agentd.cache.redis.store import RedisStore
from llm_agentd.errors import StartError
from llm_agentd.redis.address import RedisAddress, parse_address
from llm_agentd.redis.connect import describe_failure, open_redis, require_redis
from tests.cache.contract import START_S, TTL_S, entry, key
from tests.support.redis_servers import HOST, Cluster, RedisServer, Watched, wait_for
from tests.support.upstream import make_certificate

pytestmark = pytest.mark.slow

PASSWORD = "p@ss/word#of redis"
ENCODED = "p%40ss%2Fword%23of%20redis"
LOCKED = ("--requirepass", PASSWORD, "--masterauth", PASSWORD)


def roundtrip(address: RedisAddress) -> str:
    """Puts a reply and looks it up."""

    async def run() -> str:
        store = RedisStore(open_redis(address, 5.0))
        try:
            await store.probe()
            kept = entry("found", created_s=START_S, expires_s=START_S + TTL_S)
            await store.put(key(1), kept, 1, START_S)
            ((value,),) = await store.look_up([(key(1), 1)])  # type: ignore[misc]
            return "found" if b"found" in (value or b"") else "lost"
        finally:
            await store.close()

    return asyncio.run(run())


def with_(url: str, **fields: Any) -> RedisAddress:
    return replace(parse_address(url), **fields)


def test_socket_of_this_machine_and_another_database(tmp_path: Path) -> None:
    path = tmp_path / "redis.sock"
    with RedisServer(tmp_path, "--unixsocket", str(path)) as server:
        assert roundtrip(parse_address(f"unix://{path}?db=3")) == "found"
        with server.client(db=3) as client:
            assert client.dbsize() == 1


def test_password_and_user_with_few_rights(tmp_path: Path) -> None:
    with RedisServer(tmp_path, *LOCKED) as server:
        place = f"{HOST}:{server.port}"
        assert roundtrip(parse_address(f"redis://:{ENCODED}@{place}")) == "found"
        assert roundtrip(with_(f"redis://{place}", password=PASSWORD)) == "found"
        # The rights that docs/shared-cache.md gives.
        rights = [
            "on",
            ">few",
            "~llm-agentd:*",
            "+@read",
            "+@write",
            "+@connection",
            "+@scripting",
            "+cluster",
            "-@dangerous",
        ]
        with server.client(password=PASSWORD) as client:
            client.execute_command("ACL", "SETUSER", "village", *rights, "-@dangerous")
        assert roundtrip(parse_address(f"redis://village:few@{place}")) == "found"
        for wrong in (f"redis://{place}", f"redis://:wrong-one@{place}"):
            with pytest.raises((AuthenticationError,)) as caught:
                roundtrip(parse_address(wrong))
            assert "wrong-one" not in describe_failure(caught.value, parse_address(wrong))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


def tls(port_option: str, certificate: tuple[Path, Path]) -> list[str]:
    cert, key_file = certificate
    files = ["--tls-cert-file", str(cert), "--tls-key-file", str(key_file), "--tls-ca-cert-file", str(cert)]
    return [*files, "--tls-auth-clients", "no", *port_option.split()]


def test_tls_with_an_authority_of_ones_own_and_none_that_is_not_trusted(
    tmp_path: Path, certificate: tuple[Path, Path]
) -> None:
    server = RedisServer(tmp_path, *LOCKED)
    server.use_tls(tls(f"--tls-port {server.port}", certificate))
    url = f"rediss://:{ENCODED}@{HOST}:{server.port}"
    with server:
        trusting = with_(url, ca_file=str(certificate[0]))
        wait_for(lambda: _answers(trusting), "redis-server with TLS")
        assert roundtrip(trusting) == "found"
        with pytest.raises(Exception, match="certificate verify failed"):
            roundtrip(parse_address(url))


def _answers(address: RedisAddress) -> bool:
    try:
        return roundtrip(address) == "found"
    except OSError:
        return False
    except Exception as error:
        if "connect" in str(error).lower():
            return False
        raise


def test_sentinels_and_master_with_a_password(tmp_path: Path) -> None:
    servers = Watched(tmp_path, PASSWORD)
    try:
        servers.start()
        url = servers.url.replace("://", f"://:{ENCODED}@") + "/2?sentinel_auth=yes"
        assert roundtrip(parse_address(url)) == "found"
        with servers.master.client(db=2, password=PASSWORD) as client:
            assert client.dbsize() == 1
    finally:
        servers.stop()


def test_cluster_with_a_password(tmp_path: Path) -> None:
    servers = Cluster(tmp_path, PASSWORD)
    try:
        servers.start()
        assert roundtrip(parse_address(servers.url.replace("://", f"://:{ENCODED}@"))) == "found"
    finally:
        servers.stop()


def test_password_is_taken_out_of_whatever_an_error_says() -> None:
    address = parse_address(f"redis://:{ENCODED}@h")
    assert describe_failure(OSError(f"AUTH {PASSWORD} failed"), address) == "AUTH … failed"


def test_missing_library_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    imports = builtins.__import__

    def without_redis(name: str, *arguments: Any, **named: Any) -> Any:
        if name.partition(".")[0] == "redis":
            raise ImportError(name)
        return imports(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", without_redis)
    with pytest.raises(StartError, match=r"pip install 'llm-agentd\[redis\]'"):
        require_redis()


def test_library_is_not_loaded_where_nothing_is_shared() -> None:
    """It takes a tenth of a second, and is not there without the extra."""
    script = "import sys, llm_agentd.ops.serve; sys.exit('redis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0
