"""How many codes somebody can try: few, whatever address they come from."""

from __future__ import annotations

import pytest

from llm_agentd.errors import Overloaded
from llm_agentd.http.voice.guesses import ADDRESSES_MAX, FORGET_S, FREE_OF_ADDRESS, PAUSE_MAX_S, Guesses
from llm_agentd.http.voice.microphones import CODE_LIFE_S


def may_try(guesses: Guesses, address: str, now_s: float) -> bool:
    try:
        guesses.check(address, now_s)
    except Overloaded:
        return False
    return True


def tries_in(guesses: Guesses, seconds: float, addresses: int) -> int:
    """Of somebody who guesses whenever it is allowed, from so many addresses in turn."""
    count = 0
    for tick in range(int(seconds * 10)):
        address = f"10.0.{tick % addresses // 256}.{tick % addresses % 256}"
        if may_try(guesses, address, tick / 10):
            guesses.note_wrong(address, tick / 10)
            count += 1
    return count


def test_who_mistypes_may_try_again_at_once() -> None:
    guesses = Guesses()
    for now_s in range(FREE_OF_ADDRESS):
        assert may_try(guesses, "10.0.0.1", now_s)
        guesses.note_wrong("10.0.0.1", now_s)
    assert may_try(guesses, "10.0.0.1", FREE_OF_ADDRESS)


def test_pause_grows_with_each_wrong_code_and_says_how_long() -> None:
    guesses = Guesses()
    for _ in range(FREE_OF_ADDRESS):
        guesses.note_wrong("10.0.0.1", 0.0)
        guesses.check("10.0.0.1", 0.0)
    for pause_s in (1, 2, 4, 8, 16, 32, PAUSE_MAX_S, PAUSE_MAX_S, PAUSE_MAX_S):
        guesses.note_wrong("10.0.0.1", 0.0)
        with pytest.raises(Overloaded, match=f"{pause_s:.0f} s") as refused:
            guesses.check("10.0.0.1", 0.0)
        assert refused.value.retry_after_ms == pause_s * 1000 + 1


@pytest.mark.parametrize(("addresses", "at_most"), [(1, 20), (1000, 40)])
def test_tries_in_the_life_of_a_code_are_few(addresses: int, at_most: int) -> None:
    assert FREE_OF_ADDRESS < tries_in(Guesses(), CODE_LIFE_S, addresses) <= at_most


def test_guesser_of_one_address_does_not_stop_the_others() -> None:
    guesses = Guesses()
    tries_in(guesses, CODE_LIFE_S, 1)
    assert not may_try(guesses, "10.0.0.0", CODE_LIFE_S)
    assert may_try(guesses, "192.0.2.7", CODE_LIFE_S)


def test_network_of_ipv6_addresses_is_one_guesser() -> None:
    guesses = Guesses()
    for last in range(FREE_OF_ADDRESS + 1):
        guesses.note_wrong(f"2001:db8::{last:x}", 0.0)
    assert not may_try(guesses, "2001:db8::ffff", 0.0)
    assert may_try(guesses, "2001:db8:0:1::1", 0.0)


def test_wrong_codes_are_forgotten_one_by_one() -> None:
    guesses = Guesses()
    for _ in range(FREE_OF_ADDRESS + 2):
        guesses.note_wrong("10.0.0.1", 0.0)
    later_s = 3 * FORGET_S
    assert may_try(guesses, "10.0.0.1", later_s)
    guesses.note_wrong("10.0.0.1", later_s)
    assert may_try(guesses, "10.0.0.1", later_s)


def test_many_addresses_take_no_memory_for_ever() -> None:
    guesses = Guesses()
    for number in range(3 * ADDRESSES_MAX):
        guesses.note_wrong(f"10.1.{number // 256}.{number % 256}", 0.0)
    assert len(guesses._of_address) == ADDRESSES_MAX
