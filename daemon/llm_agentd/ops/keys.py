"""`llm-agentd keys`: makes the keys for a daemon that other machines reach, and says what goes where.

Main thread. Knows the folder and the words; `server/keys.py` makes the files.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from llm_agentd.errors import StartError
from llm_agentd.server.socket.keys import KeyPair, make_pair

FOLDER, CLIENTS = "curve", "clients"
SERVER, LOCAL = "server", "local"  # the daemon's pair; that of the adapter and the commands beside it
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")

HERE = """
In the configuration of the daemon's machine:

zmq:
  endpoint: tcp://0.0.0.0:5570  # or the address by which others reach it
  curve_secret_file: {server.secret_file}
  curve_clients_dir: {clients}
  curve_server_key_file: {server.public_file}  # these two: for the HTTP adapter and the commands beside it
  curve_client_secret_file: {local.secret_file}
"""
THERE = """
To the machine of `{name}`: copy {server.public_file} and {pair.secret_file}, then delete the second one here. There:

zmq:
  endpoint: tcp://ADDRESS-OF-THE-DAEMON:5570
  curve_server_key_file: /path/to/{server.public_file.name}
  curve_client_secret_file: /path/to/{pair.secret_file.name}

or in Python:

curve = CurveFiles("/path/to/{server.public_file.name}", "/path/to/{pair.secret_file.name}")
client = Client("tcp://ADDRESS-OF-THE-DAEMON:5570", curve=curve)

To shut it out: delete {pair.public_file}, and restart the daemon if it is connected.
"""


def keys(state: Path, names: Sequence[str], out: TextIO | None = None) -> int:
    """Makes the daemon's pair, one for its own machine and one for each name; returns 0. Raises StartError."""
    out = out or sys.stdout
    for name in names:
        if not NAME.fullmatch(name) or name == SERVER:
            raise StartError(f"NAME: want letters, digits, `_`, `-` and `.`, and not {SERVER!r}; got {name!r}")
    folder = state / FOLDER
    clients = folder / CLIENTS
    try:
        server = make_pair(SERVER, folder)
        pairs = {name: make_pair(name, folder, clients) for name in (LOCAL, *names)}
    except (OSError, ValueError) as error:
        raise StartError(f"{folder}: cannot make keys: {error}; run this as the daemon's user or as root") from None
    for name, pair in {SERVER: server, **pairs}.items():
        print(f"{name}: {'made' if pair.is_new else 'kept'} {pair.secret_file}", file=out)
    print(HERE.format(server=server, clients=clients, local=pairs.pop(LOCAL)), end="", file=out)
    for name, pair in pairs.items():
        print(_there(name, server, pair), end="", file=out)
    return 0


def _there(name: str, server: KeyPair, pair: KeyPair) -> str:
    return THERE.format(name=name, server=server, pair=pair)
