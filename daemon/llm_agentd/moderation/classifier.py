"""A second opinion on what the word list lets pass: a classifier, asked on a thread of its own.

It may take a while (another model, another server), so neither the router nor the engine thread waits for it: the
verdict comes by a callback. One that cannot answer leaves it to the word list, and says so once. Verdicts are
remembered by text, as players and cached replies repeat themselves.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from queue import SimpleQueue
from typing import Protocol

import httpx2

from llm_agentd.engines import open_engine
from llm_agentd.engines.base import Engine
from llm_agentd.errors import StartError
from llm_agentd.types import Message, Sampling

log = logging.getLogger(__name__)

REMEMBERED_TEXTS = 4096
STEPS_MAX = 4096  # of the classifier's engine for one text: its prompt and a few tokens take far fewer
PAUSE_S = 30  # after a failure it is left alone: a link that is down must not hold back each line for its timeout
STOP_MAX_S = 5  # a link that is down must not hold back the end of the daemon
ANSWER_TOKENS = 12  # "unsafe", a line end and a category


class Unclear(Exception):
    """The classifier gave no verdict."""


class Classifier(Protocol):
    """Called on the classifier's thread alone."""

    def category(self, text: str) -> str:
        """What is wrong with `text`; "" = nothing. Raises Unclear, or whatever a broken link raises."""

    def close(self) -> None: ...


class Settings(Protocol):
    """The configuration's section `agents`, as far as the classifier needs it."""

    @property
    def moderation_url(self) -> str | None: ...

    @property
    def moderation_key_env(self) -> str | None: ...

    @property
    def moderation_timeout_ms(self) -> int: ...

    @property
    def moderation_model(self) -> Path | None: ...


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
    """`start`, then `ask` from the router thread, then `stop`. `then(category)` is called on its own thread."""

    def __init__(self, classifier: Classifier, clock: Callable[[], float] = time.monotonic) -> None:
        self._classifier = classifier
        self._clock = clock
        self._again_s = float("-inf")
        self._queue: SimpleQueue[tuple[str, Callable[[str], None]] | None] = SimpleQueue()
        self._known: OrderedDict[str, str] = OrderedDict()
        self._has_warned = False
        self._thread = threading.Thread(target=self._run, name="classifier", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def ask(self, text: str, then: Callable[[str], None]) -> None:
        """`then` is told what is wrong with `text`; "" = nothing, or no verdict."""
        self._queue.put((text, then))

    def stop(self) -> None:
        """Answers what was asked before, and ends."""
        self._queue.put(None)
        self._thread.join(STOP_MAX_S)

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            text, then = item
            then(self._category(text))
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
        if not self._has_warned:
            log.warning("moderation goes by the word list alone where the classifier gives no verdict: %s", why)
        self._has_warned = True


def build_classifier(settings: Settings, environ: Mapping[str, str]) -> ClassifierThread | None:
    """As configured; None: there is only the word list. Raises StartError for a model file that is not there."""
    if settings.moderation_url:
        key = environ.get(settings.moderation_key_env or "", "")
        timeout_s = settings.moderation_timeout_ms / 1000
        return ClassifierThread(UrlClassifier(settings.moderation_url, timeout_s, key=key))
    path = settings.moderation_model
    if path is None:
        return None
    if not path.is_file():
        raise StartError(f"agents.moderation_model: no file {path}; want a GGUF")
    return ClassifierThread(ModelClassifier(lambda: open_engine("llama", path=path, max_num_seqs=1)))
