"""What a think means for a model that is told topics and placeholders: `SlotReader` reads it."""

from llm_agentd.prompt.meaning.reader import Reading, SlotReader

__all__ = ["Reading", "SlotReader"]
