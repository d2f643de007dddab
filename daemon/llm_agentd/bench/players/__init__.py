"""Players for benchmarks: they speak the game's own protocol over UDP, without a window, and do what they are told.

wire.py has packets and their delivery, player.py one player, crowd.py several in one thread. What they do is decided in
the game, which sees the world: it sends each its orders in chat (demo/llm_village/players.lua).
"""
