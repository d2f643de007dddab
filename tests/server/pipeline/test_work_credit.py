"""The purse of each peer: what it holds, how it fills, and that it takes no memory for ever."""

from __future__ import annotations

from llm_agentd.server.pipeline.work_credit import EARNED_S_PER_S, PEERS_MAX, PURSE_S, WorkCredit

ANA, BO = (b"ana",), (b"bo",)


def test_purse_is_empty_after_so_much_work_and_fills_by_itself() -> None:
    credit = WorkCredit()
    assert credit.has_some(ANA, 0.0)
    credit.spend(ANA, PURSE_S, 0.0)
    assert not credit.has_some(ANA, 0.0)
    assert credit.has_some(BO, 0.0), "of another peer"
    assert credit.has_some(ANA, 0.01)


def test_peer_that_goes_on_and_on_works_at_the_rate_it_earns() -> None:
    credit = WorkCredit()
    now_s = worked_s = 0.0
    while now_s < 100:
        now_s += 0.001
        if credit.has_some(ANA, now_s):
            credit.spend(ANA, 0.001, now_s)
            worked_s += 0.001
    assert abs(worked_s - (PURSE_S + 100 * EARNED_S_PER_S)) < 0.1


def test_purse_never_holds_more_than_at_first() -> None:
    credit = WorkCredit()
    credit.spend(ANA, 0.1, 0.0)
    credit.spend(ANA, PURSE_S, 1000.0)
    assert not credit.has_some(ANA, 1000.0)


def test_peers_that_come_and_go_are_forgotten_the_poorest_last() -> None:
    credit = WorkCredit()
    credit.spend(ANA, 10.0, 0.0)
    for number in range(PEERS_MAX * 3):
        credit.spend((str(number).encode(),), 0.1, 0.0)
    assert len(credit._purses) <= PEERS_MAX
    assert not credit.has_some(ANA, 0.0)
