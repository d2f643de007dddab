"""`make demo`: a real game server with NPCs that talk, on the embedded model. main.py runs it."""
