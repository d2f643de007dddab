"""The child: `python -m llm_agentd.speech.worker.child`, orders in on stdin, answers out on stdout (frames.py).

The first frame says what it is (`kind`: mouth or ears) and the section `speech`; its answer says which engine that is,
or why there is none. Then an answer for each frame, in their order. It gives way to everything else on the machine, it
is what the kernel ends first where memory runs out, and it ends with its parent.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, BinaryIO, TypeAlias

from llm_agentd.config.speech import Speech
from llm_agentd.errors import AgentdError, SpeechError, StartError, Unavailable
from llm_agentd.speech.types import Voice
from llm_agentd.speech.worker import frames

NICE = 19  # no one is kept waiting by speech
OOM_SCORE = "1000"  # the kernel's highest: ended before any other process
# Each library reads its own at its import; config's `speech.threads` for all.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")

Answer: TypeAlias = tuple[dict[str, Any], bytes]
Work: TypeAlias = Callable[[dict[str, Any], bytes], Answer]


def main() -> None:
    out = _own_stdout()
    if hasattr(signal, "SIGINT"):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal goes to all; the parent decides
    try:
        order, _ = frames.read(sys.stdin.buffer)
    except (EOFError, frames.BadFrame, OSError):
        return
    speech = Speech.model_validate(order["speech"])
    _give_way(order["cpus"], speech.threads)  # before there is another thread: each has a niceness of its own
    orders: queue.Queue[Answer] = queue.Queue()
    threading.Thread(target=_read_orders, args=(orders,), daemon=True).start()
    try:
        work, facts = open_mouth(speech) if order["kind"] == "mouth" else open_ears(speech)
    except (StartError, AgentdError) as error:
        _send(out, {"error": Unavailable(str(error)).fields()})
        return
    _send(out, facts)
    while True:
        _send(out, *_done(work, *orders.get()))


def open_mouth(speech: Speech) -> tuple[Work, dict[str, Any]]:
    """Raises StartError, SpeechError."""
    from llm_agentd.speech import speakers
    from llm_agentd.speech.worker.encode import encode, from_pcm, mouth

    speaker = speakers.choose(speech)

    def speak(order: dict[str, Any], data: bytes) -> Answer:
        if "text" not in order:  # what was spoken piece by piece becomes one file
            return {}, encode(from_pcm(data), order["form"])
        began_s = time.perf_counter()
        sound = speaker.speak(order["text"], order["lang"], Voice(**order["voice"]))
        rendered_s = time.perf_counter()
        file = encode(sound, order["form"])
        facts = {"seconds": sound.seconds, "mouth": mouth(sound), "engine": speaker.name}
        spent = {"render_s": rendered_s - began_s, "encode_s": time.perf_counter() - rendered_s}
        return facts | spent, file

    return speak, {"engine": speaker.name, "languages": list(speaker.languages)}


def open_ears(speech: Speech) -> tuple[Work, dict[str, Any]]:
    """Raises StartError, SpeechError."""
    from llm_agentd.speech import recognizers

    recognizer = recognizers.choose(speech)

    def hear(order: dict[str, Any], audio: bytes) -> Answer:
        heard = recognizers.hear(recognizer, audio, order["lang"], order["phrases"], order["seconds_max"])
        return {"text": heard.text, "confidence": heard.confidence, "seconds": heard.seconds}, b""

    return hear, {"engine": recognizer.name, "languages": list(recognizer.languages)}


def _done(work: Work, order: dict[str, Any], data: bytes) -> Answer:
    try:
        return work(order, data)
    except AgentdError as error:
        return {"error": error.fields()}, b""
    except Exception as error:  # a bug in an engine costs this one sound
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return {"error": SpeechError(f"the engine failed ({type(error).__name__}); the log tells more").fields()}, b""


def _own_stdout() -> BinaryIO:
    """Answers go where stdout led; what libraries print goes to stderr, and so into the parent's log."""
    own = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return own


def _send(out: BinaryIO, fields: dict[str, Any], data: bytes = b"") -> None:
    out.write(frames.pack(fields, data))
    out.flush()


def _read_orders(orders: queue.Queue[Answer]) -> None:
    """A thread of its own, so that the end of the parent is noticed in the midst of a sentence, too."""
    try:
        while True:
            orders.put(frames.read(sys.stdin.buffer))
    except (EOFError, frames.BadFrame, OSError):
        os._exit(0)


def _give_way(cpus: Sequence[int], threads: int) -> None:
    """Whatever of it the system refuses: all works without."""
    for name in THREAD_VARIABLES:
        os.environ[name] = str(threads)
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, 0, NICE)
    with suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))  # and it interrupts nobody when it wakes
    with suppress(OSError, AttributeError):
        if cpus:
            os.sched_setaffinity(0, cpus)
    with suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write(OOM_SCORE)


if __name__ == "__main__":
    main()
