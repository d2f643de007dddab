"""`bench mind`: what a model says, judged on held-out situations. bench.py measures; the YAML files are the situations.

Whoever writes a corpus for a model neither reads nor edits these files, and the other way round: see RUBRIC.md.
"""

from llm_agentd.bench.mind.bench import measure

__all__ = ["measure"]
