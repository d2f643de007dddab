"""The configuration: one frozen object, loaded once at start and handed on as narrow arguments."""

from llm_agentd.config.load import load_config
from llm_agentd.config.paths import state_dir
from llm_agentd.config.sections import Agents, Config, known_keys
from llm_agentd.config.values import ALL_LAYERS

__all__ = ["ALL_LAYERS", "Agents", "Config", "known_keys", "load_config", "state_dir"]
