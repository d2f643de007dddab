"""How Redis or Valkey is reached: its address, and a client of it. What is kept there is for others to know.

`address` is pure, and all that the configuration needs. `connect` loads the library, which is an extra.
"""
