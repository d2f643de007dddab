"""What an admin changes while the daemon runs: settings, roles, memory, kept replies; and the model's self-test."""
