"""The breaker of one server: whether it is asked, after whatever came of the calls before. All on a fake clock."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from llm_agentd.engines.openai.breaker import (
    FAILURES_MAX,
    OPEN_FIRST_S,
    OPEN_MAX_S,
    REFUSED_FIRST_S,
    REFUSED_MAX_S,
    REST_MAX_S,
    Breaker,
    Ticket,
)


def acquired(breaker: Breaker, now_s: float) -> Ticket:
    ticket = breaker.acquire(now_s)
    assert ticket is not None
    return ticket


def opened(now_s: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(FAILURES_MAX):
        breaker.failed(acquired(breaker, now_s), now_s, "no answer")
    return breaker


def test_failures_in_a_row_open_it_and_a_success_between_does_not() -> None:
    breaker = Breaker()
    for _ in range(3):
        for _ in range(FAILURES_MAX - 1):
            breaker.failed(acquired(breaker, 0), 0, "no answer")
        breaker.succeeded(acquired(breaker, 0))
    assert breaker.state() == "closed"
    breaker = opened()
    assert (breaker.state(), breaker.reason, breaker.wait_s(1)) == ("open", "no answer", OPEN_FIRST_S - 1)
    assert breaker.acquire(OPEN_FIRST_S - 0.001) is None


def test_one_call_tries_when_the_time_is_over_and_others_wait_for_it() -> None:
    breaker = opened()
    probe = acquired(breaker, OPEN_FIRST_S)
    assert breaker.state() == "half_open"
    assert breaker.acquire(OPEN_FIRST_S + 1000) is None
    breaker.succeeded(probe)
    assert (breaker.state(), breaker.reason) == ("closed", "")
    assert breaker.acquire(OPEN_FIRST_S) is not None


def test_each_failed_try_doubles_the_time_up_to_a_bound() -> None:
    breaker, now_s, waits = opened(), 0.0, []
    for _ in range(8):
        waits.append(breaker.wait_s(now_s))
        now_s += waits[-1]
        breaker.failed(acquired(breaker, now_s), now_s, "no answer")
    assert waits == [5, 10, 20, 40, 80, OPEN_MAX_S, OPEN_MAX_S, OPEN_MAX_S]
    now_s += OPEN_MAX_S
    breaker.succeeded(acquired(breaker, now_s))
    for _ in range(FAILURES_MAX):
        breaker.failed(acquired(breaker, now_s), now_s, "no answer")
    assert breaker.wait_s(now_s) == OPEN_FIRST_S  # from the beginning


def test_try_whose_caller_went_away_leaves_the_next_one_the_try() -> None:
    breaker = opened()
    breaker.abandoned(acquired(breaker, OPEN_FIRST_S))
    assert breaker.state() == "open"
    assert acquired(breaker, OPEN_FIRST_S).probe == 2


def test_refusal_opens_at_once_and_a_reset_closes_it() -> None:
    breaker = Breaker()
    breaker.refused(acquired(breaker, 0), 0, "the key is wrong")
    assert (breaker.state(), breaker.wait_s(0)) == ("open", REFUSED_FIRST_S)
    breaker.refused(acquired(breaker, REFUSED_FIRST_S), REFUSED_FIRST_S, "the key is wrong")
    assert breaker.wait_s(REFUSED_FIRST_S) == 2 * REFUSED_FIRST_S <= REFUSED_MAX_S
    breaker.reset()
    assert breaker.state() == "closed"


def test_rest_holds_as_long_as_the_longest_of_several_and_is_bounded() -> None:
    breaker = Breaker()
    tickets = [acquired(breaker, 0) for _ in range(3)]
    for ticket, wait_s in zip(tickets, (7, 30, 3), strict=True):
        breaker.rest(ticket, 0, wait_s, "too many requests")
    assert breaker.wait_s(0) == 30
    probe = acquired(breaker, 30)  # one call, not all that waited
    assert breaker.acquire(30) is None
    breaker.rest(probe, 30, 10**9, "too many requests")
    assert breaker.wait_s(30) == REST_MAX_S


def test_outcome_of_a_call_that_began_before_it_opened_changes_nothing() -> None:
    breaker = Breaker()
    early = [acquired(breaker, 0) for _ in range(FAILURES_MAX + 4)]
    for ticket in early[:FAILURES_MAX]:
        breaker.failed(ticket, 0, "no answer")
    breaker.succeeded(early[-1])
    breaker.failed(early[-2], 1, "late")
    assert (breaker.state(), breaker.wait_s(0), breaker.reason) == ("open", OPEN_FIRST_S, "no answer")
    acquired(breaker, OPEN_FIRST_S)
    breaker.succeeded(early[-3])
    breaker.failed(early[-4], OPEN_FIRST_S, "late")
    assert breaker.state() == "half_open"


def test_stream_that_breaks_after_it_closed_the_breaker_counts_as_one_failure() -> None:
    breaker = opened()
    probe = acquired(breaker, OPEN_FIRST_S)
    breaker.succeeded(probe)
    breaker.failed(probe, OPEN_FIRST_S, "broke off")
    assert breaker.state() == "closed"


class AnyCalls(RuleBasedStateMachine):
    """Calls that overlap and end in any way and order."""

    tickets = Bundle("tickets")

    def __init__(self) -> None:
        super().__init__()
        self.breaker = Breaker()
        self.now_s = 0.0
        self.probe: Ticket | None = None  # the try that runs
        self.had_success_at = 0.0

    @rule(seconds=st.sampled_from([0.0, 0.5, OPEN_FIRST_S, REFUSED_FIRST_S, OPEN_MAX_S, REST_MAX_S]))
    def wait(self, seconds: float) -> None:
        self.now_s += seconds

    @rule(target=tickets)
    def begin(self) -> object:
        was, is_ready = self.breaker.state(), self.breaker.is_ready(self.now_s)
        ticket = self.breaker.acquire(self.now_s)
        assert (ticket is not None) == is_ready
        if was == "closed":
            assert ticket == Ticket()
        if ticket is None:
            assert was == "half_open" or self.breaker.wait_s(self.now_s) > 0
            return multiple()
        if ticket.probe:
            assert self.probe is None, "two tries at once"
            self.probe = ticket
            assert self.breaker.state() == "half_open"
        return ticket

    def end(self, ticket: Ticket) -> bool:
        """Whether it counts: in the half-open state only the try's own does."""
        is_probe = ticket is self.probe
        if is_probe:
            self.probe = None
        return is_probe or self.breaker.state() == "closed"

    @rule(ticket=consumes(tickets))
    def succeed(self, ticket: Ticket) -> None:
        before = self.breaker.state()
        counts = self.end(ticket)
        self.breaker.succeeded(ticket)
        assert self.breaker.state() == ("closed" if counts else before)

    @rule(ticket=consumes(tickets))
    def fail(self, ticket: Ticket) -> None:
        before = self.breaker.state()
        is_probe = ticket is self.probe
        counts = self.end(ticket)
        self.breaker.failed(ticket, self.now_s, "failed")
        if is_probe:
            assert self.breaker.state() == "open"
        if not counts:
            assert self.breaker.state() == before

    @rule(ticket=consumes(tickets))
    def refuse(self, ticket: Ticket) -> None:
        before = self.breaker.state()
        counts = self.end(ticket)
        self.breaker.refused(ticket, self.now_s, "refused")
        assert self.breaker.state() == ("open" if counts else before)

    @rule(ticket=consumes(tickets), wait_s=st.floats(0, 10_000))
    def rest(self, ticket: Ticket, wait_s: float) -> None:
        is_probe = ticket is self.probe
        is_others = self.breaker.state() == "half_open" and not is_probe
        self.end(ticket)
        self.breaker.rest(ticket, self.now_s, wait_s, "resting")
        if not is_others:
            assert self.breaker.wait_s(self.now_s) >= min(wait_s, REST_MAX_S) - 1e-6

    @rule(ticket=consumes(tickets))
    def abandon(self, ticket: Ticket) -> None:
        self.end(ticket)
        self.breaker.abandoned(ticket)

    @rule()
    def change_the_key(self) -> None:
        self.probe = None
        self.breaker.reset()
        assert self.breaker.acquire(self.now_s) == Ticket()

    @invariant()
    def it_is_never_shut_for_good(self) -> None:
        """Without a try under way there is a time at which one may be made; and a reason stands with each wait."""
        state = self.breaker.state()
        assert (state == "half_open") == (self.probe is not None)
        assert bool(self.breaker.reason) == (state != "closed")
        if state == "open":
            longest = max(OPEN_MAX_S, REFUSED_MAX_S, REST_MAX_S)
            assert self.breaker.is_ready(self.now_s + longest + 1)


TestAnyCalls = AnyCalls.TestCase
TestAnyCalls.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
