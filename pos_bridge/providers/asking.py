"""What is asked of a till system's API, in words: nothing here or in the vendors' files asks anybody.

A vendor with an API has a module (`shopify_api`, `square_api` …) with the functions of `Api`. It says which requests bring what changed,
and reads the answers into the same messages that its webhooks are. `pos_bridge.pulling` does the asking, so that limits,
pages and errors are treated in one place.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from pos_bridge.providers.contract import Message
from pos_bridge.records import Closure, Wanted


class NotAsExpected(ValueError):
    """An answer that is not what the vendor's documents say. The text says what was missing."""


@dataclass(frozen=True, kw_only=True)
class Access:
    """What a vendor's file needs to know of a connection.

    `places` are the vendor's names of our stores, `cursors` what it told us to go on from, `hook` the address that it
    is to deliver to, `secret` what its deliveries are known by.
    """

    token: str
    places: tuple[str, ...] = ()
    cursors: Mapping[str, str] = field(default_factory=dict)
    hook: str = ""
    secret: str = ""


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One request. `path`, with its query, follows the connection's `api_url`; `body` is sent as JSON.

    `about` is for the vendor's own reading of the answer. `is_optional`: a house without this part of the API (403, 404) is
    asked no more, and nothing is wrong.
    """

    about: str
    path: str
    headers: Mapping[str, str]
    method: str = "GET"
    body: Any = None
    is_optional: bool = False


@dataclass(frozen=True, kw_only=True)
class Told:
    """What was answered. `headers` has lower-case names."""

    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, kw_only=True)
class Found:
    """A thing as it stands there. When it is news to us, `wants` is asked as well; without a message it always is."""

    message: Message | None = None
    wants: tuple[Wanted, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Page:
    """What an answer holds, what to ask next, and where to go on from once all of it is kept."""

    found: tuple[Found, ...] = ()
    closures: tuple[Closure, ...] = ()
    then: tuple[Ask, ...] = ()
    cursors: Mapping[str, str] = field(default_factory=dict)


class Api(Protocol):
    def fetch(self, *, access: Access, kind: str, external_id: str) -> Ask | None:
        """The request for one thing; None for a kind that this vendor has not."""

    def changes(self, *, access: Access, since: datetime, until: datetime) -> tuple[Ask, ...]:
        """The first pages of all that changed between the two, oldest first."""

    def closures(self, *, access: Access, since: datetime, until: datetime) -> tuple[Ask, ...]:
        """The first pages of the registers' closings; nothing where the vendor knows none."""

    def read(self, *, access: Access, ask: Ask, told: Told) -> Page:
        """What an answer to one of those says. Raises NotAsExpected."""

    def subscriptions(self, *, access: Access) -> Ask | None:
        """The request for the list of what is delivered to us; None where nobody can ask."""

    def renewals(self, *, access: Access, told: Told) -> tuple[Ask, ...]:
        """The requests that make what is missing in that list; nothing when all is there. Raises NotAsExpected."""

    def secret_in(self, told: Told) -> str:
        """The signing secret that a new subscription was given; empty when it keeps the old one."""


# For reading answers.


def group(value: Any, name: str) -> Any:
    """`value[name]`, which has to be there."""
    try:
        return value[name]
    except (KeyError, TypeError, IndexError) as error:
        raise NotAsExpected(f"the answer has no {name!r}") from error


def rows(value: Any, name: str) -> list[dict[str, Any]]:
    """The objects listed under a name."""
    found = group(value, name)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise NotAsExpected(f"{name!r} is no list of objects")
    return found


def maybe_rows(value: Any, name: str) -> list[dict[str, Any]]:
    """As `rows`; nothing where a vendor leaves out what is empty."""
    if not isinstance(value, dict):
        raise NotAsExpected("the answer is no object")
    return [] if value.get(name) is None else rows(value, name)


def text(row: Any, name: str) -> str:
    """A word or a number under a name, as text; it must not be empty."""
    found = group(row, name)
    if isinstance(found, bool) or not isinstance(found, str | int) or found == "":
        raise NotAsExpected(f"{name!r} is no word")
    return str(found)


def moment(row: Any, name: str) -> datetime:
    try:
        found = datetime.fromisoformat(text(row, name))
    except ValueError as error:
        raise NotAsExpected(f"{name!r} is no time") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def pulled(*, type_: str, about: str, id_: str, as_of: str, body: Any) -> Message:
    """A message that we asked for: the same state of the same thing has the same key."""
    return Message(key=f"recon:{type_}:{id_}:{as_of}"[:200], type=type_, about=about, body=body)


def stamp(at: datetime) -> str:
    """As every vendor reads a time: UTC, whole seconds, rounded down so that nothing is left out."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def stamp_after(at: datetime) -> str:
    return stamp(at + timedelta(seconds=1))
