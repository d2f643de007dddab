"""What only the long form runs: what needs more than the short form may cost."""

from __future__ import annotations

from tests.faults.campaign import LONG

collect_ignore = [] if LONG else ["test_web_page.py"]  # a browser
