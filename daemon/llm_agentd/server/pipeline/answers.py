"""What is answered: every record that the pipeline has for a peer, counted and on its way.

Router thread. `replies` is what the router sends at the end of the round. The daemon's own requests have no socket: who
asked is called. Knows no requests, and nothing of what the records say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llm_agentd.errors import AgentdError, SwitchedOff
from llm_agentd.metrics import Metrics
from llm_agentd.protocol import encode
from llm_agentd.server.replies import Replies
from llm_agentd.types import Peer

ITSELF: Peer = (b"", b"itself")  # no socket's: a DEALER's envelope has one part, a REQ's second is empty
UNNAMED_MAX = 8  # records of a part whose ids cannot be read, and that are answered one by one


class Answers:
    """`put` for what is not the last record of a request, `answer` for what is."""

    def __init__(self, metrics: Metrics) -> None:
        self.replies = Replies()
        self._metrics = metrics
        self._asked: dict[str, Callable[[dict[str, Any]], None]] = {}  # of `await_own`, by id
        self._asked_count = 0
        self._unnamed: dict[Peer, list[AgentdError]] = {}  # what is wrong without an id, of the part that is taken

    def await_own(self, on_answer: Callable[[dict[str, Any]], None]) -> str:
        """The id of a request of the daemon's own; `on_answer` gets its last record."""
        self._asked_count += 1
        request_id = str(self._asked_count)
        self._asked[request_id] = on_answer
        return request_id

    def answer(self, peer: Peer, request_id: str | None, op: str, fields: dict[str, Any]) -> None:
        """The last record of whatever was sent, in the metrics and on its way."""
        self._metrics.answered(op, outcome_of(fields))
        self.put(peer, request_id, fields)

    def put(self, peer: Peer, request_id: str | None, fields: dict[str, Any]) -> None:
        if peer is ITSELF:
            if fields["event"] != "delta":
                self._asked.pop(str(request_id))(fields)
            return
        self.replies.put(peer, {"id": request_id, **fields})

    # -- records whose ids cannot be read --------------------------------------------------------

    def refuse_unnamed(self, peer: Peer, error: AgentdError) -> None:
        """Nobody can tell the answers apart, so a few of a part are enough."""
        errors = self._unnamed.setdefault(peer, [])
        errors.append(error)
        if len(errors) <= UNNAMED_MAX:
            self.answer(peer, None, "unknown", encode.error_fields(error))

    def end_part(self, peer: Peer) -> None:
        """All records of a message part were taken: one answer for the bad ones that had none yet."""
        errors = self._unnamed.pop(peer, [])
        more = len(errors) - UNNAMED_MAX
        if more > 0:
            last = errors[-1]
            message = f"{more} more records of this message are bad and have no id; the last: {last.message}"
            self.answer(peer, None, "unknown", encode.error_fields(type(last)(message)))


def outcome_of(fields: dict[str, Any]) -> str:
    """As the metrics count it: what an admin's switch refuses is no failure, and told apart from one."""
    return SwitchedOff.REASON if fields.get("reason") == SwitchedOff.REASON else fields.get("code", "done")
