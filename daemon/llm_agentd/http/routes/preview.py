"""A role that is not saved, tried: what an NPC with it would say, and what the model was given.

Runs on the event loop. Two thinks with the draft, one that is answered and one that is explained.
"""

from __future__ import annotations

import asyncio
from typing import Any

from llm_agentd.client.records import Record
from llm_agentd.errors import BadRequest
from llm_agentd.http.daemon_client import DaemonClient

EXAMPLE = '{"role": {"title": "the ferryman", "persona": "…"}, "utterance": "Good evening!"}'
FIELDS = ("role", "npc_name", "player", "utterance", "lang")
TIMEOUT_S = 60.0  # a large model; whoever tries a role sees that it waits
NPC_ID = "preview"


async def try_role(daemon: DaemonClient, name: str, body: dict[str, Any]) -> Record:
    """Raises AgentdError."""
    for field in body:
        if field not in FIELDS:
            raise BadRequest(f"{field}: unknown field; known: {', '.join(FIELDS)}")
    if not isinstance(body.get("role"), dict):
        raise BadRequest(f"role: want the draft's fields, such as {EXAMPLE}")
    npc_name = body.get("npc_name") or name.replace("_", " ").title()
    think = {
        "op": "think",
        "npc": {"id": NPC_ID, "name": npc_name, "role": name},
        "draft": body["role"],
        "cache": "off",
        "deadline_ms": int(TIMEOUT_S * 1000),
        **{field: body[field] for field in ("player", "utterance", "lang") if body.get(field) not in (None, "")},
    }
    shown, reply = await asyncio.gather(
        daemon.request({**think, "explain": True}, TIMEOUT_S), daemon.request(think, TIMEOUT_S)
    )
    explanation = shown["explanation"]
    return {
        "text": reply["text"],
        "action": reply["action"],
        "parts": explanation["parts"],
        "explanation": explanation,
    }
