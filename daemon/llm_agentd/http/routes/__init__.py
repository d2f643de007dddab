"""The routes: one file a family, each with one function `add(app, …)`; their bodies and answers in `schema.py`."""
