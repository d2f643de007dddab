"""Speech: is there an engine, can it say a word, and how long does that take? Who hears players? `judge` is pure.

The command line's doctor has a word spoken, in a child process as the HTTP adapter would start it; the adapter's own
page, which is opened often, only looks what is installed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass

from llm_agentd.config import Config
from llm_agentd.config.speech import Speech
from llm_agentd.errors import AgentdError
from llm_agentd.ops.doctor.check import Check, fail, ok, warn
from llm_agentd.speech import recognizers, speakers
from llm_agentd.speech.worker.process import Worker

SUBJECT = "speech"
WORD = {"text": "Hello.", "lang": "en", "voice": {}, "form": "ogg"}
WORD_MAX_S = 30.0
SLOW_S = 1.0  # of one word: a sentence would come when it is read already


@dataclass(frozen=True, slots=True)
class Facts:
    """`tts`: the engines that would speak, and `problem` why they do not; likewise `stt`. Seconds: None, not tried."""

    wanted_tts: str
    wanted_stt: str
    tts: str = ""
    stt: str = ""
    tts_problem: str = ""
    stt_problem: str = ""
    start_s: float | None = None
    word_s: float | None = None


def look(config: Config, *, speaks: bool) -> Facts:
    speech = config.speech
    names = speakers.chosen(speech)
    problem = dict(speakers.available(speech)).get(names[0] if names else speakers.AUTO[0]) or ""
    ears = recognizers.chosen(speech)
    deaf = dict(recognizers.available(speech)).get(ears or recognizers.AUTO[0]) or ""
    start_s = word_s = None
    if names and not problem and speaks:
        try:
            start_s, word_s = asyncio.run(_say_twice(speech))
        except AgentdError as error:
            problem = error.message
    return Facts(speech.tts, speech.stt, "+".join(names), ears or "", problem, deaf, start_s, word_s)


async def _say_twice(speech: Speech) -> tuple[float, float]:
    """Seconds until the first word, and of the second."""
    worker = Worker("mouth", speech)
    times_s = []
    try:
        for _ in range(2):
            began_s = time.monotonic()
            await worker.ask(WORD, limit_s=WORD_MAX_S)
            times_s.append(time.monotonic() - began_s)
    finally:
        worker.close()
    return times_s[0], times_s[1]


def judge(facts: Facts) -> Iterator[Check]:
    yield _judge_voice(facts)
    if facts.wanted_stt == "off":
        yield ok(SUBJECT, "ears", "Players cannot speak (speech.stt: off)")
    elif not facts.stt:
        yield ok(SUBJECT, "ears", f"Players cannot speak, as no engine listens: {facts.stt_problem}")
    elif facts.stt_problem:
        found = f"speech.stt: {facts.stt}: {facts.stt_problem}"
        yield fail(SUBJECT, "ears", found, "Do what it says, or set speech.stt to off.")
    else:
        yield ok(SUBJECT, "ears", f"{facts.stt} listens to players who speak")


def _judge_voice(facts: Facts) -> Check:
    if facts.wanted_tts == "off":
        return ok(SUBJECT, "voice", "NPCs are not heard (speech.tts: off)")
    if not facts.tts:
        return ok(SUBJECT, "voice", f"NPCs are not heard, as no engine speaks: {facts.tts_problem}")
    if facts.tts_problem:
        found = f"speech.tts: {facts.tts} does not speak: {facts.tts_problem}"
        return fail(SUBJECT, "voice", found, "Do what it says, or set speech.tts to off.")
    if facts.word_s is None or facts.start_s is None:
        return ok(SUBJECT, "voice", f"{facts.tts} gives NPCs a voice")
    found = (
        f"{facts.tts} says a word in {facts.word_s * 1000:.0f} ms, the first one {facts.start_s:.1f} s after its start"
    )
    if facts.word_s > SLOW_S:
        return warn(SUBJECT, "voice", f"Slow: {found}", "Players read faster: take a lighter engine, or tts: off.")
    return ok(SUBJECT, "voice", found)
