"""Bodies that go somewhere on purpose, gestures, doors on a real game server: its search for ways, physics, bones."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.support import probe

pytestmark = pytest.mark.e2e

POLL_S = 0.1  # a call without questions is held so long


class Door(ThreadingHTTPServer):
    """Stands in for the daemon's door: whoever is asked chooses the action that was said, as `NAME {PARAMETERS}`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Exchange)
        self.seq = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def event(self, request: dict[str, Any]) -> dict[str, Any]:
        self.seq += 1
        name, _, params = request["utterance"].partition(" ")
        action = {"name": name, "params": json.loads(params)}
        return {"seq": self.seq, "id": request["id"], "event": "done", "text": "Very well.", "action": action}


class _Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        assert isinstance(self.server, Door)
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or b"{}")
        requests = [request for request in asked.get("requests", []) if request.get("op") == "think"]
        if not requests:
            time.sleep(POLL_S)
        body = json.dumps({"events": [self.server.event(request) for request in requests], "rejected": []}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@pytest.fixture
def door() -> Iterator[Door]:
    server = Door()
    yield server
    server.shutdown()
    server.server_close()


def test_legs_gestures_and_doors(tmp_path: Path, door: Door) -> None:
    settings = {
        "llm_agent.url": f"http://127.0.0.1:{door.server_port}",
        "llm_agent.npc_talk": "off",
        "llm_agent.greet": "false",
        "llm_agent.wander": "false",
    }
    probe.run(tmp_path, "llm_probe_legs", settings)
