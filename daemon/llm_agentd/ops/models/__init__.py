"""`llm-agentd model …`: which models there are, fetching one, what it is worth, and serving it."""
