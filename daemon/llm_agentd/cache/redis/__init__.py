"""The cache that daemons share, in Redis or Valkey, as the second level behind each daemon's own.

`value`: a reply as bytes there. `store`: the commands. `link`: the thread that talks to Redis, and its breaker.
`shared_cache`: both levels behind the face of one completion cache.
"""
