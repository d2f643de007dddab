"""The process in which engines speak and listen, and its parent's side.

A process of its own, since engines hold the interpreter for tenths of a second, and games wait for answers meanwhile;
since native code may crash; and since their 200 MB are given back when nobody speaks.
"""
