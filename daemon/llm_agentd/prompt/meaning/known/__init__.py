"""What of persona, knowledge and memory answers a line, and what nobody told. See `relevance`."""
