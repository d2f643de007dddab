"""Bodies of the type multipart/form-data: fields of text, and one file. Kept in memory: no sound ever is on a disk.

Runs on the event loop. The parsing is Starlette's, with python-multipart. Knows no route.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from importlib.util import find_spec

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from llm_agentd.errors import BadRequest, Unavailable
from llm_agentd.http.body import AUDIO_MAX_BYTES, read_audio

FIELDS_MAX = 32  # beside the file; OpenAI's form has a dozen
FIELD_MAX_BYTES = 64 * 1024  # a prompt is the longest of them
INSTALL = "pip install 'llm-agentd[hearing]'"


class _Parser(MultiPartParser):
    spool_max_size = AUDIO_MAX_BYTES  # above it Starlette would write a temporary file


async def read_form(request: Request) -> tuple[dict[str, list[str]], dict[str, bytes]]:
    """Fields by name, each with all its values, and the content of files by name. Raises TooLarge, Overloaded,
    BadRequest; Unavailable where the library is missing."""
    if find_spec("python_multipart") is None:
        raise Unavailable(f"python-multipart is not installed, which reads forms: {INSTALL}")
    body = await read_audio(request)
    try:
        found = await _Parser(
            request.headers, _once(body), max_files=1, max_fields=FIELDS_MAX, max_part_size=FIELD_MAX_BYTES
        ).parse()
    except MultiPartException as error:
        raise BadRequest(f"body: it is no form that can be read: {error.message}") from None
    fields: dict[str, list[str]] = {}
    files: dict[str, bytes] = {}
    for name, value in found.multi_items():
        if isinstance(value, UploadFile):
            files[name] = await value.read()
        else:
            fields.setdefault(name, []).append(value)
    return fields, files


async def _once(body: bytes) -> AsyncGenerator[bytes]:
    yield body
