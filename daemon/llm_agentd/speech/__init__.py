"""Speech: text becomes sound, sound becomes text. An addition that may fail without anybody missing a line.

Importing it loads no numpy and no engine: those are loaded where a voice is first made, in a process of their own.
"""
