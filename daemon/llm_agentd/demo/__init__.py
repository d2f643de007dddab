"""`make demo`: a real game server with NPCs that talk, on the embedded model. `game.py` starts the server."""
