"""What the HTTP process counts of itself, under names of its own: the daemon's metrics are another process's.

Runs on the event loop. The middleware stands before all others, so that it counts what these refuse, too. A route is
known by its template (`/v1/roles/{name}`), never by the path that a client sent: each new path would be a new series.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from prometheus_client.metrics import Counter, Gauge, Histogram
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import CollectorRegistry
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from llm_agentd.errors import AgentdError, Cancelled

# The longest call is a game's that waits for events, with the time of a generation behind it.
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
NO_ROUTE = "other"  # refused before it was routed, or a path that does not exist


class HttpMetrics:
    """All metrics of one HTTP process. `text` puts them behind the daemon's; `registry` is for those of its rooms."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        name = "llm_agentd_http_"
        self._requests = Counter(f"{name}requests", "Answered HTTP requests", ("route", "code"), registry=registry)
        self._seconds = Histogram(
            f"{name}request_duration_seconds",
            "From a request's headers to the end of its answer",
            ("route",),
            buckets=SECONDS,
            registry=registry,
        )
        self._up = Gauge("llm_agentd_up", "Whether the daemon answered the HTTP process", registry=registry)
        self._sessions = Gauge(f"{name}sessions", "Sessions of games", registry=registry)
        self._open = Gauge(f"{name}open_requests", "Requests that the daemon has not answered yet", registry=registry)
        self._websockets = Gauge(f"{name}websockets", "Open connections to /v1/ws", registry=registry)
        self._microphones = Gauge(f"{name}microphones", "Pages that a player speaks into", registry=registry)
        self.websockets = 0
        # Looked up once: routes are few, and so are the codes that each answers.
        self._of_answer: dict[tuple[str, int], tuple[Counter, Histogram]] = {}
        ProcessCollector(namespace="llm_agentd_http", registry=registry)

    def show_microphones(self, count: Callable[[], float]) -> None:
        self._microphones.set_function(count)

    def answered(self, route: str, status: int, duration_s: float) -> None:
        found = self._of_answer.get((route, status))
        if found is None:
            found = self._requests.labels(route, str(status)), self._seconds.labels(route)
            self._of_answer[route, status] = found
        count, seconds = found
        count.inc()
        seconds.observe(duration_s)

    def text(self, daemon_text: str | None, *, sessions: int, open_requests: int) -> str:
        """Exposition text. `daemon_text`: the daemon's, None where it does not answer."""
        from prometheus_client.exposition import generate_latest  # as in the daemon

        self._up.set(daemon_text is not None)
        self._sessions.set(sessions)
        self._open.set(open_requests)
        self._websockets.set(self.websockets)
        return (daemon_text or "") + generate_latest(self.registry).decode()


class CountRequests:
    """Middleware: counts every answer and how long it took."""

    def __init__(self, app: ASGIApp, metrics: HttpMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = Cancelled.http_status  # where the client goes before it is answered
        began_s = time.perf_counter()

        async def send_and_see(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_see)
        except Exception:  # a bug: it is answered outside of all middleware
            status = AgentdError.http_status
            raise
        finally:
            route = getattr(scope.get("route"), "path", NO_ROUTE)
            self._metrics.answered(route, status, time.perf_counter() - began_s)
