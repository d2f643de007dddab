"""`bench exchanges`: what NPCs say and do to 200 scripted lines of a player, in a real game server with the real model.

bench.py measures; scenes/*.yaml are the script, written by somebody who did not see what the model is trained on.
Whoever writes that corpus, or the mod's lines, neither reads nor edits these files.
"""

from llm_agentd.bench.exchanges.bench import measure

__all__ = ["measure"]
