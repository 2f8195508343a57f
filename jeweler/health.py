"""What this process says about itself at /healthz, besides that it serves. Whoever knows something registers it."""

from collections.abc import Callable, Mapping

Report = Callable[[], Mapping[str, object]]

_reports: dict[str, Report] = {}


def report(name: str, about: Report) -> None:
    """`about` gives what is added to the answer; it is called for every question, so that it must be quick."""
    _reports[name] = about


def told() -> dict[str, object]:
    return {key: value for about in _reports.values() for key, value in about().items()}
