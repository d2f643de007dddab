"""Moderation: which words of players and of the model are held back, what stands in their place, and the log of it."""
