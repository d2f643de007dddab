"""A second opinion on what the word list lets pass: a classifier, asked on a thread of its own.

It may take a while (another model, another server), so neither the router nor the engine thread waits for it: they
hand in a text with a ticket, and the verdict comes back with it. One that cannot answer leaves it to the word list, and
says so once. Verdicts are remembered by text, as players and cached replies repeat themselves.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Protocol

import httpx2

from llm_agentd.engines.base import Engine
from llm_agentd.errors import StartError
from llm_agentd.types import Message, Sampling

log = logging.getLogger(__name__)

REMEMBERED_TEXTS = 4096
STEPS_MAX = 4096  # of the classifier's engine for one text: its prompt and a few tokens take far fewer
PAUSE_S = 30  # after a failure it is left alone: a link that is down must not hold back each line for its timeout
ANSWER_TOKENS = 12  # "unsafe", a line end and a category


class Unclear(Exception):
    """The classifier gave no verdict."""


class Classifier(Protocol):
    """Called on the classifier's thread alone."""

    def category(self, text: str) -> str:
        """What is wrong with `text`; "" = nothing. Raises Unclear, or whatever a broken link raises."""

    def close(self) -> None: ...


class UrlClassifier:
    """Any server with OpenAI's `POST …/v1/moderations`."""

    def __init__(self, url: str, timeout_s: float, *, key: str = "", model: str = "") -> None:
        self._url = url
        self._model = {"model": model} if model else {}
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._client = httpx2.Client(timeout=timeout_s, headers=headers)

    def category(self, text: str) -> str:
        answer = self._client.post(self._url, json={"input": text} | self._model)
        if answer.status_code != httpx2.codes.OK:
            raise Unclear(f"HTTP {answer.status_code}")
        try:
            result = answer.json()["results"][0]
            flagged = result["flagged"]
            names = [name for name, value in (result.get("categories") or {}).items() if value]
        except (ValueError, LookupError, TypeError, AttributeError):
            raise Unclear("no answer as OpenAI's moderations have it") from None
        return (names[0] if names else "flagged") if flagged else ""

    def close(self) -> None:
        self._client.close()


class ModelClassifier:
    """A GGUF that was made to say `safe`, or `unsafe` and a category, such as Llama Guard, in an engine of its own."""

    def __init__(self, open_engine: Callable[[], Engine]) -> None:
        self._open = open_engine
        self._engine: Engine | None = None

    def category(self, text: str) -> str:
        if self._engine is None:  # on the thread that steps it
            self._engine = self._open()
        said = self._answer(self._engine, text).split()
        verdict = said[0].strip(".,:;*\"'").lower() if said else ""
        if verdict not in ("safe", "unsafe"):
            raise Unclear(f"the model said {' '.join(said)[:40]!r}, neither safe nor unsafe")
        return "" if verdict == "safe" else said[1] if len(said) > 1 else "unsafe"

    def _answer(self, engine: Engine, text: str) -> str:
        sampling = Sampling(max_tokens=ANSWER_TOKENS, temperature=0.0)
        engine.start(0, engine.encode(None, [Message("user", text)], sampling), sampling)
        data = b""
        for _ in range(STEPS_MAX):
            for piece in engine.step():
                data += piece.data
                if piece.finish == "failed":
                    raise Unclear(piece.error)
                if piece.finish:
                    return data.decode("utf-8", "replace")
        engine.stop(0)
        raise Unclear("the model found no end")

    def close(self) -> None:
        if self._engine:
            self._engine.close()


class ClassifierThread:
    """`start`, then `ask` from the router thread, then `stop`. `told(ticket, category)` is called on its own."""

    def __init__(self, classifier: Classifier, clock: Callable[[], float] = time.monotonic) -> None:
        self._classifier = classifier
        self._clock = clock
        self._again_s = float("-inf")
        self._queue: SimpleQueue[tuple[Any, str] | None] = SimpleQueue()
        self._known: OrderedDict[str, str] = OrderedDict()
        self._was_told = False
        self._thread = threading.Thread(target=self._run, name="classifier", daemon=True)

    def start(self, connect: Callable[[], Callable[[Any, str], None]]) -> None:
        self._connect = connect
        self._thread.start()

    def ask(self, ticket: Any, text: str) -> None:
        self._queue.put((ticket, text))

    def stop(self) -> None:
        self._queue.put(None)
        self._thread.join(5)

    def _run(self) -> None:
        told = self._connect()
        while (asked := self._queue.get()) is not None:
            ticket, text = asked
            told(ticket, self._category(text))
        self._classifier.close()

    def _category(self, text: str) -> str:
        if text in self._known:
            self._known.move_to_end(text)
            return self._known[text]
        if self._clock() < self._again_s:
            return ""
        try:
            category = self._classifier.category(text)
        except (Unclear, httpx2.HTTPError, StartError) as error:
            self._warn(str(error) or type(error).__name__)
            return ""
        except Exception as error:  # a classifier's trouble must not stop the game's talk
            log.exception("the classifier broke")
            self._warn(type(error).__name__)
            return ""
        self._known[text] = category
        if len(self._known) > REMEMBERED_TEXTS:
            self._known.popitem(last=False)
        return category

    def _warn(self, why: str) -> None:
        self._again_s = self._clock() + PAUSE_S
        if not self._was_told:
            log.warning("moderation goes by the word list alone where the classifier gives no verdict: %s", why)
        self._was_told = True
