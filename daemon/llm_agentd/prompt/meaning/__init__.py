"""What a think means for a model that is told topics and placeholders: `SlotReader` reads it."""

from llm_agentd.prompt.meaning.reader import SlotReader
from llm_agentd.prompt.meaning.reading import Reading

__all__ = ["Reading", "SlotReader"]
