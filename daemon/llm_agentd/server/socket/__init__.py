"""The ROUTER socket's edge: who may reach it (`endpoint.py`, `curve.py`, `keys.py`, `connection_guard.py`), and how its
messages are read without keeping more than the limits of the wire (`receiver.py`)."""
