"""The one tree of errors that users may see.

Each class carries its wire code and HTTP status (docs/protocol.md). Anything that is not an
`AgentdError` is a bug: logged with its traceback and answered as `internal`.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal


class AgentdError(Exception):
    """Base of all expected failures.

    `message` says what is wrong, where, and how to fix it. `retry_after_ms` is set where waiting helps.
    """

    code: ClassVar[str] = "internal"
    http_status: ClassVar[int] = 500

    def __init__(self, message: str, *, retry_after_ms: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after_ms = retry_after_ms

    def fields(self) -> dict[str, Any]:
        """What clients are told of it: `code`, `message`, and `retry_after_ms` where it is set."""
        wait = {} if self.retry_after_ms is None else {"retry_after_ms": self.retry_after_ms}
        return {"code": self.code, "message": self.message, **wait}


class BadFrame(AgentdError):
    """The bytes do not hold whole length-prefixed records."""

    code, http_status = "bad_frame", 400


class BadJson(AgentdError):
    """A record is not one JSON object."""

    code, http_status = "bad_json", 400


class BadRequest(AgentdError):
    """A field is unknown, missing, of the wrong type or out of range; the message names it."""

    code, http_status = "bad_request", 400


class TooLarge(AgentdError):
    """Over a wire limit, or a prompt longer than the model's context."""

    code, http_status = "too_large", 413


class Unauthorized(AgentdError):
    code, http_status = "unauthorized", 401


class Forbidden(AgentdError):
    """A web page of another origin could have sent it."""

    code, http_status = "forbidden", 403


class Overloaded(AgentdError):
    """The queue is full or a quota is used up."""

    code, http_status = "overloaded", 429


class DeadlineExceeded(AgentdError):
    code, http_status = "deadline_exceeded", 504


class Cancelled(AgentdError):
    code, http_status = "cancelled", 499


class Filtered(AgentdError):
    """Moderation stopped it. `text` is a line to show in its place, `by` whose words were stopped."""

    code, http_status = "filtered", 200

    def __init__(
        self,
        message: str,
        *,
        text: str = "",
        by: Literal["player", "model"] = "model",
        retry_after_ms: int | None = None,
    ) -> None:
        super().__init__(message, retry_after_ms=retry_after_ms)
        self.text = text
        self.by = by

    def fields(self) -> dict[str, Any]:
        return {**super().fields(), "text": self.text, "by": self.by}


class EngineFailed(AgentdError):
    """This one request failed inside the engine; the daemon lives on."""

    code, http_status = "engine_failed", 502


class SpeechError(AgentdError):
    """This one sound could not be made, or not be understood; the line is there as text."""

    code, http_status = "speech_failed", 502


class Unavailable(AgentdError):
    """Starting, stopping, or no engine."""

    code, http_status = "unavailable", 503


class SwitchedOff(Unavailable):
    """By an admin, for all: waiting does not help, and nobody tries it again for the client."""

    REASON: ClassVar[str] = "switched_off"

    def __init__(self, message: str, *, retry_after_ms: int | None = 60_000) -> None:
        super().__init__(message, retry_after_ms=retry_after_ms)

    def fields(self) -> dict[str, Any]:
        return {**super().fields(), "reason": self.REASON}


class StartError(Exception):
    """The daemon or a command cannot start; shown as one line on stderr, exit code 1 (or 2: wrong use)."""


class LastingStartError(StartError):
    """One that trying again does not mend, but an admin: exit code 2, after which systemd does not restart it."""


ERROR_CLASSES: dict[str, type[AgentdError]] = {
    cls.code: cls
    for cls in (
        BadFrame,
        BadJson,
        BadRequest,
        TooLarge,
        Unauthorized,
        Forbidden,
        Overloaded,
        DeadlineExceeded,
        Cancelled,
        Filtered,
        EngineFailed,
        SpeechError,
        Unavailable,
    )
}
