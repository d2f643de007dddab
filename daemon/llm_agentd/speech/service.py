"""`SpeechService`: the entrance to speech for the HTTP process. Sentences in, sound out; sound in, words out.

Runs on the event loop. What takes time is done by two child processes (`worker/`), which start at the first use; what
was spoken is kept (`store.py`). It never fails a game: whoever asks gets a sound or an AgentdError, and the line is
there as text all the same. Knows no HTTP, and no NPC but its id.

The way of a sentence: may models be called (`gate`)? → is it kept? → the queue (line_queue.py) → the child → whoever
waits → the store.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

import orjson
from prometheus_client import CollectorRegistry

from llm_agentd.config.speech import Speech
from llm_agentd.errors import AgentdError, DeadlineExceeded, Overloaded, SpeechError, Unavailable
from llm_agentd.speech import speakers
from llm_agentd.speech.kept import KeptSounds
from llm_agentd.speech.line_queue import Line, LineQueue, rank_of
from llm_agentd.speech.metrics import Kind, SpeechMetrics
from llm_agentd.speech.store import SoundStore
from llm_agentd.speech.types import Transcript, Voice
from llm_agentd.speech.worker.process import Died, Worker
from llm_agentd.types import Priority

OFF = "speech is off (speech.tts: off); the line is there as text"
DEAF = "nobody listens here (speech.stt: off); type the words"
LOOK_S = 60.0  # between two looks for engines: an admin may install one meanwhile
RETRY_AFTER_MS = 60_000  # of what an admin must mend first
BUSY_RETRY_MS = 1_000
RENDER_MAX_S = 20.0  # of a sentence, and so much more for each character: the lowest priority may have to wait for CPU
RENDER_MAX_S_A_CHAR = 0.05
ENCODE_MAX_S = 60.0  # of five minutes of sound, which take a second of CPU
HEAR_MAX_S = 30.0  # the same for what is heard, and one for each second of sound
HEARING_MAX = 8  # players who wait to be understood: a second each, beyond which they would say it again
PREPARE_AFTER_S = 0.2  # without a sentence that somebody waits for
KILLS_MAX = 2  # a sentence of which the child died so often is not tried again
KILLERS_KEPT = 256

log = logging.getLogger(__name__)

Gate: TypeAlias = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class SpeakRequest:
    """One sentence. `deadline_ms`: when nobody wants it any more; `form`: ogg, mp3, wav, flac, opus, aac or pcm;
    `is_kept`: on the disk, for the next time."""

    text: str
    lang: str = "en"
    voice: Voice = field(default_factory=Voice)
    npc: str = ""
    npc_name: str = ""
    role: str = ""
    priority: Priority = "spoken"
    deadline_ms: int = 10_000
    form: str = "ogg"
    is_kept: bool = True


@dataclass(frozen=True, slots=True)
class Spoken:
    """`id`: 32 hex digits, the same for the same words of the same voice. `mouth`: loudness 0–9 of each 100 ms."""

    id: str
    seconds: float
    mouth: str
    engine: str
    audio: bytes


@dataclass(slots=True)
class Ended:
    """How a sentence ended that somebody waited for. `outcome`: `done`, `kept`, or the code of an error."""

    request: SpeakRequest
    outcome: str = "cancelled"
    message: str = ""
    engine: str = ""
    timing_ms: dict[str, float] = field(default_factory=dict)  # `queue`, `render`, `encode`, `total`


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """Of a line: what is asked of the child, and who waits for it."""

    request: SpeakRequest
    spoken: asyncio.Future[Spoken]
    kind: Kind
    timing_ms: dict[str, float] = field(default_factory=dict)


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

        `cpus`: of the children. `mouth`, `ears`: tests give others."""
        self._speech = speech
        self._gate = gate
        self._on_end = on_end
        self._clock = clock
        self._mouth = mouth or Worker("mouth", speech, cpus=cpus)
        self._ears = ears or Worker("ears", speech, cpus=cpus)
        self._hearing = 0
        self._engine = ""  # what speaks, such as hibari+espeak-ng; "": nothing does
        self._looked_s = float("-inf")
        self._queue: LineQueue[_Work] = LineQueue()
        self._arrived = asyncio.Event()  # a line that somebody waits for
        self._rendering: Line[_Work] | None = None
        self._pump: asyncio.Task[None] | None = None
        self._kills: dict[str, int] = {}  # by id of the sentence, the newest last
        self._kept = KeptSounds(SoundStore(speech.cache_path, int(speech.cache_max_bytes)))
        self._metrics = SpeechMetrics(registry or CollectorRegistry())
        self._metrics.show_cache_bytes(lambda: self._kept.total_bytes)
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
        if kept is not None:
            ended.outcome = "kept"
            return _spoken(line_id, *kept)
        if self._kills.get(line_id, 0) >= KILLS_MAX:
            raise SpeechError("the engine broke each time at this sentence; it is not tried again")
        line = self._join(line_id, request, deadline_s) or self._add(line_id, request, deadline_s)
        try:
            left_s = max(0.0, deadline_s - self._clock())
            spoken = await asyncio.wait_for(asyncio.shield(line.work.spoken), left_s)
            ended.outcome = "done"
            ended.timing_ms |= line.work.timing_ms
            return spoken
        except TimeoutError:
            raise _late() from None
        finally:
            self._queue.leave(line)

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

    def _join(self, line_id: str, request: SpeakRequest, deadline_s: float) -> Line[_Work] | None:
        """Where it is asked for already: that line."""
        line = self._queue.find(line_id)
        if line is None and self._rendering is not None and self._rendering.id == line_id:
            line = self._rendering
        if line is not None:
            self._queue.join(line, rank_of(request.priority), deadline_s)
        return line

    def _add(self, line_id: str, request: SpeakRequest, deadline_s: float) -> Line[_Work]:
        line = self._line(line_id, request, deadline_s, "speak")
        for dropped in self._queue.add(line):
            _fail(dropped, Overloaded("too many sentences wait to be spoken", retry_after_ms=BUSY_RETRY_MS))
        self._arrived.set()
        self._ensure_pump()
        return line

    def _line(self, line_id: str, request: SpeakRequest, deadline_s: float, kind: Kind) -> Line[_Work]:
        spoken: asyncio.Future[Spoken] = asyncio.get_running_loop().create_future()
        spoken.add_done_callback(lambda done: done.cancelled() or done.exception())  # it may be that nobody waits
        work = _Work(request, spoken, kind)
        return Line(line_id, request.npc, rank_of(request.priority), deadline_s, work, self._clock())

    async def encode(self, pcm: bytes, form: str) -> bytes:
        """A file of what was spoken in the form `pcm`, piece by piece. Raises BadRequest, SpeechError."""
        return (await self._mouth.ask({"form": form}, pcm, limit_s=ENCODE_MAX_S))[1]

    async def prepare(self, requests: Sequence[SpeakRequest]) -> int:
        """Renders these when nothing else is to do, and keeps them. How many are new, and were taken."""
        await self._check()
        if self._kept.is_off:
            return 0  # they would be rendered for nobody
        lines = (self._line(self.id_of(request), request, 0.0, "prepare") for request in requests)
        queued = self._queue.prepare(lines)
        self._ensure_pump()
        return queued

    # -- one after the other -----------------------------------------------------------------------

    def _ensure_pump(self) -> None:
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while True:
            line, late = self._queue.take(self._clock())
            for one in late:
                _fail(one, _late())
            line = line or await self._next_prepared()
            if line is not None:
                self._rendering = line
                try:
                    await self._render(line)
                finally:
                    self._rendering = None
            elif not len(self._queue) and not self._queue.prepared:
                return

    async def _next_prepared(self) -> Line[_Work] | None:
        """One that is not kept yet, where nobody comes meanwhile who waits."""
        if not self._queue.prepared:
            return None
        self._arrived.clear()
        try:
            await asyncio.wait_for(self._arrived.wait(), PREPARE_AFTER_S)
            return None
        except TimeoutError:
            line = self._queue.take_prepared()
            return None if line is None or await self._kept.get(line.id) is not None else line

    async def _render(self, line: Line[_Work]) -> None:
        work = line.work
        try:
            await self._gate()  # again, as it has waited
            facts, audio = await self._ask(line)
        except AgentdError as error:
            _fail(line, error)
            if work.kind == "prepare":
                self._metrics.ended("prepare", error.code)
                if isinstance(error, Unavailable):
                    self._queue.forget_prepared()
            return
        if work.kind == "prepare":
            self._metrics.ended("prepare", "done")
        if not work.spoken.done():
            work.spoken.set_result(_spoken(line.id, facts, audio))
        if work.request.is_kept:
            self._kept.put(line.id, facts, audio)

    async def _ask(self, line: Line[_Work]) -> tuple[dict[str, Any], bytes]:
        request = line.work.request
        order = {"text": request.text, "lang": request.lang, "voice": asdict(request.voice), "form": request.form}
        queue_s = self._clock() - line.queued_s
        if line.work.kind == "speak":
            self._metrics.took("queue", queue_s)
        limit_s = RENDER_MAX_S + RENDER_MAX_S_A_CHAR * len(request.text)
        try:
            facts, audio = await self._mouth.ask(order, limit_s=limit_s)
        except Died:
            self._kills[line.id] = self._kills.pop(line.id, 0) + 1
            if len(self._kills) > KILLERS_KEPT:
                del self._kills[next(iter(self._kills))]
            raise
        render_s, encode_s = facts.pop("render_s"), facts.pop("encode_s")
        self._metrics.took("render", render_s)
        self._metrics.took("encode", encode_s)
        spent_s = {"queue": queue_s, "render": render_s, "encode": encode_s}
        line.work.timing_ms.update((stage, seconds * 1000) for stage, seconds in spent_s.items())
        return facts, audio

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
        for line in (*self._queue.clear(), *([self._rendering] if self._rendering else [])):
            _fail(line, Unavailable("the HTTP adapter is stopping"))
        if self._pump is not None:
            self._pump.cancel()
        self._kept.close()


def _spoken(line_id: str, facts: dict[str, Any], audio: bytes) -> Spoken:
    return Spoken(line_id, facts["seconds"], facts["mouth"], facts["engine"], audio)


def _fail(line: Line[_Work], error: AgentdError) -> None:
    if not line.work.spoken.done():
        line.work.spoken.set_exception(error)


def _late() -> DeadlineExceeded:
    return DeadlineExceeded("not spoken in time; it is not rendered any more")
