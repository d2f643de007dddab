"""Sizes and counts as people read them, for the tables and lines of `llm-agentd model`. Pure."""

from __future__ import annotations


def size_words(count: float) -> str:
    """`98 MB`, `2.15 GB`: as shops and the hubs write sizes, a thousand to the step."""
    if count < 1_000_000:
        return f"{count / 1000:.0f} kB"
    if count < 1_000_000_000:
        return f"{count / 1_000_000:.0f} MB"
    return f"{count / 1_000_000_000:.{2 if count < 10_000_000_000 else 1}f} GB"


def parameters_words(count: int) -> str:
    """`135 M`, `1.24 B`."""
    return f"{count / 1_000_000:.0f} M" if count < 1_000_000_000 else f"{count / 1_000_000_000:.3g} B"
