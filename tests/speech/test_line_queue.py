"""Whose turn it is to be spoken, and what is dropped for it."""

from __future__ import annotations

from llm_agentd.speech.line_queue import PER_NPC_MAX, PREPARED_MAX, WAITING_MAX, Line, LineQueue, rank_of

LATER_S = 1000.0


def line(name: str, priority: str = "spoken", *, npc: str = "mira", deadline_s: float = LATER_S) -> Line[None]:
    return Line(name, npc, rank_of(priority), deadline_s, None, 0.0)


def taken(queue: LineQueue[None], now_s: float = 0.0) -> list[str]:
    names = []
    while (found := queue.take(now_s)[0]) is not None:
        names.append(found.id)
    return names


def test_spoken_goes_before_ambient_before_background_each_in_its_order() -> None:
    queue: LineQueue[None] = LineQueue()
    for name, priority in (("b1", "background"), ("a1", "ambient"), ("s1", "spoken"), ("a2", "ambient")):
        assert queue.add(line(name, priority)) == []
    queue.add(line("s2"))
    assert taken(queue) == ["s1", "s2", "a1", "a2", "b1"]


def test_npc_that_says_more_than_it_can_loses_its_oldest_and_no_others() -> None:
    queue: LineQueue[None] = LineQueue()
    queue.add(line("other", npc="bob"))
    for number in range(PER_NPC_MAX):
        assert queue.add(line(f"m{number}")) == []
    assert [one.id for one in queue.add(line("new"))] == ["m0"]
    assert taken(queue) == ["other", *(f"m{number}" for number in range(1, PER_NPC_MAX)), "new"]


def test_npc_loses_what_is_least_urgent_first() -> None:
    queue: LineQueue[None] = LineQueue()
    for number in range(PER_NPC_MAX - 1):
        queue.add(line(f"m{number}"))
    queue.add(line("murmur", "ambient"))
    assert [one.id for one in queue.add(line("new"))] == ["murmur"]


def test_full_queue_drops_the_oldest_of_the_least_urgent() -> None:
    queue: LineQueue[None] = LineQueue()
    for number in range(WAITING_MAX - 2):
        queue.add(line(f"s{number}", npc=f"npc{number}"))
    queue.add(line("a1", "ambient", npc="a"))
    queue.add(line("a2", "ambient", npc="b"))
    assert [one.id for one in queue.add(line("new", npc="c"))] == ["a1"]
    assert [one.id for one in queue.add(line("b1", "background", npc="d"))] == ["b1"]
    assert len(queue) == WAITING_MAX


def test_late_line_is_given_out_as_late_and_never_as_the_next() -> None:
    queue: LineQueue[None] = LineQueue()
    queue.add(line("late", deadline_s=5.0))
    queue.add(line("fresh", deadline_s=6.0))
    found, late = queue.take(5.0)
    assert found is not None
    assert (found.id, [one.id for one in late]) == ("fresh", ["late"])


def test_line_whose_last_waiter_leaves_is_gone() -> None:
    queue: LineQueue[None] = LineQueue()
    asked = line("twice", "ambient")
    queue.add(asked)
    queue.join(asked, rank_of("spoken"), LATER_S + 1)
    assert (asked.rank, asked.deadline_s) == (rank_of("spoken"), LATER_S + 1)
    queue.leave(asked)
    assert queue.find("twice") is asked
    queue.leave(asked)
    assert taken(queue) == []


def test_who_leaves_late_takes_out_no_other_line_of_the_same_words() -> None:
    queue: LineQueue[None] = LineQueue()
    first = line("same")
    queue.add(first)
    assert queue.take(0.0)[0] is first
    again = line("same")
    queue.add(again)
    queue.leave(first)
    assert queue.find("same") is again


def test_prepared_lines_are_taken_once_and_bounded() -> None:
    queue: LineQueue[None] = LineQueue()
    assert queue.prepare([line("p1"), line("p2"), line("p1")]) == 2
    assert queue.take(0.0) == (None, [])
    queue.add(line("p2"))  # somebody waits for it now
    assert taken(queue) == ["p2"]
    first = queue.take_prepared()
    assert first is not None
    assert first.id == "p1"
    assert queue.take_prepared() is None
    assert queue.prepare(line(f"p{number}") for number in range(PREPARED_MAX + 5)) == PREPARED_MAX
