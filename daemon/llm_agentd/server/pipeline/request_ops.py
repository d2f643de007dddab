"""Ops that act on requests, or that take their time: cancel, switch, events, and what `Control` names as `later`.

Router thread. An op that takes its time is open until it is done, like a generation. Knows no sockets.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llm_agentd.errors import AgentdError, Cancelled
from llm_agentd.protocol import encode, schema
from llm_agentd.protocol.admin_records import EventsRecord, SwitchRecord
from llm_agentd.protocol.record import Record
from llm_agentd.scheduler.lanes import Lanes
from llm_agentd.server.admin.ops import AdminOps
from llm_agentd.server.control import Control
from llm_agentd.server.open_requests import OpenRequests
from llm_agentd.server.pipeline.answers import Answers
from llm_agentd.server.pipeline.at_engine import AtEngine
from llm_agentd.server.pipeline.finish import Finish, to_agentd_error
from llm_agentd.server.pipeline.moderation import Moderation
from llm_agentd.types import Peer, Request


class RequestOps:
    """`waiting`: all places where a request may be before the engine has it, by peer and id."""

    def __init__(
        self,
        *,
        control: Control,
        admin: AdminOps,
        lanes: Lanes,
        open_requests: OpenRequests,
        answers: Answers,
        finish: Finish,
        moderation: Moderation,
        at_engine: AtEngine,
        waiting: Callable[[], tuple[dict[tuple[Peer, str], Request], ...]],
        post: Callable[[Callable[[], None]], None],
    ) -> None:
        self._control = control
        self._admin = admin
        self._lanes = lanes
        self._open_requests = open_requests
        self._answers = answers
        self._finish = finish
        self._moderation = moderation
        self._at_engine = at_engine
        self._waiting = waiting
        self._post = post

    def take(self, peer: Peer, op: str, record: dict[str, Any]) -> None:
        """Answers now, or when it is done. Raises AgentdError."""
        if op == "switch":
            self._take_later(peer, record, SwitchRecord, self._switch)
        elif op == "events":
            self._take_events(peer, record)
        elif op == "cancel":
            self._answers.answer(peer, record["id"], op, encode.done_fields({"found": self._cancel(peer, record)}))
        elif op in self._control.later:
            self._take_later(peer, record, schema.RECORDS[op], self._control.later[op])
        elif op == "remember" and record.get("durable") is True:
            self._take_later(peer, record, schema.RememberRecord, self._control.remember_durably)
        else:
            self._answers.answer(peer, record["id"], op, encode.done_fields(self._control.run(peer, op, record)))

    def _take_later(self, peer: Peer, record: dict[str, Any], model: type[Record], start: Callable[..., None]) -> None:
        """Open until it is done, like a generation. `start` takes the checked record, and whom to call then."""
        checked = schema.validate(model, record)
        if not self._open_requests.open(peer, record):
            return

        def on_done(outcome: dict[str, Any] | AgentdError) -> None:
            fields = encode.error_fields(outcome) if isinstance(outcome, AgentdError) else encode.done_fields(outcome)
            self._finish.close(peer, record["id"], record["op"], fields)

        try:
            start(checked, on_done)
        except Exception as error:
            on_done(to_agentd_error(error, record["id"]))

    # -- events ----------------------------------------------------------------------------------

    def _take_events(self, peer: Peer, record: dict[str, Any]) -> None:
        """No open request while it waits: who watches is not a reason to be busy."""
        fields = self._admin.events.take(peer, schema.validate(EventsRecord, record))
        if fields is not None:
            self._answers.answer(peer, record["id"], "events", encode.done_fields(fields))

    @property
    def has_watchers(self) -> bool:
        """Somebody waits for events, and for the end of the time to wait."""
        return self._admin.events.has_waiting

    def answer_watchers(self) -> None:
        """In each round, at its end."""
        for peer, request_id, fields in self._admin.events.due():
            self._answers.answer(peer, request_id, "events", encode.done_fields(fields))

    def end_watchers(self) -> None:
        for peer, request_id, fields in self._admin.events.end():
            self._answers.answer(peer, request_id, "events", encode.done_fields(fields))

    # -- the master switch -----------------------------------------------------------------------

    def _switch(self, record: SwitchRecord, on_done: Callable[[dict[str, Any] | AgentdError], None]) -> None:
        """Off, all that is open ends now, wherever it is."""
        self._admin.set_switch(record, lambda outcome: self._post(lambda: on_done(outcome)))
        if record.on is not None:
            self.follow_switch()

    def follow_switch(self) -> None:
        """Tells those who call models how it stands; also at the start."""
        switch = self._admin.switch
        self._moderation.switch(on=switch.is_on)
        self._lanes.switch(None if switch.is_on else switch.refusal)
        if switch.is_on:
            return
        ended = [request for place in self._waiting() for request in place.values()]
        for place in self._waiting():
            place.clear()
        for request in ended:
            self._finish.deliver(request, switch.refusal())

    # -- cancelling ------------------------------------------------------------------------------

    def _cancel(self, peer: Peer, record: dict[str, Any]) -> bool:
        """Whether there was something to cancel; its own answer, `cancelled`, comes by itself."""
        key = (peer, schema.validate(schema.CancelRecord, record).target)
        if self._admin.events.cancel(*key):
            self._answers.answer(*key, "events", encode.error_fields(Cancelled("cancelled by the client")))
            return True
        for place in self._waiting():
            if (request := place.pop(key, None)) is not None:
                self._finish.deliver(request, Cancelled("cancelled by the client"))
                return True
        found = self._open_requests.is_open(*key)
        self._at_engine.cancel(key)
        return found

    def drop_peer(self, peer: Peer) -> None:
        """The peer is gone, or does not read: frees all its requests."""
        self._open_requests.close_peer(peer)
        self._admin.events.drop_peer(peer)
        for place in (*self._waiting(), self._at_engine.held):
            for key in [key for key in place if key[0] == peer]:
                del place[key]
        self._lanes.drop_peer(peer)
