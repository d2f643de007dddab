"""What a player wants done, or traded. See `given`."""
