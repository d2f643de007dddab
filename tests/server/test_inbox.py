"""The inbox: in order, from many threads, and never anything left without a wake-up."""

from __future__ import annotations

import select
import threading
from collections.abc import Iterator

import pytest

from llm_agentd.server.inbox import Inbox, Work

WAIT_S = 10.0


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    inbox = Inbox()
    yield inbox
    inbox.close()


def is_readable(inbox: Inbox, wait_s: float = 0.0) -> bool:
    return bool(select.select([inbox.wakeup_fd], [], [], wait_s)[0])


def first() -> None: ...


def second() -> None: ...


def third() -> None: ...


def test_post_makes_the_wakeup_fd_readable_and_drain_makes_it_quiet(inbox: Inbox) -> None:
    assert not is_readable(inbox)
    inbox.post(first)
    assert is_readable(inbox)
    assert list(inbox.drain()) == [first]
    assert not is_readable(inbox)


def test_drain_gives_work_in_the_order_of_posting(inbox: Inbox) -> None:
    work: list[Work] = [first, second, third]
    for item in work:
        inbox.post(item)
    assert list(inbox.drain()) == work


def test_work_posted_while_draining_waits_for_the_next_round_with_a_wake_up_of_its_own(inbox: Inbox) -> None:
    inbox.post(first)
    draining = inbox.drain()
    next(draining)
    inbox.post(second)
    assert list(draining) == []
    assert is_readable(inbox)
    assert list(inbox.drain()) == [second]


def test_work_of_many_threads_all_arrive_each_thread_in_its_order(inbox: Inbox) -> None:
    threads, each = 4, 500
    arrived: list[tuple[int, int]] = []

    def note(thread: int, number: int) -> None:
        arrived.append((thread, number))

    def post_all(thread: int) -> None:
        for number in range(each):
            inbox.post(lambda number=number: note(thread, number))  # type: ignore[misc]

    posting = [threading.Thread(target=post_all, args=(thread,)) for thread in range(threads)]
    for thread in posting:
        thread.start()
    while len(arrived) < threads * each:
        assert is_readable(inbox, WAIT_S), "something lies in the inbox without a wake-up"
        for work in inbox.drain():
            work()
    for thread in posting:
        thread.join()
    for number in range(threads):
        assert [count for thread, count in arrived if thread == number] == list(range(each))


def test_post_after_close_does_nothing(inbox: Inbox) -> None:
    inbox.close()
    inbox.post(first)
