"""schemathesis on the OpenAPI of the real adapter: every answer is as declared, and none is a 500."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.campaign import SEED, Tally, size
from tests.faults.host import TOKEN, Host
from tests.support.openapi_attack import attack

pytestmark = [pytest.mark.faults, pytest.mark.slow]

ATTACK_S = size(short=5, long=120)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with Host(tmp_path) as host:
        yield host


def test_openapi(tally: Tally, host: Host) -> None:
    host.ready("daemon")
    adapter = host.ready("http")
    status, report = attack(f"http://127.0.0.1:{host.port}", TOKEN, seconds=ATTACK_S, seed=SEED)
    generated = re.search(r"(\d+) generated", report)
    tally.passed(int(generated[1]) if generated else 0)
    tally.check(status == 0, report[-3000:])
    tally.check(adapter.is_running(), "the adapter has ended")
    tally.check("Traceback" not in adapter.errors(), adapter.errors()[-1500:])
