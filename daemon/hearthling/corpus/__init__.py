"""The corpus of the embedded model: lines of players with their topics, and moments with the replies that fit.

`samples(seed)` are for the network, `lines` for the classifier of topics. Prompts are rendered by the daemon's own
`llm_agentd.prompt.moment`, so that training and serving cannot drift apart.
"""

from __future__ import annotations

from hearthling.corpus.moments import Sample, samples

__all__ = ["Sample", "samples"]
