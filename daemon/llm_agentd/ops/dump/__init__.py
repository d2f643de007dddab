"""`llm-agentd dump`: looks into the completion cache and the saved prefixes, also while the daemon runs."""

from llm_agentd.ops.dump.command import dump, dump_shared

__all__ = ["dump", "dump_shared"]
