"""Pictures of fingerspelled words in SignWriting, for players who read it (docs/signs.md).

`service.py` is what the HTTP process uses; all that imports the package `signwriting` runs in a child process.
"""
