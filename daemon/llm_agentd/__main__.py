"""`python -m llm_agentd`: the command line, also where the script `llm-agentd` is not on the PATH."""

from __future__ import annotations

from llm_agentd.cli import main

if __name__ == "__main__":
    main()
