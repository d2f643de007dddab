"""What players mean: the topic of a line (`Topics`), and what of the world it names (`mentions`)."""

from __future__ import annotations

import os

# A line is far too little work for several threads: they would only take the processor from the inference thread. It
# must be set before numpy is loaded; whoever sets it in the environment has the last word.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from llm_agentd.topics.topics import FOLLOW_UP, UNCLEAR, UNCLEAR_BELOW, Meaning, Topic, Topics, open_topics, topics_path

__all__ = ["FOLLOW_UP", "UNCLEAR", "UNCLEAR_BELOW", "Meaning", "Topic", "Topics", "open_topics", "topics_path"]
