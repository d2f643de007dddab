"""A client of Redis for one event loop, whichever kind of address it has. Loads the library `redis`, an extra.

A client here tries a command twice and no more: a connection that was kept while Redis started anew is found dead at
its next use, and everything beyond that is for the caller, who knows what it is worth waiting for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from llm_agentd.errors import StartError
from llm_agentd.redis.address import RedisAddress

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.asyncio.cluster import RedisCluster

    RedisClient: TypeAlias = Redis | RedisCluster

CONNECTIONS_MAX = 16  # to one server, of one client: more at once is a server that hangs
NAME = "llm-agentd"  # in Redis' CLIENT LIST
MISSING = "cache.redis_url: the Python package redis is not installed; run: pip install 'llm-agentd[redis]'"


def require_redis() -> None:
    """Raises StartError where the extra is not installed."""
    try:
        import redis.asyncio  # noqa: F401
    except ImportError:
        raise StartError(MISSING) from None


def open_redis(address: RedisAddress, timeout_s: float) -> RedisClient:
    """Connects when it is first used, and belongs to the event loop that does so; `aclose` ends it.

    `timeout_s`: for connecting and for each answer. Raises StartError where the extra is not installed.
    """
    require_redis()
    from redis.asyncio import Redis
    from redis.asyncio.cluster import ClusterNode, RedisCluster
    from redis.asyncio.retry import Retry
    from redis.asyncio.sentinel import Sentinel
    from redis.backoff import NoBackoff

    options: dict[str, Any] = {
        "socket_timeout": timeout_s,
        "socket_connect_timeout": timeout_s,
        "client_name": NAME,
        "protocol": 2,  # what all versions of Redis and Valkey speak
        "retry": Retry(NoBackoff(), 1),
    }
    login: dict[str, Any] = {"username": address.user or None, "password": address.password or None}
    tls: dict[str, Any] = {"ssl": True, "ssl_ca_certs": address.ca_file or None} if address.is_tls else {}
    if address.kind == "cluster":
        nodes = [ClusterNode(host, port) for host, port in address.hosts]
        return RedisCluster(startup_nodes=nodes, max_connections=CONNECTIONS_MAX, **options, **login, **tls)
    limits: dict[str, Any] = {"max_connections": CONNECTIONS_MAX}
    if address.kind == "sentinel":
        asked = options | tls | (login if address.sentinel_auth else {})
        sentinels = Sentinel(address.hosts, sentinel_kwargs=asked)  # type: ignore[no-untyped-call]
        found: Redis = sentinels.master_for(address.master, db=address.db, **limits, **options, **login, **tls)
        return found
    place: dict[str, Any] = {"unix_socket_path": address.path}
    if address.kind == "single":
        place = {"host": address.hosts[0][0], "port": address.hosts[0][1]}
    return Redis(db=address.db, **place, **limits, **options, **login, **tls)


def describe_failure(error: BaseException, address: RedisAddress) -> str:
    """What went wrong, in one line without a password."""
    text = " ".join(str(error).split()) or type(error).__name__
    if address.password:
        text = text.replace(address.password, "…")
    return text
