"""Which signals ask a service to stop, from its first moment on. Main thread.

SIGTERM and SIGINT (Ctrl-C) do. SIGHUP does where there is a terminal: it was closed. Without one it is what some admins
send to have a configuration read again; that needs a restart, and must not end the service: it is ignored, as it is
under nohup.
"""

from __future__ import annotations

import os
import signal

_HANGUP: signal.Signals | None = getattr(signal, "SIGHUP", None)  # Windows has none


def stop_signals() -> tuple[signal.Signals, ...]:
    """Those that a service must handle now."""
    hangs_up = _HANGUP is not None and signal.getsignal(_HANGUP) is not signal.SIG_IGN
    return (signal.SIGTERM, signal.SIGINT, *((_HANGUP,) if _HANGUP is not None and hangs_up else ()))


def stop_at_once() -> None:
    """Until the service has handlers of its own: it has nothing to finish yet, and a stop that was asked for is no
    failure. It ends here and now, as an exception could be raised anywhere, and be lost there.
    """
    if _HANGUP is not None and not os.isatty(0):
        signal.signal(_HANGUP, signal.SIG_IGN)
    for number in stop_signals():
        signal.signal(number, lambda *_: os._exit(0))
