"""Becomes the process that runs daemon and HTTP adapter and starts again whichever dies.

`serve` had to read the configuration to know that it is this process, and holds all that was imported for it: 40 MiB
for a process that only waits. So it begins anew, as the same process (systemd and shells see no other), with nothing
loaded but the supervisor: python -m llm_agentd.ops.supervise LOG_LEVEL ENDPOINT [OPTION …]. Main thread.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence

from llm_agentd.errors import StartError
from llm_agentd.ops.supervisor import Supervisor
from llm_agentd.util.service_log import start_log
from llm_agentd.util.stop_signals import stop_at_once, stop_signals
from llm_agentd.util.terminal_text import plain

BAD_ANSWER = 1  # the exit code, as that of the command line


def supervise(argv: Sequence[str], endpoint: str, log_level: str) -> int:
    """Runs daemon and adapter with the options `argv` until SIGTERM or Ctrl-C; returns the exit code, or does not
    return. `endpoint`: where the daemon shall listen and the adapter find it. Raises StartError.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows, where no process can begin anew either
        return supervisor(argv, endpoint).run()
    # What is sent until the new handlers stand waits: a mask outlives `exec`, as handlers do not.
    signal.pthread_sigmask(signal.SIG_BLOCK, stop_signals())
    os.execv(sys.executable, [sys.executable, "-m", __name__, log_level, endpoint, *argv])


def supervisor(argv: Sequence[str], endpoint: str) -> Supervisor:
    base = [sys.executable, "-m", "llm_agentd"]
    own = ["--set", f"zmq.endpoint={endpoint}"]
    daemon = [*base, "serve", *argv, *own, "--set", "http.enabled=false"]
    return Supervisor(daemon=daemon, http=[*base, "http", *argv, *own])


def main() -> int:
    stop_at_once()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, stop_signals())
    log_level, endpoint, *argv = sys.argv[1:]
    start_log(log_level)
    try:
        return supervisor(argv, endpoint).run()
    except StartError as error:
        print(f"llm-agentd: {plain(' '.join(str(error).split()))}", file=sys.stderr)
        return BAD_ANSWER


if __name__ == "__main__":
    sys.exit(main())
