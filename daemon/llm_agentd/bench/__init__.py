"""Benchmarks: `llm-agentd bench NAME`. runner.py runs one; each of the others is a benchmark or a part of some."""
