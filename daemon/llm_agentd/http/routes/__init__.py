"""The routes: one file a family, each with one function `add(app, …)`; their bodies and answers in the
files `…schema.py`, which are loaded when somebody asks for /docs (application.py).
"""

from llm_agentd.util.late_package import late

for _name in ("schema", "steering_schema", "openai_schema"):
    late(f"{__name__}.{_name}")
