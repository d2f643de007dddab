"""HTTP for mods, tools and browsers, as a process of its own.

The way of a request: server.py (socket, signals) → protocol.py (limits of a connection) → metrics.py (counted) →
direct.py (a game's own calls go to their route from here) → drain.py (answers that come before a body) → auth.py
(origin, token) → app.py (errors) → one file a family of routes (infer, exchange, roles, memory, info) →
daemon_client.py (one connection: stream_connection.py, or ZeroMQ to another machine), with open_requests.py (all that
is open, and who is to blame where the daemon died). sessions.py keeps the events of games until they are acknowledged,
socket_session.py what a WebSocket asked and has not read; replies.py waits while a client may go away. A crash of the
daemon's native code loses no client here, and parsing HTTP never takes the interpreter from sampling.
"""

from llm_agentd.http.app import create_app
from llm_agentd.http.server import run

__all__ = ["create_app", "run"]
