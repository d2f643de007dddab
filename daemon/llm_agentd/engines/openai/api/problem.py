"""What a server says is wrong, whatever its dialect of errors. Pure.

OpenAI, vLLM, llama-server and LiteLLM answer {"error": {"message", "param", "code"}}, Ollama {"error": "text"}, what is
built on FastAPI {"detail": "text" or [{"loc", "msg"}]}, older vLLM {"message", "code"}.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from llm_agentd.util.sanitize import single_line

MESSAGE_MAX_CHARS = 300  # of what a server says of itself: enough for a sentence, too little for a page of HTML
_OVER_CONTEXT = re.compile(
    r"context[ _](length|window|size)|exceeds? the (available |maximum )?context|exceed_context|maximum context"
    r"|too many tokens|prompt is too long|longer than the (maximum )?model",
    re.IGNORECASE,
)
_NO_SYSTEM = re.compile(r"system role|role.{0,20}\bsystem\b|\bsystem\b.{0,20}role", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Problem:
    """`param`: the field of the body that it names, "" where it names none. `status`: in an error inside a stream."""

    message: str = ""
    param: str = ""
    code: str = ""
    status: int | None = None

    def names(self, fields: Iterable[str]) -> list[str]:
        """Those of `fields` that it is about: the one it names as such, else all that stand in its words."""
        about = [name for name in fields if self.param == name or self.param.startswith(f"{name}.")]
        return about or [name for name in fields if re.search(rf"(?<!\w){name}(?!\w)", self.message)]

    @property
    def is_over_context(self) -> bool:
        return self.code == "context_length_exceeded" or bool(_OVER_CONTEXT.search(self.message))

    @property
    def refuses_system(self) -> bool:
        """As chat templates without a system turn do."""
        return bool(_NO_SYSTEM.search(self.message))


def read_problem(answer: Any) -> Problem:
    """Of a parsed body; of anything."""
    if not isinstance(answer, dict):
        return Problem()
    error = answer.get("error", answer)
    if isinstance(error, str):
        return Problem(_clean(error))
    if not isinstance(error, dict):
        return Problem()
    detail = error.get("detail")
    if isinstance(detail, list):
        return _of_validation(detail)
    code = error.get("code")
    status = code if isinstance(code, int) and not isinstance(code, bool) else None
    if isinstance(code, str) and code.isdigit():
        status = int(code)
    return Problem(
        _clean(error.get("message") or detail or ""),
        str(error.get("param") or ""),
        str(code or error.get("type") or ""),
        status,
    )


def _of_validation(rows: list[Any]) -> Problem:
    """FastAPI's list: the first says enough."""
    row = rows[0] if rows and isinstance(rows[0], dict) else {}
    place = [str(part) for part in row.get("loc") or () if part != "body"]
    return Problem(_clean(f"{'.'.join(place)}: {row.get('msg') or ''}"), place[0] if place else "")


def _clean(text: Any) -> str:
    return single_line(str(text))[:MESSAGE_MAX_CHARS]
