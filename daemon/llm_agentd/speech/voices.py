"""Which voice an NPC has. For now all have the same, or a deep one."""

from __future__ import annotations

from llm_agentd.speech.types import Voice


def voice_of(words: str, npc_id: str, *, name: str = "", role: str = "") -> Voice:
    """`words`: its own or its role's."""
    del npc_id, name, role
    return Voice(semitones=-2.5 if "deep" in words else 0.0)
