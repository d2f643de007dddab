"""The configuration: one frozen object, loaded once, each setting with its source."""

from llm_agentd.config.sections import ALL_LAYERS, Agents, Config, known_keys, load_config, state_dir

__all__ = ["ALL_LAYERS", "Agents", "Config", "known_keys", "load_config", "state_dir"]
