"""How often somebody may try a code: the first tries cost nothing, then each wrong one doubles the pause.

Pure; times are handed in. A code has a million values and lives for five minutes. Of one address at most a dozen tries
come in that time; of all addresses together some thirty, so that many addresses do not help. What a code is worth is
little: words in a player's name, and the player sees in the game that the page was opened.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass

from llm_agentd.errors import Overloaded

FREE_OF_ADDRESS = 5  # wrong ones without a pause: who mistypes, twice
FREE_OF_ALL = 20  # a class of pupils on one server mistypes more than one player
DOUBLINGS_MAX = 6  # from one second to over a minute
PAUSE_MAX_S = 60.0  # a player whose neighbour guesses waits no longer than that
FORGET_S = 60.0  # one wrong try is forgotten in so long
ADDRESSES_MAX = 1024  # the least recent goes; the count of all still has its tries
IPV6_NETWORK_BITS = 64  # what one customer is given


@dataclass
class _Tries:
    """Wrong ones, forgotten one by one."""

    free: int
    wrong: int = 0
    since_s: float = 0.0  # when the last one was, or was forgotten
    until_s: float = 0.0  # no try before

    def wait_s(self, now_s: float) -> float:
        return max(0.0, self.until_s - now_s)

    def note(self, now_s: float) -> None:
        self.wrong = max(0, self.wrong - int((now_s - self.since_s) / FORGET_S)) + 1
        self.since_s = now_s
        if self.wrong > self.free:
            doublings = min(DOUBLINGS_MAX, self.wrong - self.free - 1)
            self.until_s = now_s + min(PAUSE_MAX_S, 2.0**doublings)


class Guesses:
    """`check` before a code is looked at, `note_wrong` after a wrong one."""

    def __init__(self) -> None:
        self._of_all = _Tries(FREE_OF_ALL)
        self._of_address: OrderedDict[str, _Tries] = OrderedDict()

    def check(self, address: str, now_s: float) -> None:
        """Raises Overloaded while this address, or all, must wait. A right code would have to wait as well: else the
        pause would tell nothing but whether it is right."""
        own = self._of_address.get(_network(address))
        wait_s = max(self._of_all.wait_s(now_s), own.wait_s(now_s) if own else 0.0)
        if wait_s:
            raise Overloaded(
                f"too many wrong codes: wait {wait_s:.0f} s, and type the newest one from the game",
                retry_after_ms=int(wait_s * 1000) + 1,
            )

    def note_wrong(self, address: str, now_s: float) -> None:
        network = _network(address)
        own = self._of_address.pop(network, None) or _Tries(FREE_OF_ADDRESS)
        self._of_address[network] = own
        if len(self._of_address) > ADDRESSES_MAX:
            self._of_address.popitem(last=False)
        own.note(now_s)
        self._of_all.note(now_s)


def _network(address: str) -> str:
    """What one guesser has: an IPv4 address, or a network of IPv6 ones."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 6 and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((parsed, IPV6_NETWORK_BITS), strict=False))
    return str(parsed)
