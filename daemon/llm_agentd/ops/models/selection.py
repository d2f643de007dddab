"""Which file an admin means: the embedded model, one of the catalogue, one in the folder of models, or any path.

Pure but for looking which files there are.
"""

from __future__ import annotations

from pathlib import Path

from llm_agentd.config import Config
from llm_agentd.engines import EMBEDDED_MODEL
from llm_agentd.errors import StartError
from llm_agentd.ops.models import catalogue
from llm_agentd.ops.models.store import ModelStore
from llm_agentd.util.did_you_mean import did_you_mean

EMBEDDED = EMBEDDED_MODEL.stem


def find_model(name: str, store: ModelStore) -> Path:
    """The file, or the first part, of NAME|FILE. Raises StartError that says what to do."""
    if name.lower() == EMBEDDED:
        return EMBEDDED_MODEL
    entry = catalogue.find(name)
    if entry is not None:
        if not store.has(entry.files[0].name):
            raise StartError(f"{name} is not in {store.folder} yet; first: llm-agentd model pull {name}")
        return store.folder / entry.files[0].name
    path = Path(name).expanduser()
    if path.is_file():
        return path.resolve()
    here = {path.stem: path for path in store.models()}
    if path.stem in here and "/" not in name:
        return here[path.stem]
    if "/" in name:
        raise StartError(
            f"there is no file {path}; `llm-agentd model list` shows what is there and what can be fetched"
        )
    names = [EMBEDDED, *here, *(entry.name for entry in catalogue.entries())]
    hint = did_you_mean(name, names)
    raise StartError(
        f"there is no model {name}{hint}; `llm-agentd model list` shows what is there and what can be fetched"
    )


def served_model(config: Config) -> Path:
    return config.model.path or EMBEDDED_MODEL
