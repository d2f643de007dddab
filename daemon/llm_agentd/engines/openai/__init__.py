"""Models behind OpenAI's protocol, on this machine or another: one engine like any other.

`engine.py` is the engine, over a `pool.py` of servers, each asked in an `attempt.py` that a `budget.py` allows.
`transport.py` makes one call to one server, in the words of `api/`. `target.py` has the shapes that all of it shares.
Knows no requests, no sockets of ours and no NPCs.
"""
