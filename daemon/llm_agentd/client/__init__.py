"""The daemon from Python: `Client` for threads, `AsyncClient` for asyncio, over ZeroMQ.

    from llm_agentd.client import Client

    with Client() as client:
        reply = client.think({"id": "1", "name": "Mira", "role": "healer"}, "Good evening!", player="Ana")
        print(reply.text)

docs/python.md has more examples. `llm_agentd.protocol.schema` declares what requests may hold; errors are those of
`llm_agentd.errors`.
"""

from llm_agentd.client.asynchronous import AsyncClient, AsyncStream
from llm_agentd.client.blocking import Client, Stream
from llm_agentd.client.curve import CurveFiles
from llm_agentd.client.records import InferOptions, ThinkOptions

__all__ = ["Client", "CurveFiles", "Stream", "AsyncClient", "AsyncStream", "InferOptions", "ThinkOptions"]
