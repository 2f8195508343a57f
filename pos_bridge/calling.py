"""Ask a till system's API one thing, by `jeweler.outward`: its address was typed in by the owner."""

import json
from datetime import timedelta

from jeweler import outward
from pos_bridge.models import Connection
from pos_bridge.providers import json_text
from pos_bridge.providers.asking import Ask, Told

MOST_BYTES = 16 * 1024**2  # a page of 250 orders with all that Shopify says of each
SECONDS = 30.0
LONGEST_WAIT = timedelta(hours=1)


class ApiTrouble(Exception):
    """The API did not tell us; the text says why, for whoever keeps the connection."""


class NotThere(ApiTrouble):
    """It knows no such thing."""


class NotAllowed(ApiTrouble):
    """Our token does not open this."""


class TooOften(ApiTrouble):
    """It wants to be left alone for `wait`."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(
            f"It is asked too often and wants a pause of {wait.total_seconds():.0f} s."
        )
        self.wait = wait


def ask(*, connection: Connection, request: Ask, reach: outward.Reach | None = None) -> Told:
    """What the API answers. Raises ApiTrouble. Must not run inside a transaction."""
    body = None if request.body is None else json.dumps(request.body).encode()
    sent = {"Accept": "application/json", **request.headers}
    if body is not None:
        sent["Content-Type"] = "application/json"
    try:
        answer = outward.call(
            method=request.method,
            address=connection.api_url.rstrip("/") + request.path,
            headers=sent,
            body=body,
            most_bytes=MOST_BYTES,
            seconds=SECONDS,
            reach=reach,
        )
    except (outward.Refused, outward.Unreachable) as error:
        raise ApiTrouble(f"It could not be reached: {error}") from error
    _refuse(answer, request)
    if answer.status == 204 or not answer.body:
        return Told(headers=answer.headers, body=None)
    try:
        return Told(headers=answer.headers, body=json_text.read(answer.body))
    except json_text.NotReadable as error:
        raise ApiTrouble(f"It answers {request.about} with no JSON: {error}.") from error


def _refuse(answer: outward.Answer, request: Ask) -> None:
    """Whatever is no success. What it says is not repeated: it could be about customers."""
    said = f"It answers {answer.status} {answer.reason} when asked for {request.about}."
    if answer.status == 429:
        raise TooOften(_wait(answer))
    if answer.status in (404, 410):
        raise NotThere(said)
    if answer.status in (401, 402, 403):
        raise NotAllowed(f"{said} Look at the connection's API token and what it may read.")
    if not 200 <= answer.status < 300:
        raise ApiTrouble(said)
    if answer.is_cut:
        raise ApiTrouble(f"Its answer for {request.about} is larger than {MOST_BYTES >> 20} MiB.")


def _wait(answer: outward.Answer) -> timedelta:
    try:
        seconds = float(answer.headers.get("retry-after", "2"))
    except ValueError:  # a date, which no vendor of ours sends
        seconds = 60.0
    return min(max(timedelta(seconds=seconds), timedelta(seconds=1)), LONGEST_WAIT)
