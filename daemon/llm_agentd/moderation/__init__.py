"""Moderation: which words of players and of the model are blocked, what stands in their place, and the log of it."""
