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
FIXES = {  # by name: Windows has few of them
    "SIGSEGV": NATIVE_CRASH,
    "SIGBUS": NATIVE_CRASH,
    "SIGABRT": NATIVE_CRASH,
    "SIGFPE": NATIVE_CRASH,
    "SIGILL": "the engine was compiled for another processor: install it anew on this machine, or try"
    " --set model.engine=ctransformers",
    "SIGKILL": "most likely memory ran out (journalctl -k tells): take a smaller model.path or"
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
    return f"was killed by {_signal_name(status) or f'signal {-status}'}"


def fix(status: int) -> str:
    """What an admin may try, as the end of a sentence."""
    return FIXES.get(_signal_name(status), UNKNOWN)


def _signal_name(status: int) -> str:
    """ "" for an exit code, and for a real-time signal, which has no name."""
    try:
        return signal.Signals(-status).name
    except ValueError:
        return ""
