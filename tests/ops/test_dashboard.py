"""`llm-agentd dashboard`: the address that opens the page, and how it reaches a browser without telling the machine."""

from __future__ import annotations

import stat
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

import pytest

from llm_agentd.config.sections import Http
from llm_agentd.errors import StartError
from llm_agentd.ops.dashboard import OPENER, dashboard_url, open_dashboard

TOKEN = "a+token/with=signs"


@pytest.mark.parametrize(
    ("host", "begins"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000/#"), ("localhost", "http://localhost:8000/#"),
        ("0.0.0.0", "http://127.0.0.1:8000/#"), ("::", "http://127.0.0.1:8000/#"), ("::1", "http://[::1]:8000/#"),
    ],
)  # fmt: skip
def test_address_has_the_token_behind_the_hash(host: str, begins: str) -> None:
    url = dashboard_url(Http(host=host), TOKEN)
    assert url.startswith(begins)
    assert unquote(urlsplit(url).fragment) == f"token={TOKEN}"


def test_address_without_token_where_none_is_wanted() -> None:
    assert dashboard_url(Http(port=8123), None) == "http://127.0.0.1:8123/"


def test_address_is_https_where_the_adapter_speaks_tls(tmp_path: Path) -> None:
    url = dashboard_url(Http(tls_cert=tmp_path / "cert.pem", tls_key=tmp_path / "key.pem"), TOKEN)
    assert url.startswith("https://")


def test_port_that_only_the_daemon_knows_is_an_error_with_the_place_to_look() -> None:
    with pytest.raises(StartError, match="ready http="):
        dashboard_url(Http(port=0), TOKEN)


def test_browser_is_opened_without_the_token_among_its_arguments(tmp_path: Path) -> None:
    opened: list[str] = []

    def browse(address: str) -> bool:
        opened.append(address)
        return True

    url = dashboard_url(Http(), TOKEN)
    open_dashboard(url, tmp_path / "state", browse)
    assert TOKEN not in opened[0]
    assert "token=" not in opened[0]
    page = Path(url2pathname(urlsplit(opened[0]).path))
    assert page == tmp_path / "state" / OPENER
    assert url in page.read_text(encoding="utf-8")
    assert stat.S_IMODE(page.stat().st_mode) == 0o600


def test_machine_without_a_browser_is_an_error_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="without --open"):
        open_dashboard("http://127.0.0.1:8000/", tmp_path, lambda _: False)
