"""`llm-agentd backup` and `restore`: what an admin would miss, in one file.

`archive` is the file's format; `places` says what belongs into it and where that lies; `create` and `restore` are the
two commands. Secrets (the token, keys), models and the cache stay out of it: the first do not belong into a file that
travels, the others can be had again.
"""
