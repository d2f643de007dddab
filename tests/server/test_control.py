"""Ops that need no step of the engine."""

from __future__ import annotations

from llm_agentd import __version__
from llm_agentd.client import Client


def test_info_names_what_the_doctor_compares(client: Client) -> None:
    info = client.info()
    assert (info["version"], info["model"], info["engine"], info["parameters"]) == (__version__, "stub", "stub", 0)


def test_info_metrics_and_stats_count_a_request(client: Client) -> None:
    info = client.info()
    assert info["engine"] == "stub"
    assert "healer" in info["roles"]
    assert info["pid"] > 0
    client.infer("Count me")
    text = client.metrics()
    for name in (
        'llm_agentd_requests_total{op="infer",outcome="done"} 1.0',
        "llm_agentd_reply_cache_queries_total 1.0",
        'llm_agentd_num_requests_waiting{priority="spoken"} 0.0',
        "llm_agentd_num_requests_running 0.0",
        "process_resident_memory_bytes",
    ):
        assert name in text
    assert client.stats()["queue"] == {"spoken": 0, "ambient": 0, "background": 0}
