"""Walking to a goal, gestures and doors on a real game server: with its own search for paths, physics and bones."""

from __future__ import annotations

import itertools
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.support import probe

pytestmark = pytest.mark.e2e

POLL_S = 0.1  # an exchange without requests takes so long


@pytest.fixture
def obedient_npcs(httpserver: HTTPServer) -> str:
    """The URL of an exchange where each NPC does what its player says, as `NAME {PARAMETERS}`."""
    seqs = itertools.count(1)

    def event(think: dict[str, Any]) -> dict[str, Any]:
        name, _, params = think["utterance"].partition(" ")
        action = {"name": name, "params": json.loads(params)}
        return {"seq": next(seqs), "id": think["id"], "event": "done", "text": "Very well.", "action": action}

    def exchange(request: Request) -> Response:
        requests = request.json.get("requests", []) if request.data else []
        thinks = [think for think in requests if think.get("op") == "think"]
        if not thinks:
            time.sleep(POLL_S)
        return Response(json.dumps({"events": list(map(event, thinks)), "rejected": []}))

    httpserver.expect_request(re.compile("/.*")).respond_with_handler(exchange)
    return httpserver.url_for("")


def test_npc_finds_its_way_gestures_and_uses_doors(tmp_path: Path, obedient_npcs: str) -> None:
    settings = {
        "llm_agent.url": obedient_npcs,
        "llm_agent.npc_talk": "off",
        "llm_agent.greet": "false",
        "llm_agent.wander": "false",
    }
    probe.run(tmp_path, "llm_probe_movement", settings)
