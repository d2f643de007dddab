"""Makes CURVE key pairs as files, in the format of czmq and pyzmq. Main thread; knows files and nothing of sockets.

Secret files are for their owner alone. Nothing is ever overwritten: a key that is lost shuts out whoever has its other
half.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import zmq
import zmq.auth

FOLDER_MODE, SECRET_MODE, PUBLIC_MODE = 0o700, 0o600, 0o644


@dataclass(frozen=True, slots=True)
class KeyPair:
    """`is_new`: it was made just now, not found."""

    public_file: Path
    secret_file: Path
    is_new: bool


def make_pair(name: str, folder: Path, public_folder: Path | None = None) -> KeyPair:
    """`folder`/NAME.key_secret, and NAME.key there or in `public_folder`. Raises OSError.

    What is there stays, and a public file that is missing beside its secret one is written again.
    """
    secret_file = folder / f"{name}.key_secret"
    public_file = (public_folder or folder) / f"{name}.key"
    for needed in {folder, public_file.parent}:
        needed.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    is_new = not secret_file.exists()
    if is_new:
        public, secret = zmq.curve_keypair()
        _write(secret_file, SECRET_MODE, name, public, secret)
    else:
        public, _ = zmq.auth.load_certificate(secret_file)
    if not public_file.exists():
        _write(public_file, PUBLIC_MODE, name, public, None)
    return KeyPair(public_file, secret_file, is_new)


def _write(path: Path, mode: int, name: str, public: bytes, secret: bytes | None) -> None:
    kind = "public" if secret is None else "secret: for its owner alone"
    lines = [f"# llm-agentd, CURVE key of {name} ({kind})", "metadata", f'    name = "{name}"', "curve"]
    lines.append(f'    public-key = "{public.decode()}"')
    if secret is not None:
        lines.append(f'    secret-key = "{secret.decode()}"')
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")
