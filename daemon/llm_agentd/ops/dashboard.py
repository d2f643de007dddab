"""`llm-agentd dashboard`: the dashboard's address with the token in it, printed or opened in a browser.

Main thread. The token stands behind `#`, which browsers send to nobody: the page takes it from there. Knows the
configuration and files, nothing of what the page shows.
"""

from __future__ import annotations

import ipaddress
import os
import tempfile
import webbrowser
from collections.abc import Callable
from html import escape
from pathlib import Path
from urllib.parse import quote

from llm_agentd.config.private_files import make_private_folder
from llm_agentd.config.sections import Http
from llm_agentd.errors import StartError

OPENER = "open-dashboard.html"
# Opened in the place of the address itself, as Jupyter does it: whoever lists the processes of this machine sees the
# arguments of a browser, and the token would be one of them.
PAGE = (
    '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url={url}"><title>llm-agentd</title>\n'
)


def dashboard_url(http: Http, token: str | None) -> str:
    """Raises StartError where the port is known only to the daemon that runs."""
    if http.port == 0:
        raise StartError(
            "http.port is 0, any free port: open the address in the line `ready http=…` of llm-agentd serve"
        )
    scheme = "https" if http.tls_cert is not None else "http"
    fragment = f"#token={quote(token, safe='')}" if token else ""
    return f"{scheme}://{_authority(http.host)}:{http.port}/{fragment}"


def _authority(host: str) -> str:
    """The name for a browser on this machine: an adapter that listens on all addresses is reached by loopback's."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1"
    return f"[{host}]" if address.version == 6 else host


def open_dashboard(url: str, state: Path, browse: Callable[[str], bool] = webbrowser.open) -> None:
    """Opens the address in the browser of whoever sits here. Raises StartError where there is none."""
    try:
        make_private_folder(state, "the state folder")
        page = _write(state / OPENER, PAGE.format(url=escape(url)))
    except OSError as error:
        raise StartError(
            f"{state / OPENER}: cannot write what opens the browser ({error.strerror}); without --open the address is"
            " printed"
        ) from error
    if not browse(page.as_uri()):
        raise StartError("no browser to open on this machine; without --open the address is printed")


def _write(path: Path, text: str) -> Path:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # mode 0600: it holds the token
    with open(handle, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(name, path)
    return path
