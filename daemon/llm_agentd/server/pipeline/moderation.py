"""Steps 2 and 4, and the first half of 8: what a player says and what an NPC answers, before the other side has it.

Router thread. The word list judges at once, a classifier in its own thread: what waits for its verdict is `held`, and
whoever was cancelled or vanished meanwhile is not there any more, so nothing of theirs is held back or logged. Knows no
rules; those are the Moderator's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from llm_agentd.errors import AgentdError
from llm_agentd.moderation.moderator import Direction, Moderator, Verdict
from llm_agentd.protocol import schema
from llm_agentd.server.pipeline.finish import Finish
from llm_agentd.server.request_builder import RequestBuilder
from llm_agentd.types import Explanation, Message, ModerationContext, Peer, Reply, Request


class Moderation:
    """`check_in` before there is a request, `classify_in` with one, `finish` with its outcome."""

    def __init__(
        self,
        moderator: Moderator | None,
        request_builder: RequestBuilder,
        finish: Finish,
        post: Callable[[Callable[[], None]], None],
    ) -> None:
        self._moderator = moderator
        self._request_builder = request_builder
        self._finish = finish
        self._post = post
        self.held: dict[tuple[Peer, str], Request] = {}  # by peer and id: at the classifier

    @property
    def rules(self) -> str | None:
        """Which rules hold now; None: none."""
        return None if self._moderator is None or self._moderator.is_off else self._moderator.tag

    def switch(self, *, on: bool) -> None:
        if self._moderator is not None:
            self._moderator.switch(on=on)

    def check_in(self, record: schema.ThinkRecord) -> tuple[schema.ThinkRecord, ModerationContext | None]:
        """The word list on what the player says. Raises Filtered."""
        if self._moderator is None or self._moderator.is_off:
            return record, None
        return self._moderator.check_in(record, self._request_builder.wanted_language(record))

    def check_in_chat(self, record: schema.InferRecord) -> tuple[schema.InferRecord, ModerationContext | None]:
        """The same for an `infer`, which is a client's own text: only where the client asks for it."""
        if not record.moderate or self._moderator is None or self._moderator.is_off:
            return record, None
        chat = record.messages or (Message("user", record.prompt or ""),)
        language = self._request_builder.default_language
        fit, context = self._moderator.check_in_chat(chat, record.player or "", language)
        return (record if fit == chat else replace(record, messages=fit)), context

    def is_classified(self, request: Request) -> bool:
        return self._moderator is not None and self._moderator.has_classifier and request.moderation is not None

    def classify_in(self, request: Request, go_on: Callable[[], object]) -> bool:
        """Has the player's words classified; `go_on` is called where they pass. False: it may go on now."""
        context = request.moderation
        if context is None or not context.player_text or not self.is_classified(request):
            return False
        self._classify("in", request, context.player_text, go_on)
        return True

    def finish(self, request: Request, outcome: Reply | Explanation | AgentdError) -> None:
        """What the cache or the engine has for a request: a reply is classified first, where that is configured."""
        if isinstance(outcome, Reply) and self.is_classified(request):
            self._classify("out", request, outcome.text, lambda: self._finish.deliver(request, outcome))
        else:
            self._finish.deliver(request, outcome)

    def _classify(self, direction: Direction, request: Request, text: str, go_on: Callable[[], object]) -> None:
        """Hands `text` to the classifier; `go_on` is called where it finds nothing wrong. Only where `is_classified`.

        The word list has passed the text already. The verdict comes back through the inbox.
        """
        moderator, context = self._moderator, request.moderation
        assert moderator is not None
        assert context is not None
        key = (request.peer, request.id)
        self.held[key] = request

        def on_verdict(verdict: Verdict | None) -> None:
            if self.held.get(key) is not request:
                return
            del self.held[key]
            if verdict is None:
                go_on()
            else:
                self._finish.deliver(request, moderator.hold_back(direction, context, text, verdict))

        moderator.classify(text, lambda verdict: self._post(lambda: self._finish.attempt(request, on_verdict, verdict)))
