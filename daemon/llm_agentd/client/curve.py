"""The keys by which a client proves who it is to a daemon on another machine, and knows the daemon again (CURVE).

Pure but for reading two files, which `llm-agentd keys` makes. Any thread.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from llm_agentd.errors import StartError

if TYPE_CHECKING:  # loaded where there are keys: the HTTP process knows this class, and mostly has no use for ZeroMQ
    import zmq


@dataclass(frozen=True, slots=True)
class CurveFiles:
    """`server_key`: the daemon's public key (`zmq.curve_server_key_file`). `own_secret`: the client's own pair
    (`zmq.curve_client_secret_file`), whose public key lies in the daemon's `zmq.curve_clients_dir`."""

    server_key: str | os.PathLike[str]
    own_secret: str | os.PathLike[str]

    @classmethod
    def of(cls, server_key: Path | None, own_secret: Path | None) -> CurveFiles | None:
        """None where they are not configured; the configuration has both or none."""
        return None if server_key is None or own_secret is None else cls(server_key, own_secret)

    def options(self) -> dict[zmq.SocketOption, bytes]:
        """For the client's socket. Raises StartError that names the file at fault."""
        import zmq

        public, secret = _read("zmq.curve_client_secret_file", self.own_secret)
        if secret is None:
            raise StartError(
                f"zmq.curve_client_secret_file: {self.own_secret} holds no secret key; want NAME.key_secret"
            )
        server, _ = _read("zmq.curve_server_key_file", self.server_key)
        return {zmq.CURVE_SERVERKEY: server, zmq.CURVE_PUBLICKEY: public, zmq.CURVE_SECRETKEY: secret}


def _read(key: str, path: str | os.PathLike[str]) -> tuple[bytes, bytes | None]:
    from zmq.auth import load_certificate

    try:
        return load_certificate(path)
    except OSError as error:
        raise StartError(
            f"{key}: cannot read {path}: {error.strerror or 'no such file'}; `llm-agentd keys` makes it"
        ) from None
    except ValueError:
        raise StartError(f"{key}: {path} holds no key; `llm-agentd keys` makes such files") from None
