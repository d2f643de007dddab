"""Models behind OpenAI's protocol, on this machine or another: one engine like any other.

`target.py` has the shapes that all of it shares, `transport.py` makes one call to one server, `dialect.py` knows what a
server understands, `engine.py` is the engine. Knows no requests, no sockets of ours and no NPCs.
"""
