"""Engines that speak, one a file; `choose` is the only way in.

Libraries load when an engine that needs one is opened, so this package can be imported without any of them.
"""
