"""Step 6: a client's own grammar that is new is compiled on trial, in another process, before an engine meets it.

Router thread; the verdict comes back through the inbox. Who waits for it is `held`, and may be cancelled meanwhile.
Knows no grammar.
"""

from __future__ import annotations

from collections.abc import Callable

from llm_agentd.engines.llama.grammar.trial import ENGINES_TRIED, GrammarTrial
from llm_agentd.errors import AgentdError
from llm_agentd.scheduler.lanes import Lanes
from llm_agentd.server.pipeline.finish import Finish
from llm_agentd.types import Peer, Request


class FormatTrials:
    def __init__(
        self, trial: GrammarTrial, lanes: Lanes, finish: Finish, post: Callable[[Callable[[], None]], None]
    ) -> None:
        self._trial = trial
        self._lanes = lanes
        self._finish = finish
        self._post = post
        self.held: dict[tuple[Peer, str], Request] = {}  # by peer and id

    def hold(self, request: Request, go_on: Callable[[Request], None]) -> bool:
        """Holds the request until its grammar has passed, then calls `go_on`. False: it may go on now.

        Raises BadRequest for one that has failed before, Overloaded.
        """
        engine = self._lanes.engine_name(request.mind)
        if not request.has_client_format or engine not in ENGINES_TRIED or self._trial.known(request.sampling):
            return False
        key = (request.peer, request.id)

        def on_verdict(error: AgentdError | None) -> None:
            if self.held.get(key) is not request:
                return
            del self.held[key]
            if error is not None:
                raise error
            go_on(request)

        def on_tried(error: AgentdError | None) -> None:  # on the trial's thread
            self._post(lambda: self._finish.attempt(request, on_verdict, error))

        self._trial.submit(engine, request.sampling, request.deadline_s, on_tried)
        self.held[key] = request
        return True
