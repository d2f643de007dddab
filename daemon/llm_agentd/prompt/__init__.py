"""Prompts: from a `Think` to chat messages, the schema of the reply, and the action that a reply chooses."""
