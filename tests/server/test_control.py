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
        'llm_agentd_cache_total{result="miss"} 1.0',
        'llm_agentd_queue_depth{priority="spoken"} 0.0',
        "llm_agentd_active_sequences 0.0",
        "llm_agentd_batch_size_bucket",
        "llm_agentd_first_text_seconds_count 1.0",
        'llm_agentd_tokens_total{kind="completion"}',
        "llm_agentd_process_resident_bytes",
        "llm_agentd_process_cpu_seconds_total",
    ):
        assert name in text
    assert client.stats()["queue"] == {"spoken": 0, "ambient": 0, "background": 0}
