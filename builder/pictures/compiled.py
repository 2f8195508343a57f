"""Loops over samples that are compiled once, by numba, and kept on disk: beside their module, or in NUMBA_CACHE_DIR.

A sample of a stone runs through some five hundred planes: in numpy's arrays that is traffic with the memory, in a compiled
loop it is sums. What is compiled takes arrays that its caller made and knows no ring; it holds no lock while it runs, so
that two pictures can be drawn in one process at once. Compiling takes a few seconds: `python -m builder.pictures` does it
before anybody waits.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Loop = TypeVar("Loop", bound=Callable[..., Any])


def compiled(loop: Loop) -> Loop:
    """Sums may be taken in another order, the same one every time on one machine; nothing is NaN."""
    try:
        return _compiled(loop, kept=True)
    except RuntimeError:  # no folder can be written to: every process compiles for itself
        return _compiled(loop, kept=False)


def _compiled(loop: Loop, *, kept: bool) -> Loop:
    made = numba.njit(cache=kept, nogil=True, fastmath=True, error_model="numpy")(loop)
    return cast(Loop, made)
