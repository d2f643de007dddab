"""llm-agentd: a daemon that gives the NPCs of a Luanti server a mind.

The way of a request, package by package:

    mods/llm_agent  →  http/ (a process of its own)  →  server/ (router thread: router.py, pipeline.py)
        →  prompt/, roles/, memory/, moderation/ (a `think` becomes messages)  →  cache/ (a kept reply? answer now)
        →  scheduler/ (engine thread: request_queue.py, engine_loop.py, batch.py)  →  prefix_cache/, engines/
        →  back the same way; cache, prefix cache and memory write to disk behind the reply, each on a thread of its own

CONTRIBUTING.md has the map and follows a think in six files.
"""

__version__ = "0.1.0"
