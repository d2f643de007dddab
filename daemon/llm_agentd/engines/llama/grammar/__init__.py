"""What a client's grammar or schema passes before llama.cpp follows it.

`gbnf_check.py` and `schema_check.py` refuse by name what is known to hang or to kill; `trial.py` compiles what is new
in a process of its own; `grammars.py` gives the engine the text that it follows.
"""
