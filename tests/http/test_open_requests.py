"""What is open at the HTTP process: deadlines that no re-sending renews, and who is to blame where a daemon dies."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from llm_agentd.http import open_requests
from llm_agentd.http.open_requests import SUSPECTS_MAX, TRIAL_S, OpenRequests, Submission, timeout_s_of
from llm_agentd.protocol import wire

LONG_S = 600.0


def ignore(*_: object) -> None:
    pass


def add(requests: OpenRequests, now_s: float = 0.0, *, timeout_s: float = LONG_S, **fields: Any) -> str:
    return requests.add(Submission({"op": "infer", "prompt": "x", **fields}, ignore, timeout_s), now_s).id


def control(requests: OpenRequests, now_s: float = 0.0) -> str:
    return requests.add(Submission({"op": "ping"}, ignore, LONG_S, is_control=True), now_s).id


def sent(requests: OpenRequests, now_s: float = 0.0) -> list[dict[str, Any]]:
    return [wire.loads(encoded[wire.LENGTH_BYTES :]) for encoded in requests.take_due(now_s)]


def sent_ids(requests: OpenRequests, now_s: float = 0.0) -> list[str]:
    return [record["id"] for record in sent(requests, now_s)]


def die(requests: OpenRequests, *, is_another: bool = True) -> list[str]:
    requests.on_disconnect()
    return requests.on_daemon_back(is_another=is_another)


# -- deadlines ------------------------------------------------------------------------------------


def test_request_sent_again_carries_what_is_left_of_its_deadline() -> None:
    requests = OpenRequests()
    add(requests, deadline_ms=5000, timeout_s=5.0)
    assert sent(requests)[0]["deadline_ms"] == 5000
    die(requests)
    assert sent(requests, 1.5)[0]["deadline_ms"] == 3500


def test_request_without_deadline_that_waited_is_sent_with_one() -> None:
    requests = OpenRequests()
    add(requests, timeout_s=5.0)
    add(requests, timeout_s=5.0, deadline_ms=5000)
    assert [record["deadline_ms"] for record in sent(requests, 2.0)] == [3000, 3000]


@pytest.mark.parametrize("bad", ["soon", -1, 0, 10**9, None, True])
def test_deadline_that_is_none_is_left_for_the_daemon_to_refuse(bad: object) -> None:
    requests = OpenRequests()
    assert timeout_s_of({"deadline_ms": bad}, 7000) == 7.0
    add(requests, deadline_ms=bad)
    assert sent(requests, 3.0)[0]["deadline_ms"] == bad


def test_resending_renews_no_deadline() -> None:
    requests = OpenRequests()
    wire_id = add(requests, timeout_s=5.0)
    for now_s in (0.0, 2.0, 4.0):
        assert sent_ids(requests, now_s) == [wire_id]
        die(requests, is_another=False)
    assert requests.expired(4.9) == []
    assert requests.expired(5.0) == [wire_id], "no daemon has it: there is no answer to wait for"
    assert sent_ids(requests, 5.0) == []


def test_request_in_flight_expires_after_the_grace() -> None:
    requests = OpenRequests()
    wire_id = add(requests, timeout_s=5.0)
    requests.take_due(0.0)
    assert requests.expired(5.0 + open_requests.EXPIRY_GRACE_S - 0.1) == []
    assert requests.expired(5.0 + open_requests.EXPIRY_GRACE_S) == [wire_id]
    requests.on_disconnect()
    assert requests.expired(5.0) == [wire_id]


def test_request_that_fills_its_record_is_sent_again_as_it_came() -> None:
    requests = OpenRequests()
    empty = len(wire.encode({"op": "infer", "prompt": "", "id": "1"})) - wire.LENGTH_BYTES
    add(requests, prompt="x" * (wire.RECORD_MAX_BYTES - empty))
    assert "deadline_ms" not in sent(requests, 1.0)[0]


# -- who is to blame ------------------------------------------------------------------------------


def test_suspects_are_tried_one_by_one_and_all_others_wait() -> None:
    requests = OpenRequests()
    first, second = add(requests), add(requests)
    assert sent_ids(requests) == [first, second]
    fresh = add(requests)
    assert die(requests) == []
    assert sent_ids(requests) == [first]
    assert sent_ids(requests, TRIAL_S - 0.1) == []
    requests.close(first)
    assert sent_ids(requests) == [second]
    assert sent_ids(requests, TRIAL_S) == [fresh], "who did no harm for so long does not hold the others up"


def test_request_that_is_alone_when_a_second_daemon_dies_is_guilty() -> None:
    requests = OpenRequests()
    innocent, killer = add(requests), add(requests)
    requests.take_due(0.0)
    die(requests)
    assert sent_ids(requests) == [innocent]
    requests.close(innocent)
    assert sent_ids(requests) == [killer]
    assert die(requests) == [killer]


def test_daemon_that_lives_blames_nobody() -> None:
    requests = OpenRequests()
    ids = [add(requests), add(requests)]
    for _ in range(5):
        assert sent_ids(requests) == ids, "together: none is a suspect"
        assert die(requests, is_another=False) == []


def test_request_refused_by_a_daemon_that_stops_is_not_to_blame_for_its_end() -> None:
    requests = OpenRequests()
    ids = [add(requests), add(requests)]
    for connection in (1, 2, 3):
        assert sent_ids(requests) == ids
        for wire_id in ids:
            request = requests.get(wire_id)
            assert request is not None
            assert requests.refuse(request, connection)
            assert not requests.refuse(request, connection), "once for each connection"
        assert die(requests) == []


def test_many_suspects_are_tried_by_the_batch_and_then_one_by_one() -> None:
    requests = OpenRequests()
    ids = [add(requests) for _ in range(20)]
    killer = ids[9]
    requests.take_due(0.0)
    die(requests)
    assert sent_ids(requests) == ids[:SUSPECTS_MAX]
    for wire_id in ids[:SUSPECTS_MAX]:
        requests.close(wire_id)
    assert sent_ids(requests) == ids[SUSPECTS_MAX : 2 * SUSPECTS_MAX]
    assert die(requests) == []
    while (tried := sent_ids(requests)) != [killer]:
        assert len(tried) == 1
        requests.close(tried[0])
    assert die(requests) == [killer]
    assert set(requests) - {killer} == set(ids[10:]), "the others of its batch come next"


def test_control_op_goes_out_beside_a_suspect_and_is_not_blamed() -> None:
    requests = OpenRequests()
    suspect = add(requests)
    requests.take_due(0.0)
    die(requests)
    assert sent_ids(requests) == [suspect]
    asked = control(requests)
    assert sent_ids(requests) == [asked]
    assert die(requests) == [suspect]
    requests.close(suspect)
    assert sent_ids(requests) == [asked]


@pytest.mark.parametrize(("delay_s", "deaths_max"), [(0.5, 2), (1.5, 4), (3.5, 5), (7.5, 6)])
def test_request_that_kills_only_after_its_trial_is_found_by_a_longer_one(delay_s: float, deaths_max: int) -> None:
    requests = OpenRequests()
    killer = add(requests)
    now_s, deaths, kills_s = 0.0, 0, LONG_S
    while requests.get(killer):
        add(requests, now_s)  # there is always another one that may be to blame
        due = sent_ids(requests, now_s)
        if killer in due:
            kills_s = now_s + delay_s
        if now_s >= kills_s:
            deaths, kills_s = deaths + 1, LONG_S
            for guilty in die(requests):
                assert guilty == killer
                requests.close(guilty)
            due = []
        for wire_id in set(due) - {killer}:
            requests.close(wire_id)
        now_s += 0.25
    assert deaths <= deaths_max


def test_request_on_trial_is_not_blamed_for_what_one_beside_it_did() -> None:
    requests = OpenRequests()
    late_killer, slow = add(requests), add(requests)
    requests.take_due(0.0)
    die(requests)
    assert sent_ids(requests) == [late_killer]
    assert sent_ids(requests, TRIAL_S) == [slow]
    assert die(requests) == []
    assert sent_ids(requests, TRIAL_S) == [slow], "it was never cleared, and nothing else is in flight now"
    assert sent_ids(requests, 2 * TRIAL_S) == [late_killer]
    assert die(requests) == [], "the slow one may have done it"
    assert sent_ids(requests, 2 * TRIAL_S) == [late_killer]
    assert die(requests) == [late_killer]


def test_slow_request_beside_three_that_kill_is_not_blamed() -> None:
    machine = DaemonsThatDie()
    machine.submit(killers=[True, False])
    for _ in range(3):
        machine.time_passes(seconds=TRIAL_S * 8)
        machine.submit(killers=[True])
    machine.time_passes(seconds=TRIAL_S * 8)
    assert machine.killers == set()
    assert machine.deaths <= 2 + 3 * 3


KILLED_MAX = 4  # daemons, by one request: where it came, in its batch, beside slow ones, alone


class DaemonsThatDie(RuleBasedStateMachine):
    """Requests come, are answered, or kill the daemon as soon as it has them.

    However they come together: each killer is found, kills no more than `KILLED_MAX` daemons, and no other is blamed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.requests = OpenRequests()
        self.now_s = 0.0
        self.killers: set[str] = set()
        self.in_flight: set[str] = set()
        self.killers_ever = 0
        self.deaths = 0
        self.answered = 0
        self.innocents = 0

    @rule(killers=st.lists(st.booleans(), min_size=1, max_size=12))
    def submit(self, killers: list[bool]) -> None:
        for is_killer in killers:
            wire_id = add(self.requests, self.now_s)
            if is_killer:
                self.killers.add(wire_id)
                self.killers_ever += 1
            else:
                self.innocents += 1
        self.send()

    @rule()
    def submit_control(self) -> None:
        control(self.requests, self.now_s)
        self.innocents += 1
        self.send()

    @precondition(lambda self: self.in_flight)
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        wire_id = data.draw(st.sampled_from(sorted(self.in_flight)))
        self.in_flight.remove(wire_id)
        assert self.requests.close(wire_id) is not None
        self.answered += 1
        self.send()

    @rule()
    def connection_breaks(self) -> None:
        assert die(self.requests, is_another=False) == []
        self.in_flight.clear()
        self.send()

    @rule(seconds=st.sampled_from([0.1, TRIAL_S, 8 * TRIAL_S]))
    def time_passes(self, seconds: float) -> None:
        self.now_s += seconds
        self.send()

    def send(self) -> None:
        """Sends what is due, and again for as long as the daemon dies of it."""
        self.in_flight.update(sent_ids(self.requests, self.now_s))
        while self.in_flight & self.killers:
            self.deaths += 1
            for wire_id in die(self.requests):
                assert wire_id in self.killers, "an innocent one is blamed"
                self.killers.remove(wire_id)
                assert self.requests.close(wire_id) is not None
            self.in_flight = set(sent_ids(self.requests, self.now_s))

    @invariant()
    def nobody_is_lost(self) -> None:
        assert len(self.requests) == self.innocents - self.answered + len(self.killers)

    @invariant()
    def killers_kill_no_more_than_the_bound(self) -> None:
        assert self.deaths <= KILLED_MAX * self.killers_ever

    def teardown(self) -> None:
        """All are answered or found in the end."""
        for _ in range(10 * (len(self.requests) + 1)):
            for wire_id in sorted(self.in_flight):
                self.requests.close(wire_id)
                self.answered += 1
            self.in_flight.clear()
            self.send()
        assert len(self.requests) == 0


TestDaemonsThatDie = DaemonsThatDie.TestCase
TestDaemonsThatDie.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
