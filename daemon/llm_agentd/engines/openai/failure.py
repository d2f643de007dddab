"""What went wrong with a call, as an UpstreamError in words for people: it names the place and the cure, and no key.

Pure.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime

import httpx2

from llm_agentd.engines.openai.api.problem import Problem
from llm_agentd.engines.openai.target import FailureKind, Target, UpstreamError

CONNECT_S = 5.0  # a machine that is there answers in less, over any distance
_RETRYABLE = frozenset({408, 429})


def refused(target: Target, answer: httpx2.Response, problem: Problem) -> UpstreamError:
    status = answer.status_code
    said = problem.message.replace(target.api_key, "…") if target.api_key else problem.message
    if status in (401, 403):  # some repeat a part of the key
        said = "it does not take the key: look at api_key_env or api_key_file"
    elif status in (301, 302, 307, 308):
        said = "it sends elsewhere: base_url must be the address itself, with /v1 at its end"
    elif status == 404 and not said:
        said = "there is nothing at this address: base_url must end as the server's manual says, mostly with /v1"
    is_quota = "insufficient_quota" in (problem.code, problem.param)
    return UpstreamError(
        "status",
        f"HTTP {status}: {said or 'it does not say why'}",
        status=status,
        retry_after_s=_retry_after_s(answer.headers),
        is_retryable=(status in _RETRYABLE or status >= 500) and not is_quota,
        is_over_context=problem.is_over_context,
    )


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Of `retry-after-ms`, as OpenAI sends it, or `Retry-After` in seconds or as a date."""
    try:
        if "retry-after-ms" in headers:
            return max(0.0, float(headers["retry-after-ms"]) / 1000)
        value = headers["retry-after"]
        return max(0.0, float(value) if not value[:1].isalpha() else _until(value))
    except (LookupError, ValueError, TypeError):
        return None


def _until(date: str) -> float:
    return parsedate_to_datetime(date).timestamp() - time.time()


@contextmanager
def explained(target: Target) -> Iterator[None]:
    """Every failure leaves as UpstreamError, with the place that it is about."""
    try:
        yield
    except UpstreamError as error:
        error.message = f"{target.place}: {error.message}"
        error.args = (error.message,)
        raise
    except TimeoutError:
        raise _failure(target, "timeout", "no answer in time") from None
    except httpx2.ConnectTimeout:
        raise _failure(target, "connect", f"nobody answers within {CONNECT_S:.0f} s") from None
    except httpx2.ConnectError as error:
        raise _unconnected(target, error) from None
    except httpx2.ProxyError as error:
        raise _failure(target, "connect", f"the proxy of the environment: {type(error).__name__}") from None
    except httpx2.TransportError as error:
        raise _failure(target, "cut", f"the connection broke: {error or type(error).__name__}") from None
    except httpx2.DecodingError:
        raise _failure(target, "garbage", "the answer is packed in a way that cannot be unpacked") from None
    except (httpx2.InvalidURL, UnicodeError):
        raise UpstreamError("connect", f"{target.place}: base_url is no URL") from None


def _failure(target: Target, kind: FailureKind, what: str) -> UpstreamError:
    return UpstreamError(kind, f"{target.place}: {what}", is_retryable=True)


def _unconnected(target: Target, error: httpx2.ConnectError) -> UpstreamError:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = f"its certificate is not valid: {cause.verify_message}"
            return UpstreamError("tls", f"{target.place}: {why}; renew it, or name its authority as ca_file")
        if isinstance(cause, ssl.SSLError):
            return UpstreamError("tls", f"{target.place}: no TLS there: {cause.reason}; is base_url meant to be http?")
        cause = cause.__cause__ or cause.__context__
    return _failure(target, "connect", f"nobody answers there: {error}")
