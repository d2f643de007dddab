"""The address of Redis as configured, with the password from the file or the variable that the configuration names.

Read once, at start. A password stands in no message, and in no `repr` of what is returned.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from llm_agentd.config.sections import Cache
from llm_agentd.errors import StartError
from llm_agentd.redis.address import RedisAddress, parse_address
from llm_agentd.util.regular_file import read_regular

FILE_MAX_BYTES = 4096  # a password; Redis itself takes no longer one in its configuration
OTHERS = 0o007  # rights that a password's file must not give; its group may read, as under systemd or in containers


def find_redis(cache: Cache, environ: Mapping[str, str]) -> RedisAddress | None:
    """None: `cache.redis_url` is not set. Raises StartError."""
    if cache.redis_url is None:
        return None
    address = parse_address(cache.redis_url)
    password = _password(cache, environ)
    if password and address.password:
        key = "redis_password_file" if cache.redis_password_file else "redis_password_env"
        raise StartError(f"cache.{key}: cache.redis_url holds a password too; want one of them")
    ca_file = _ca_file(cache.redis_ca_file, address)
    return replace(address, password=password or address.password, ca_file=ca_file)


def _password(cache: Cache, environ: Mapping[str, str]) -> str:
    if cache.redis_password_env is not None:
        password = environ.get(cache.redis_password_env, "")
        if not password:
            raise StartError(
                f"cache.redis_password_env: {cache.redis_password_env} is not set in the daemon's environment; set it"
                " where the daemon starts"
            )
        return password
    path = cache.redis_password_file
    if path is None:
        return ""
    try:
        mode = path.stat().st_mode
        password = read_regular(path, FILE_MAX_BYTES).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise StartError(
            f"cache.redis_password_file: cannot read {path}: {reason}; want a file with the password alone, which the"
            " daemon's user may read"
        ) from None
    if os.name == "posix" and mode & OTHERS:
        raise StartError(
            f"cache.redis_password_file: other users can read or write {path}, and so could know the password; run"
            f" `chmod 600 {path}`"
        )
    if not password:
        raise StartError(f"cache.redis_password_file: {path} is empty; want the password in it")
    return password


def _ca_file(path: Path | None, address: RedisAddress) -> str:
    if path is None:
        return ""
    if not address.is_tls:
        raise StartError(f"cache.redis_ca_file: {address.shown} is without TLS; want rediss://, or leave this out")
    if not path.is_file():
        raise StartError(f"cache.redis_ca_file: no file {path}; want certificates (PEM)")
    return str(path)
