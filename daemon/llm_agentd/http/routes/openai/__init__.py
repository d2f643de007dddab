"""OpenAI's API, as far as a model of ours can do it: any client of that API works with its address changed.

The way of a request: fields.py and messages.py (body → the wire's record, and what is refused) → served.py (is it our
model?) → whole.py or stream.py (the answer, in one piece or as server-sent events) → answers.py (the wire's record →
OpenAI's object). chat.py, completions.py, models.py, embeddings.py, speech.py and transcriptions.py are the routes,
../openai_schema.py
describes them. docs/openai.md is the page. Errors have OpenAI's shape on these addresses
(http/error_shape.py).
"""

from __future__ import annotations

from llm_agentd.http.application import Application
from llm_agentd.http.daemon_client import DaemonClient
from llm_agentd.http.routes.openai import chat, completions, embeddings, models, speech, transcriptions
from llm_agentd.http.routes.openai.served import ServedModel
from llm_agentd.http.sessions import Sessions
from llm_agentd.speech.service import SpeechService


def add(app: Application, daemon: DaemonClient, sessions: Sessions, voice: SpeechService, language: str) -> None:
    """`sessions` know how long a request may take that does not say it, `language` what a text to be spoken is in."""
    served = ServedModel(daemon)
    chat.add(app, daemon, served, sessions)
    completions.add(app, daemon, served, sessions)
    embeddings.add(app, daemon, served, sessions)
    models.add(app, served)
    speech.add(app, voice, language)
    transcriptions.add(app, voice)
