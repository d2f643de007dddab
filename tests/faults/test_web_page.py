"""A page of another origin in a real browser: it reads nothing of the adapter and changes nothing in it.

Chromium without a screen opens attack_page.html, which tries all that a page can: fetch with and without CORS, forms,
text/plain, beacons, and DNS rebinding. For that the name evil.test leads to 127.0.0.1 (`--host-resolver-rules`): the
page itself is served at evil.test:PORT first, then the adapter is started on that port, as if the name had been pointed
to it; to the browser it is one origin. What the page finds it reports to a server of its own. Only in the long form, as
it takes a minute.
"""

from __future__ import annotations

import http.server
import json
import queue
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.faults.campaign import Tally
from tests.faults.host import TOKEN, Host

pytestmark = [pytest.mark.faults, pytest.mark.slow]

REPORT_S = 60.0
CHROMIUM = (
    "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--host-resolver-rules=MAP evil.test 127.0.0.1",
)  # fmt: skip
SECRET = "Ana hid her gold under the old oak"

PAGE = Path(__file__).with_name("attack_page.html")


class Attacker(http.server.ThreadingHTTPServer):
    """Serves the page, and takes its report. Every answer says whose it is, so that the page knows when it is not."""

    def __init__(self, port: int = 0) -> None:
        self.reports: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self.page = b""
        self.was_asked = threading.Event()  # for the adapter's /healthz: the page runs
        super().__init__(("127.0.0.1", port), _Handler)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Attacker

    def do_GET(self) -> None:
        if self.path == "/healthz":
            self.server.was_asked.set()
        self._answer(self.server.page if self.path == "/page" else b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/report":
            self.server.reports.put(json.loads(body))
        self._answer(b"")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        for name, value in (("Content-Type", "text/html"), ("X-Attacker", "1"), ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def browser(folder: Path, url: str) -> Iterator[None]:
    assert shutil.which("chromium"), "no chromium: apt-get install -y --no-install-recommends chromium"
    with (folder / "chromium.log").open("wb") as log:
        process = subprocess.Popen([*CHROMIUM, f"--user-data-dir={folder}/profile", url], stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            process.wait(20)


def state_of(host: Host) -> dict[str, Any]:
    with host.client() as client:
        memories = client.memories(limit=200)
        listing = client.roles()["roles"]
        requests = [line for line in client.metrics().splitlines() if line.startswith("llm_agentd_requests_total")]
    generated = sorted(line for line in requests if 'op="infer"' in line or 'op="think"' in line)
    return {"memories": memories, "roles": listing, "generated": generated}


@pytest.mark.parametrize("way", ["other_origin", "rebinding"])
@pytest.mark.parametrize("token", [TOKEN, "off"], ids=["token", "no_token"])
def test_web_page(tally: Tally, tmp_path: Path, way: str, token: str) -> None:
    with Host(tmp_path, env={"LLM_AGENT_HTTP__TOKEN": token}) as host:
        host.ready("daemon")
        with host.client() as client:
            client.remember([{"npc": "mira", "player": "ana", "text": SECRET}])
        before = state_of(host)
        home = Attacker()
        at_adapters_port = Attacker(host.port) if way == "rebinding" else None
        target = f"http://evil.test:{host.port}" if at_adapters_port else host.url
        text = PAGE.read_text(encoding="utf-8").replace("= TARGET", f"= {json.dumps(target)}")
        page = text.replace("= REPORT", f'= "http://127.0.0.1:{home.port}"').encode()
        home.page = page
        if at_adapters_port is None:
            host.ready("http")
            url = f"http://127.0.0.1:{home.port}/page"
        else:
            at_adapters_port.page = page
            url = f"http://evil.test:{host.port}/page"
        with browser(tmp_path, url):
            if at_adapters_port is not None:
                assert at_adapters_port.was_asked.wait(REPORT_S), "the browser did not open the page"
                at_adapters_port.close()
                host.ready("http")
            report = home.reports.get(timeout=REPORT_S)
        home.close()
        after = state_of(host)
    tally.passed(report["attempts"])
    for method, path, status, text in report["read"]:
        is_open = path == "/healthz"
        tally.check(is_open, f"the page read {method} {path}: {status} {text!r}")
    for what in before:
        tally.check(before[what] == after[what], f"the page changed {what}: {after[what]}")
    tally.figure(errors=len(report["errors"]))
