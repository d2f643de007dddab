"""`python -m llm_agentd.demo`, as `make demo` calls it."""

from __future__ import annotations

import sys

from llm_agentd.demo.main import main

if __name__ == "__main__":
    sys.exit(main())
