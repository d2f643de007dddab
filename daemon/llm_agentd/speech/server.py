"""The server at `speech.base_url`, which speaks OpenAI's protocol: one call, one try, and what went wrong in words.

Runs in the child processes, whose one thread waits for it: a sound that takes longer is late anyway. Knows nothing of
voices and of what is said. A key is in no message.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx2
import orjson

from llm_agentd import __version__
from llm_agentd.errors import SpeechError, StartError
from llm_agentd.util.key_source import KeyProblem, KeySource
from llm_agentd.util.loopback import is_loopback
from llm_agentd.util.sanitize import single_line

if TYPE_CHECKING:
    from llm_agentd.config.speech import Speech

CONNECT_S = 5.0  # a machine that is there answers in less, over any distance
ANSWER_S = 20.0  # of silence: a cloud takes 2 s for ten seconds of speech
PROBLEM_MAX_BYTES = 64 * 1024  # of an answer that says what is wrong
SAID_MAX_CHARS = 300  # of that, in our message
NO_KEY = "it does not take the key: look at speech.key_env or speech.key_file"
NOT_THERE = "there is nothing at this address: speech.base_url must end as the server's manual says, mostly with /v1"


class Server:
    """`post` on one thread; `close` ends its connections."""

    def __init__(self, speech: Speech) -> None:
        """Raises StartError where no server is named."""
        if not speech.base_url:
            raise StartError("speech.base_url names no server: want its address up to /v1")
        self._base_url = speech.base_url.rstrip("/")
        host = urlsplit(self._base_url)
        self.place = host.netloc.rpartition("@")[2]
        self._key = KeySource(variable=speech.key_env, file=speech.key_file, environ=os.environ)
        self._client = httpx2.Client(
            timeout=httpx2.Timeout(ANSWER_S, connect=CONNECT_S),
            headers={"User-Agent": f"llm-agentd/{__version__}", "Accept-Encoding": "identity"},
            trust_env=not is_loopback(host.hostname or ""),  # a proxy is for what lies beyond this machine
        )

    def close(self) -> None:
        self._client.close()

    def post(self, path: str, *, max_bytes: int, **content: Any) -> bytes:
        """The answer's body. `content`: as httpx2 takes it (`json`, `data`, `files`). Raises SpeechError."""
        try:
            with self._client.stream("POST", self._base_url + path, auth=self._sign, **content) as answer:
                body = _read(answer, max_bytes if answer.is_success else PROBLEM_MAX_BYTES)
        except KeyProblem as error:
            raise SpeechError(f"{self.place}: {error}") from None
        except httpx2.TimeoutException:
            raise SpeechError(f"{self.place}: no answer in time") from None
        except httpx2.ConnectError as error:
            raise SpeechError(f"{self.place}: nobody answers there: {error}") from None
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise SpeechError(f"{self.place}: the call broke: {error or type(error).__name__}") from None
        if body is None:
            raise SpeechError(f"{self.place}: it answers with more than {max_bytes} bytes")
        if not answer.is_success:
            raise SpeechError(f"{self.place}: HTTP {answer.status_code}: {self._reason(answer.status_code, body)}")
        return body

    def _sign(self, request: httpx2.Request) -> httpx2.Request:
        """Given even where there is no key: else httpx2 looks for one in ~/.netrc."""
        if key := self._key.read():
            request.headers["Authorization"] = f"Bearer {key}"
        return request

    def _reason(self, status: int, body: bytes) -> str:
        if status in (401, 403):  # some repeat a part of the key
            return NO_KEY
        said = _message(body)
        if not said and status in (301, 302, 307, 308, 404, 405):
            return NOT_THERE
        return said or "it does not say why"


def _read(answer: httpx2.Response, max_bytes: int) -> bytes | None:
    """None: there is more."""
    body = bytearray()
    for part in answer.iter_bytes():
        body += part
        if len(body) > max_bytes:
            return None
    return bytes(body)


def _message(body: bytes) -> str:
    """What a server says is wrong: OpenAI's {"error": {"message"}}, {"error": "…"} or FastAPI's {"detail": "…"}."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    error = found.get("error", found) if isinstance(found, dict) else {}
    said = error if isinstance(error, str) else error.get("message") or error.get("detail") if error else ""
    return single_line(said)[:SAID_MAX_CHARS] if isinstance(said, str) else ""
