"""A process that never speaks does not pay for speech: no library of an engine, no thread, hardly any memory.

What stays allocated is counted, which is the same each time; of a whole HTTP process's resident memory it is half a
megabyte.
"""

from __future__ import annotations

import subprocess
import sys

import orjson
import pytest

GROWTH_MAX_BYTES = 2**20
MEASURED = """
import gc, sys, threading, tracemalloc
import asyncio, concurrent.futures.thread, orjson, prometheus_client, subprocess
import llm_agentd.config, llm_agentd.errors, llm_agentd.types, llm_agentd.util.did_you_mean
from llm_agentd.config.speech import Speech
tracemalloc.start()
from llm_agentd.speech.service import SpeechService
from llm_agentd.speech.long_text import speak_long
from llm_agentd.speech.voices import voice_of
service = SpeechService(Speech())
service.info()
gc.collect()
libraries = ("numpy", "soundfile", "hibari", "lmdb", "faster_whisper", "onnxruntime", "av", "psutil", "httpx2")
print(orjson.dumps({
    "grown": tracemalloc.get_traced_memory()[0],
    "loaded": [name for name in libraries if name in sys.modules],
    "threads": threading.active_count(),
}).decode())
"""


@pytest.mark.slow
def test_speech_that_nobody_uses_costs_less_than_a_mebibyte_and_no_library() -> None:
    done = subprocess.run([sys.executable, "-c", MEASURED], capture_output=True, check=True)
    facts = orjson.loads(done.stdout)
    assert facts["loaded"] == []
    assert facts["threads"] == 1
    assert facts["grown"] <= GROWTH_MAX_BYTES
