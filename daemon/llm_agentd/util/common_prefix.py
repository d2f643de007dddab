"""How much two sequences begin with in common. Pure."""

from __future__ import annotations

from collections.abc import Sequence


def common_prefix_length(left: Sequence[int], right: Sequence[int]) -> int:
    """How many items (token ids) both begin with.

    By bisection: slices are compared in C, so thousands of equal tokens cost a dozen comparisons, not a loop.
    """
    left, right = tuple(left), tuple(right)  # free for a tuple; slices of a list and a tuple are never equal
    size = min(len(left), len(right))
    if left[:size] == right[:size]:
        return size
    low, high = 0, size  # the first `low` are equal, the first `high` are not
    while high - low > 1:
        middle = (low + high) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle
    return low
