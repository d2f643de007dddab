"""OpenAPI, written by FastAPI from what the routes say of themselves. Loaded for who asks for it; any thread."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI

from llm_agentd import __version__
from llm_agentd.http.application import DescribedRoute
from llm_agentd.http.routes.schema import DESCRIPTION


def written(routes: Iterable[DescribedRoute]) -> dict[str, Any]:
    app = FastAPI(title="llm-agentd", version=__version__, description=DESCRIPTION)
    for route in routes:
        if route.describe is not None:
            app.add_api_route(route.path, route.endpoint, methods=[route.method], **route.describe())
    return app.openapi()
