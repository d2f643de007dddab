"""Whether a binding computes a model rightly on this machine, how fast it is, and which one to take. See `choice`."""
