"""Python loads this first where PYTHONPATH names its folder: takes away what macOS and Windows lack.

From llm_agentd the modules that are POSIX's; from everyone uvloop, and what `os`, `signal` and `socket` have of Linux
and POSIX. The standard library keeps the modules: on Linux it cannot do without. `msvcrt` is
there for llm_agentd, with the one function that is used of it. What this cannot show: how those systems start
processes, lay out paths and close files.
"""

from __future__ import annotations

import asyncio  # noqa: F401  # imported before anything is missing, as all that is below
import builtins
import ctypes
import errno
import os
import signal
import socket
import subprocess  # noqa: F401
import sys
from functools import partial
from types import ModuleType
from typing import Any

import psutil

POSIX_MODULES = frozenset({"fcntl", "grp", "pwd", "resource", "termios"})
OS_NAMES = (
    "O_CLOEXEC PRIO_PROCESS SCHED_BATCH SCHED_IDLE SCHED_OTHER eventfd fchown fork geteuid getloadavg getpgid"
    " getpriority getuid killpg memfd_create mkfifo nice posix_fadvise posix_fallocate sched_getaffinity sched_param"
    " sched_setaffinity sched_setscheduler setpriority setsid statvfs"
)
SIGNAL_NAMES = "SIGALRM SIGBUS SIGHUP SIGKILL SIGPIPE SIGQUIT SIGUSR1 SIGUSR2 pthread_sigmask setitimer sigwait"
SOCKET_NAMES = "AF_UNIX SOCK_CLOEXEC SOCK_NONBLOCK SO_PEERCRED SO_REUSEPORT"
LOCK_EX, LOCK_NB = 2, 4  # flock(2)

socket.socketpair = partial(socket.socketpair, socket.AF_UNIX)  # Windows has one too, over TCP
for module, names in ((os, OS_NAMES), (signal, SIGNAL_NAMES), (socket, SOCKET_NAMES)):
    for name in names.split():
        if hasattr(module, name):
            delattr(module, name)

del psutil.Process.cpu_affinity  # macOS has none
sys.modules["uvloop"] = None  # type: ignore[assignment]  # an import of it fails
libc = ctypes.CDLL(None, use_errno=True)
msvcrt: Any = ModuleType("msvcrt")
msvcrt.LK_NBLCK = 2


def locking(handle: int, mode: int, size: int) -> None:
    """As Windows': OSError where another holds the lock."""
    assert (mode, size) == (msvcrt.LK_NBLCK, 1)
    if libc.flock(handle, LOCK_EX | LOCK_NB) != 0:
        raise PermissionError(errno.EACCES, os.strerror(ctypes.get_errno()))


msvcrt.locking = locking
load: Any = builtins.__import__


def load_or_not(name: str, of: Any = None, *args: Any, **options: Any) -> Any:
    """`import` as it would be there, for llm_agentd."""
    if str((of or {}).get("__name__", "")).partition(".")[0] == "llm_agentd":
        if name in POSIX_MODULES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        if name == "msvcrt":
            return msvcrt
    return load(name, of, *args, **options)


builtins.__import__ = load_or_not  # type: ignore[assignment]
