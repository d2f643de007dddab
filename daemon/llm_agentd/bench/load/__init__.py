"""The load of a village: which requests come when (trace.py), and the clients that send them (clients.py)."""
