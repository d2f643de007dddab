"""schemathesis on a running HTTP process: does it keep what its own /openapi.json says, whatever it is sent?

    python -m tests.support.openapi_attack URL TOKEN SECONDS [SEED]

A process of its own, as schemathesis sets hypothesis up in its own way.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "ignored_auth",
)
# What the routes declare where the daemon cannot, or the deadline is too short, is an answer like others; 500 is a bug.
SETTINGS = """
[checks]
not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 502, 503, 504]
"""
SOUND = "/voice/say"  # schemathesis has no way to write audio/wav; tests of the route send real sound, and damage
FUZZED = ("examples", "coverage", "fuzzing")
REQUEST_TIMEOUT_S = 60  # a call may wait 30 s for an event


def attack(url: str, token: str, *, seconds: int, seed: int = 1) -> tuple[int, str]:
    """Exit code and report: 0 where every answer was as declared, and none was a 5xx that is not declared.

    One worker: several are threads, which all generate code, and Python 3.11's parser does not take that.
    """
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json",
        "--url", url, "--header", f"Authorization: Bearer {token}",
        "--phases", ",".join(FUZZED), "--checks", ",".join(CHECKS),
        "--max-time", str(seconds), "--seed", str(seed), "--workers", "1",
        "--exclude-path", SOUND,
        "--request-timeout", str(REQUEST_TIMEOUT_S), "--continue-on-failure", "--no-shrink", "--warnings", "off",
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:  # where it also keeps what it learns
        (Path(folder) / "schemathesis.toml").write_text(SETTINGS)
        ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout + ended.stderr


if __name__ == "__main__":
    url, token, seconds, *seed = sys.argv[1:]
    status, report = attack(url, token, seconds=int(seconds), seed=int(seed[0]) if seed else 1)
    print(report)
    sys.exit(status)
