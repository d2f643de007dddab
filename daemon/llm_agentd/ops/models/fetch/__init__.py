"""Fetching a model: what the source is (`source`), how its files come (`download`, `hub`, `wheel`), and `pull`."""
