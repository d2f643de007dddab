"""`SpeechService`: the entrance to speech for the HTTP process. Sentences in, sound out; sound in, words out.

Runs on the event loop. What takes time is done by two child processes (`worker/`), which start at the first use; what
was spoken is kept (`store.py`). It never fails a game: whoever asks gets a sound or an AgentdError, and the line is
there as text all the same. Knows no HTTP, and no NPC but its id.

The way of a sentence: may models be called (`gate`)? → is it kept? → renderer.py: is it too much (rate.py)? → the queue
(line_queue.py) → the child → whoever waits → the store.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import orjson
from prometheus_client.registry import CollectorRegistry

from llm_agentd.config.speech import Speech
from llm_agentd.errors import AgentdError, Overloaded, Unavailable
from llm_agentd.speech import speakers
from llm_agentd.speech.kept import KeptSounds
from llm_agentd.speech.metrics import SpeechMetrics
from llm_agentd.speech.renderer import BUSY_RETRY_MS, Gate, Renderer, spoken_of
from llm_agentd.speech.sentence import Ended, SpeakRequest, Spoken
from llm_agentd.speech.store import SoundStore
from llm_agentd.speech.types import Transcript
from llm_agentd.speech.worker.process import Worker

OFF = "speech is off (speech.tts: off); the line is there as text"
DEAF = "nobody listens here (speech.stt: off); type the words"
LOOK_S = 60.0  # between two looks for engines: an admin may install one meanwhile
RETRY_AFTER_MS = 60_000  # of what an admin must mend first
ENCODE_MAX_S = 60.0  # of five minutes of sound, which take a second of CPU
HEAR_MAX_S = 30.0  # of what is heard, and one more for each second of sound: CPU may be scarce
HEARING_MAX = 8  # players who wait to be understood: a second each, beyond which they would say it again

log = logging.getLogger(__name__)


async def _open_gate() -> None:
    """All may pass."""


class SpeechService:
    """`speak`, `prepare` and `recognize` from the event loop, then `close`."""

    def __init__(
        self,
        speech: Speech,
        *,
        gate: Gate = _open_gate,
        on_end: Callable[[Ended], None] = lambda ended: None,
        cpus: Sequence[int] = (),
        registry: CollectorRegistry | None = None,
        mouth: Worker | None = None,
        ears: Worker | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`gate`: raises where no model may be called. `on_end`: told of each sentence that somebody waited for.

        `cpus`: of the children. `mouth`, `ears`: tests give others.
        """
        self._speech = speech
        self._gate = gate
        self._on_end = on_end
        self._clock = clock
        self._mouth = mouth or Worker("mouth", speech, cpus=cpus)
        self._ears = ears or Worker("ears", speech, cpus=cpus)
        self._hearing = 0
        self._engine = ""  # what speaks, such as hibari+espeak-ng; "": nothing does
        self._looked_s = float("-inf")
        self._kept = KeptSounds(SoundStore(speech.cache_path, int(speech.cache_max_bytes)))
        self._metrics = SpeechMetrics(registry or CollectorRegistry())
        self._metrics.show_cache_bytes(lambda: self._kept.total_bytes)
        self._renderer = Renderer(self._mouth, self._kept, self._metrics, gate, clock)
        if speech.tts == "auto" and not self._speaker():
            log.info("speech: NPCs are silent: %s", self._silent())

    # -- speaking ----------------------------------------------------------------------------------

    async def speak(self, request: SpeakRequest) -> Spoken:
        """Raises Unavailable, Overloaded, SpeechError, and DeadlineExceeded: then it is not rendered any more."""
        ended, began_s = Ended(request), self._clock()
        try:
            spoken = await self._speak(request, ended)
            ended.engine = spoken.engine
            return spoken
        except AgentdError as error:
            ended.outcome, ended.message = error.code, error.message
            raise
        finally:
            ended.timing_ms["total"] = (self._clock() - began_s) * 1000
            self._metrics.ended("speak", ended.outcome)
            self._on_end(ended)

    async def _speak(self, request: SpeakRequest, ended: Ended) -> Spoken:
        deadline_s = self._clock() + request.deadline_ms / 1000
        await self._check()
        line_id = self.id_of(request)
        kept = await self._kept.get(line_id)
        if kept is None:
            return await self._renderer.render(line_id, ended, deadline_s)
        ended.outcome = "kept"
        self._mouth.wake()  # a greeting is kept, and what is said next mostly is not: its sound shall not come late
        return spoken_of(line_id, *kept)

    async def _check(self) -> None:
        if not self._speaker():
            raise Unavailable(self._silent(), retry_after_ms=RETRY_AFTER_MS)
        await self._gate()

    def _speaker(self) -> str:
        if self._clock() - self._looked_s >= LOOK_S:
            self._engine, self._looked_s = "+".join(speakers.chosen(self._speech)), self._clock()
        return self._engine

    def _silent(self) -> str:
        """Why nothing speaks, with the cure."""
        if self._speech.tts == "off":
            return OFF
        problems = dict(speakers.available(self._speech))
        return "; or ".join(problems[name] or name for name in speakers.AUTO)

    def id_of(self, request: SpeakRequest) -> str:
        """A hash of the engine, the voice and the words."""
        speech = self._speech
        engine = [self._speaker(), speakers.SOUND_VERSION, speech.tts_model, speech.base_url, str(speech.voices_dir)]
        facts = [engine, asdict(request.voice), request.lang, request.text, request.form]
        return hashlib.blake2b(orjson.dumps(facts), digest_size=16).hexdigest()

    async def encode(self, pcm: bytes, form: str) -> bytes:
        """A file of what was spoken in the form `pcm`, piece by piece. Raises BadRequest, SpeechError."""
        return (await self._mouth.ask({"form": form}, pcm, limit_s=ENCODE_MAX_S))[1]

    async def prepare(self, requests: Sequence[SpeakRequest]) -> int:
        """Renders these when nothing else is to do, and keeps them. How many are new, and were taken."""
        await self._check()
        if self._kept.is_off:
            return 0  # they would be rendered for nobody
        return self._renderer.prepare((self.id_of(request), request) for request in requests)

    # -- hearing -----------------------------------------------------------------------------------

    async def recognize(
        self, audio: bytes, lang: str, phrases: Sequence[str] = (), seconds_max: float | None = None
    ) -> Transcript:
        """`audio`: a file's bytes, such as WAV or Ogg. `seconds_max`: of it; None: what the configuration says.

        Raises Unavailable, BadRequest, Overloaded, SpeechError.
        """
        outcome = "cancelled"
        try:
            heard = await self._recognize(audio, lang, phrases, seconds_max or self._speech.seconds_max)
            outcome = "done"
            return heard
        except AgentdError as error:
            outcome = error.code
            raise
        finally:
            self._metrics.ended("recognize", outcome)

    async def _recognize(self, audio: bytes, lang: str, phrases: Sequence[str], seconds_max: float) -> Transcript:
        if self._speech.stt == "off":  # what else is missing the child says, with the cure
            raise Unavailable(DEAF, retry_after_ms=RETRY_AFTER_MS)
        await self._gate()
        if self._hearing >= HEARING_MAX:
            raise Overloaded("too many speak at once; say it again shortly", retry_after_ms=BUSY_RETRY_MS)
        order = {"lang": lang, "phrases": list(phrases), "seconds_max": seconds_max}
        began_s = self._clock()
        self._hearing += 1
        try:
            facts, _ = await self._ears.ask(order, audio, limit_s=HEAR_MAX_S + seconds_max)
        finally:
            self._hearing -= 1
        self._metrics.took("recognize", self._clock() - began_s)
        return Transcript(**facts)

    # -- both --------------------------------------------------------------------------------------

    def info(self) -> dict[str, Any]:
        """For /info: the engines `tts` and `stt`, "" where there is none, and their languages once they are open."""
        from llm_agentd.speech import recognizers  # half a megabyte, which nobody needs who only reads

        return {
            "tts": self._speaker(),
            "stt": recognizers.chosen(self._speech) or "",
            "tts_languages": self._mouth.facts.get("languages", []),
            "stt_languages": self._ears.facts.get("languages", []),
        }

    async def close(self) -> None:
        """Ends the children; whoever waits is answered `unavailable`."""
        self._mouth.close()
        self._ears.close()
        self._renderer.close()
        self._kept.close()
