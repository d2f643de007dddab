"""A second opinion on what the word list lets pass: a classifier, which runs on a thread of its own.

It may take a while (another model, another server), so neither the router nor the engine thread waits for it: the
category comes by a callback, which only hands it to another thread. A classifier that fails leaves the verdict to the
word list and logs that once. Categories are remembered by text, as players and cached replies repeat themselves.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from queue import SimpleQueue
from typing import Protocol

from llm_agentd.engines import open_engine
from llm_agentd.engines.base import Engine
from llm_agentd.errors import StartError
from llm_agentd.types import Message, Sampling

log = logging.getLogger(__name__)

REMEMBERED_TEXTS = 4096
STEPS_MAX = 4096  # of the classifier's engine for one text: its prompt and a few tokens take far fewer
PAUSE_S = 30  # after a failure it is not called: a server that is down must not delay each line by its timeout
STOP_MAX_S = 5  # a server that is down must not delay the end of the daemon
ANSWER_TOKENS = 12  # "unsafe", a line end and a category


class Unclear(Exception):
    """The classifier gave no verdict."""


class Classifier(Protocol):
    """Called on the classifier's thread alone."""

    def category(self, text: str) -> str:
        """What is wrong with `text`; "" = nothing. Raises Unclear."""

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
        import httpx2  # 2 MiB that few daemons need

        self._failures = httpx2.HTTPError
        self._client = httpx2.Client(timeout=timeout_s, headers=headers)

    def category(self, text: str) -> str:
        try:
            response = self._client.post(self._url, json={"input": text} | self._model)
        except self._failures as error:
            raise Unclear(str(error) or type(error).__name__) from None
        if response.status_code != HTTPStatus.OK:
            raise Unclear(f"HTTP {response.status_code}")
        try:
            result = response.json()["results"][0]
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
        words = self._generate(self._engine, text).split()
        label = words[0].strip(".,:;*\"'").lower() if words else ""
        if label not in ("safe", "unsafe"):
            raise Unclear(f"the model said {' '.join(words)[:40]!r}, neither safe nor unsafe")
        return "" if label == "safe" else words[1] if len(words) > 1 else "unsafe"

    def _generate(self, engine: Engine, text: str) -> str:
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
    """`start`, then `classify` from the router thread, then `stop`. Callbacks run on the classifier's thread."""

    def __init__(self, classifier: Classifier, clock: Callable[[], float] = time.monotonic) -> None:
        self._classifier = classifier
        self._clock = clock
        self._paused_until_s = float("-inf")
        self._queue: SimpleQueue[tuple[str, Callable[[str], None]] | None] = SimpleQueue()  # None: the end
        self._categories: OrderedDict[str, str] = OrderedDict()  # by text, the longest unused first
        self._has_warned = False
        self.is_off = False  # set by the router thread: then nothing is asked, and there is no verdict
        self._thread = threading.Thread(target=self._run, name="classifier", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def classify(self, text: str, on_category: Callable[[str], None]) -> None:
        """`on_category` gets what is wrong with `text`; "" = nothing, or no verdict. Never called after `stop`."""
        self._queue.put((text, on_category))

    def stop(self) -> None:
        """Classifies what was queued before, within STOP_MAX_S, and ends; what is queued later is not classified."""
        self._queue.put(None)
        self._thread.join(STOP_MAX_S)

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            text, on_category = item
            try:
                on_category(self._category(text))
            except Exception:  # one request's trouble must not end the thread that all others need
                log.exception("the callback of a classified text failed")
        self._classifier.close()

    def _category(self, text: str) -> str:
        if self.is_off:
            return ""
        if text in self._categories:
            self._categories.move_to_end(text)
            return self._categories[text]
        if self._clock() < self._paused_until_s:
            return ""
        try:
            category = self._classifier.category(text)
        except (Unclear, StartError) as error:
            self._warn(str(error) or type(error).__name__)
            return ""
        except Exception as error:  # a classifier's trouble must not stop the game's talk
            log.exception("the classifier broke")
            self._warn(type(error).__name__)
            return ""
        self._categories[text] = category
        if len(self._categories) > REMEMBERED_TEXTS:
            self._categories.popitem(last=False)
        return category

    def _warn(self, reason: str) -> None:
        self._paused_until_s = self._clock() + PAUSE_S
        if not self._has_warned:
            log.warning("moderation goes by the word list alone where the classifier gives no verdict: %s", reason)
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
