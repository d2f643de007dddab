"""One check of the doctor: what was looked at, how it stands, what was found, and the cure in one sentence.

Pure. A subject's module has two halves: `look` gathers facts and touches the world; `judge`, a pure function, makes
checks of them. Words are those of the mod's own doctor (mods/llm_agent/admin/diagnosis.lua) wherever both say the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

State: TypeAlias = Literal["ok", "warn", "fail"]
FOUND_MAX_CHARS = 600  # of a message that somebody else wrote: a list of checks stays one that can be read


@dataclass(frozen=True, slots=True)
class Check:
    """`warn`: it works, and could be better. `cure` is "" where nothing is to be done."""

    subject: str
    name: str
    state: State
    found: str
    cure: str = ""

    @staticmethod
    def of_fields(fields: dict[str, Any]) -> Check:
        """As `as_fields` wrote it."""
        return Check(**{key: fields[key] for key in ("subject", "name", "state", "found", "cure")})


def ok(subject: str, name: str, found: str) -> Check:
    return Check(subject, name, "ok", _short(found))


def warn(subject: str, name: str, found: str, cure: str) -> Check:
    return Check(subject, name, "warn", _short(found), cure)


def fail(subject: str, name: str, found: str, cure: str) -> Check:
    return Check(subject, name, "fail", _short(found), cure)


def as_fields(checks: Iterable[Check]) -> dict[str, Any]:
    """What `GET /v1/doctor`, the op `doctor` and `--json` show."""
    listed = list(checks)
    return {"checks": [asdict(check) for check in listed], "ok": not has_failed(listed)}


def has_failed(checks: Iterable[Check]) -> bool:
    return any(check.state == "fail" for check in checks)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= FOUND_MAX_CHARS else text[:FOUND_MAX_CHARS] + " …"
