"""llm-agentd: a daemon that gives the NPCs of a Luanti server a mind.

The way of a request, room by room:

    mods/llm_agent  →  door/ (HTTP, own process)  →  serving/router.py (ROUTER socket, wire.py, intake.py)
        →  agents/ (a `think` becomes messages; memory.py: what was before)  →  serving/cache.py (known? answer now)
        →  serving/window.py (batch window)  →  serving/inference.py (pinned thread)
        →  serving/sequences.py (who runs; prefix.py: what need not be computed)  →  engines/
        →  back the same way, and to disk behind the reply: cache, prefixes and memory have a writer thread each
"""

__version__ = "0.1.0"
