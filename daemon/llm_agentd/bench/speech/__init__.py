"""`bench speech`: how soon a voice is heard, what each engine costs, and what speech costs the model beside it.

bench.py measures and reports; lines.py has what is said, mouth.py asks the daemon for it as the mod does.
first_sound.py, engine_cost.py and beside.py are the three parts.
"""

from llm_agentd.bench.speech.bench import measure

__all__ = ["measure"]
