"""How many files and sockets this process may have open at once. Any thread; knows nothing of who opens them."""

from __future__ import annotations

import contextlib


def raise_limit() -> None:
    """Raises the soft limit to the hard one; nothing where there are no such limits (Windows), or it is not allowed.

    The soft limit is 1024 nearly everywhere, for programs that use select(2); the hard one is half a million. libzmq
    aborts the whole process where a peer comes over a Unix socket and no descriptor is left (ipc_listener.cpp: EMFILE
    is not among the errors of accept(2) that it expects), so what is left must be more than peers can take.
    """
    try:
        import resource
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # macOS: the kernel's own limit may be lower than the hard one
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
