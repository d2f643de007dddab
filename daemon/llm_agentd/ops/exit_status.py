"""What the exit status of a child process says to an admin: how it ended, and what to do about it.

Pure. `status` is that of subprocess.Popen: an exit code, or minus the number of the signal that killed the process.
"""

from __future__ import annotations

import signal

# The exit codes of llm-agentd itself, which has said why in a line of its own on stderr: a bad answer, wrong use.
EXPLAINED_CODES = frozenset({1, 2})

NATIVE_CRASH = (
    "native code crashed, most likely the model's engine: try --set model.engine=ctransformers, or another model.path;"
    " --set model.engine=stub starts without a model"
)
FIXES = {
    signal.SIGSEGV: NATIVE_CRASH,
    signal.SIGBUS: NATIVE_CRASH,
    signal.SIGABRT: NATIVE_CRASH,
    signal.SIGFPE: NATIVE_CRASH,
    signal.SIGILL: "the engine was compiled for another processor: install it anew on this machine, or try"
    " --set model.engine=ctransformers",
    signal.SIGKILL: "most likely memory ran out (journalctl -k tells): take a smaller model.path or"
    " model.context_tokens, or less cache.kv_max_bytes",
}
UNKNOWN = (
    "lines before this one may say more; `llm-agentd serve --set http.enabled=false` runs the daemon alone,"
    " `llm-agentd http` the adapter"
)


def how_it_ended(status: int) -> str:
    """`was killed by SIGSEGV`, `ended with exit code 3`."""
    if status >= 0:
        return f"ended with exit code {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:  # a real-time signal has no name
        return f"was killed by signal {-status}"


def fix(status: int) -> str:
    """What an admin may try, as the end of a sentence."""
    if status < 0 and -status in FIXES:
        return FIXES[signal.Signals(-status)]
    return UNKNOWN
