"""Two threads for one picture: what is compiled holds no lock while it runs, so that they work side by side.

Each draws rows of its own, and what it draws does not depend on the other: the picture is the same as by one.
"""

import functools
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

COUNT = 2
Given = ParamSpec("Given")
Made = TypeVar("Made")


@functools.cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=COUNT, thread_name_prefix="picture")


def aside(work: Callable[Given, Made], *args: Given.args, **kwargs: Given.kwargs) -> Future[Made]:
    """Begin it beside what is done meanwhile. It must not ask for hands itself."""
    return _pool().submit(work, *args, **kwargs)


def together(work: Callable[[int], None]) -> None:
    """Call it with 0 … COUNT - 1 at once, and wait for all of them."""
    for done in [aside(work, hand) for hand in range(COUNT)]:
        done.result()
