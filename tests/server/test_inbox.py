"""The inbox: in order, from many threads, and never anything left without a wake-up."""

from __future__ import annotations

import select
import threading
from collections.abc import Iterator

import pytest

from llm_agentd.server.inbox import Inbox, Item

WAIT_S = 10.0


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    inbox = Inbox()
    yield inbox
    inbox.close()


def is_readable(inbox: Inbox, wait_s: float = 0.0) -> bool:
    return bool(select.select([inbox.wakeup_fd], [], [], wait_s)[0])


def events(number: int) -> Item:
    """Something to tell apart by its length."""
    return [None] * number  # type: ignore[list-item]


def test_post_makes_the_wakeup_fd_readable_and_drain_makes_it_quiet(inbox: Inbox) -> None:
    assert not is_readable(inbox)
    inbox.post(events(1))
    assert is_readable(inbox)
    assert list(inbox.drain()) == [events(1)]
    assert not is_readable(inbox)


def test_drain_gives_events_and_work_in_the_order_of_posting(inbox: Inbox) -> None:
    def work() -> None: ...

    for item in (events(1), work, events(2)):
        inbox.post(item)
    assert list(inbox.drain()) == [events(1), work, events(2)]


def test_item_posted_while_draining_waits_for_the_next_round_with_a_wake_up_of_its_own(inbox: Inbox) -> None:
    inbox.post(events(1))
    first = inbox.drain()
    next(first)
    inbox.post(events(2))
    assert list(first) == []
    assert is_readable(inbox)
    assert list(inbox.drain()) == [events(2)]


def test_items_of_many_threads_all_arrive_each_thread_in_its_order(inbox: Inbox) -> None:
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
        for item in inbox.drain():
            assert callable(item)
            item()
    for thread in posting:
        thread.join()
    for number in range(threads):
        assert [count for thread, count in arrived if thread == number] == list(range(each))


def test_post_after_close_does_nothing(inbox: Inbox) -> None:
    inbox.close()
    inbox.post(events(1))
