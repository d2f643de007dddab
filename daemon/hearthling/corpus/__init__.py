"""The corpus of the embedded model: an endless stream of NPC talk written for this project, and its checker.

`samples(seed, split)` yields training or held-out examples; `check(expect, reply)` judges any reply.
Prompts are rendered by the daemon's own `llm_agentd.prompt`, so that training and serving cannot drift apart.
"""

from __future__ import annotations

from hearthling.corpus.checker import Verdict, check
from hearthling.corpus.expect import Expect
from hearthling.corpus.generator import Sample, samples

__all__ = ["Expect", "Sample", "Verdict", "check", "samples"]
