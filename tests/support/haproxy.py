"""A real HAProxy with deploy/haproxy.cfg as it is shipped, but for its ports, and TLS where a test wants it.

A socket of its own beside it tells what HAProxy thinks of each adapter.
"""

from __future__ import annotations

import csv
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from llm_agentd.ops.harness import free_port
from tests.support.promtool import program

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "haproxy.cfg"
START_S = 30.0
STOP_S = 30.0
POLL_S = 0.05


def configured(adapter_ports: Sequence[int], port: int, tls_file: Path | None = None) -> str:
    """The shipped file with these ports. `tls_file`: the bind line for TLS in the place of the plain one."""
    text = CONFIGURATION.read_text(encoding="utf-8")
    for number, adapter_port in enumerate(adapter_ports, 1):
        text = _replaced(text, f"server adapter{number} 127.0.0.1:800{number}", f"127.0.0.1:{adapter_port}")
    plain, tls = "    bind 127.0.0.1:8000\n", "    # bind :8443 ssl crt /etc/haproxy/llm-agentd.pem alpn http/1.1\n"
    assert plain in text
    assert tls in text
    if tls_file is None:
        return text.replace(plain, f"    bind 127.0.0.1:{port}\n")
    return text.replace(plain, "").replace(tls, f"    bind 127.0.0.1:{port} ssl crt {tls_file} alpn http/1.1\n")


def _replaced(text: str, server: str, address: str) -> str:
    assert text.count(server) == 1, server
    return text.replace(server, re.sub(r"127\.0\.0\.1:\d+$", address, server))


@dataclass(frozen=True, slots=True)
class HAProxy:
    port: int
    log: Path
    stats: Path

    def checks(self) -> dict[str, str]:
        """server → what its last health check said: `L7OK`, `L7STS`, `L4CON`, …; `INI`: none yet."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.stats))
            connection.sendall(b"show stat\n")
            text = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
        rows = csv.DictReader(text.removeprefix("# ").splitlines())
        return {row["svname"]: row["check_status"].strip("* ") for row in rows if row["svname"].startswith("adapter")}

    def wait_checked(self, timeout_s: float, status: str = "L7OK") -> None:
        """Until each adapter was found well (or what `status` says); until then the first bad answer drops it."""
        deadline_s = time.monotonic() + timeout_s
        while set(checks := self.checks().values()) != {status}:
            assert time.monotonic() < deadline_s, checks
            time.sleep(POLL_S)


@contextmanager
def haproxy(
    folder: Path, adapter_ports: Sequence[int], token: str, *, tls_file: Path | None = None
) -> Iterator[HAProxy]:
    port, log, stats = free_port(), folder / "haproxy.log", folder / "haproxy.sock"
    text = configured(adapter_ports, port, tls_file)
    text = text.replace("\nglobal\n", f"\nglobal\n    stats socket {stats}\n", 1)
    file = folder / "haproxy.cfg"
    file.write_text(text, encoding="utf-8")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program("haproxy"), "-db", "-f", str(file)],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "LLM_AGENTD_TOKEN": token},
        )
    try:
        _wait_listening(process, port, log)
        yield HAProxy(port, log, stats)
    finally:
        process.terminate()
        process.wait(STOP_S)


def _wait_listening(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline_s = time.monotonic() + START_S
    while True:
        with suppress(ConnectionError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        assert process.poll() is None, log.read_text(errors="replace")
        assert time.monotonic() < deadline_s, "HAProxy does not listen"
        time.sleep(POLL_S)
