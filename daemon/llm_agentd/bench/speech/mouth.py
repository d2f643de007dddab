"""Asks a daemon's HTTP for the sound of a line, as the mod does, and times it. Knows the answer's shape, no engine."""

from __future__ import annotations

import time
from dataclasses import dataclass

import orjson

from llm_agentd.ops.harness import HttpConnection, RunningDaemon

NPC = {"id": "bench", "name": "Mira", "role": "smith"}
LENGTH_BYTES = 4  # of the JSON before the sound


@dataclass(frozen=True, slots=True)
class Heard:
    """`took_s`: from the question to the last byte. `seconds`: how long the sound is."""

    took_s: float
    seconds: float
    ogg_bytes: int
    engine: str


class Mouth:
    """One connection; not for several threads."""

    def __init__(self, running: RunningDaemon) -> None:
        self._http = HttpConnection(running.http_port, running.http_token)

    def say(self, text: str, lang: str = "en") -> Heard:
        """Raises StartError where the daemon answers with an error."""
        body = orjson.dumps({"npc": NPC, "text": text, "lang": lang})
        began_s = time.perf_counter()
        answer = self._http.post("/v1/speech", body)
        took_s = time.perf_counter() - began_s
        length = int.from_bytes(answer[:LENGTH_BYTES], "big")
        about = orjson.loads(answer[LENGTH_BYTES : LENGTH_BYTES + length])
        return Heard(took_s, about["seconds"], len(answer) - LENGTH_BYTES - length, about["engine"])
