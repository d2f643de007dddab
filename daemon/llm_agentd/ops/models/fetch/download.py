"""One file over HTTP into a partial file, which a later call goes on with. Main thread of a command.

Goes on where it broke off, within a call and between calls: by Range, and by If-Range where the server names a version,
so that no two versions are mixed. Looks at the first bytes before it takes gigabytes. Knows no hub and no folder.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from llm_agentd.engines.gguf import MAGIC
from llm_agentd.errors import StartError

TIMEOUT = httpx2.Timeout(60, connect=15)  # of one read, not of the whole
TRIES = 5  # in a row that bring nothing
PAUSE_S = 2.0
PARTIAL, VERSION = ".part", ".version"
REFUSED = (401, 403)
ELSEWHERE = "or fetch it on another machine and give its path to `llm-agentd model pull`"

OnProgress = Callable[[int, int | None], None]  # bytes there are, bytes there will be (None: the server does not say)


class _Broken(Exception):
    """The connection broke; what came is kept."""


def download(
    url: str,
    folder: Path,
    name: str,
    *,
    headers: Mapping[str, str] | None = None,
    want_bytes: int | None = None,
    check_room: Callable[[int], None],
    on_progress: OnProgress,
) -> Path:
    """The whole file as `folder/name.part`. `want_bytes`: its size, where it is known before.

    Raises StartError with the cure; what has come until then stays for the next call.
    """
    partial, version = folder / (name + PARTIAL), folder / (name + VERSION)
    failures = 0
    while True:
        had = _size(partial)
        try:
            whole = _go_on(url, partial, version, headers or {}, check_room, on_progress)
            break
        except _Broken as error:
            failures = 0 if _size(partial) > had else failures + 1
            if failures >= TRIES:
                raise StartError(
                    f"{url}: the connection broke {TRIES} times in a row ({error}); run the same command again, it goes"
                    f" on at {_size(partial):,} bytes"
                ) from None
            time.sleep(PAUSE_S)
    version.unlink(missing_ok=True)
    _check_size(url, partial, want_bytes or whole)
    return partial


def _go_on(
    url: str,
    partial: Path,
    version: Path,
    headers: Mapping[str, str],
    check_room: Callable[[int], None],
    on_progress: OnProgress,
) -> int | None:
    """Fetches what is missing; returns the size of the whole file, if the server says it."""
    have = _size(partial)
    with _request(url, {**headers, **_range(have, version)}) as answer:
        total = _total(answer)
        if answer.status_code == 416 and have and total in (have, None):  # all of it was there
            return total
        if answer.status_code == 416:
            partial.unlink()
            raise _Broken("the file there has become another")
        _check_status(url, answer)
        if answer.status_code != 206 or not _starts_at(answer, have):
            have = 0
        if total is not None:
            check_room(total - have)
        version.write_text(answer.headers.get("etag", ""), encoding="utf-8")
        _write(url, answer, partial, have, total, on_progress)
        return total


@contextmanager
def _request(url: str, headers: Mapping[str, str]) -> Iterator[httpx2.Response]:
    try:
        with httpx2.stream("GET", url, headers=dict(headers), timeout=TIMEOUT, follow_redirects=True) as answer:
            yield answer
    except httpx2.ConnectError as error:
        raise StartError(
            f"{urlsplit(url).hostname} cannot be reached ({error}); check this machine's network, {ELSEWHERE}"
        ) from None
    except (httpx2.UnsupportedProtocol, httpx2.InvalidURL) as error:
        raise StartError(f"{url}: this is no address to fetch from ({error})") from None
    except httpx2.TooManyRedirects:
        raise StartError(f"{url}: it leads in a circle; check the address") from None
    except httpx2.TransportError as error:
        raise _Broken(str(error) or type(error).__name__) from None


def _write(
    url: str, answer: httpx2.Response, partial: Path, have: int, total: int | None, on_progress: OnProgress
) -> None:
    on_progress(have, total)
    with partial.open("r+b" if have else "wb") as file:
        file.seek(have)
        try:
            for chunk in answer.iter_raw():
                if not have and not chunk.startswith(MAGIC[: len(chunk)]):
                    raise StartError(
                        f"{url}: this is no GGUF file (it starts with {chunk[:16]!r}); {_no_model(answer)}"
                    )
                file.write(chunk)
                have += len(chunk)
                on_progress(have, total)
        except OSError as error:
            raise StartError(f"{partial} cannot be written: {error.strerror}; make room and run this again") from None
        file.truncate()


def _range(have: int, version: Path) -> dict[str, str]:
    """Headers that ask for the rest. No compression: a range of a compressed file is of no use."""
    plain = {"Accept-Encoding": "identity"}
    if not have:
        return plain
    etag = version.read_text(encoding="utf-8") if version.is_file() else ""
    is_strong = etag and not etag.startswith("W/")
    return {**plain, "Range": f"bytes={have}-", **({"If-Range": etag} if is_strong else {})}


def _total(answer: httpx2.Response) -> int | None:
    """Of the whole file, whatever part of it this answer is."""
    _, slash, size = answer.headers.get("content-range", "").partition("/")
    if slash:
        return int(size) if size.isdecimal() else None
    length = answer.headers.get("content-length", "")
    return int(length) if answer.status_code == 200 and length.isdecimal() else None


def _starts_at(answer: httpx2.Response, have: int) -> bool:
    return bool(answer.headers.get("content-range", "").startswith(f"bytes {have}-"))


def _check_status(url: str, answer: httpx2.Response) -> None:
    status = answer.status_code
    if status in REFUSED:
        raise StartError(
            f"{url}: the server refuses it (HTTP {status}); it wants a login, or consent to a licence on its page"
            " (for Hugging Face then set HF_TOKEN)"
        )
    if status == 404:
        raise StartError(f"{url}: there is no such file (HTTP 404); check the address")
    if status == 429 or status >= 500:
        raise _Broken(f"HTTP {status}")
    if status not in (200, 206):
        raise StartError(f"{url}: the server answers HTTP {status}; check the address")


def _no_model(answer: httpx2.Response) -> str:
    if "html" in answer.headers.get("content-type", ""):
        return "it is a web page: give the address of the file itself, which ends in .gguf"
    return "want a model in GGUF format"


def _check_size(url: str, partial: Path, want: int | None) -> None:
    size = _size(partial)
    if want is None or size == want:
        return
    if size > want:
        partial.unlink()
    raise StartError(f"{url}: {size:,} bytes came where there should be {want:,}; run the same command again")


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
