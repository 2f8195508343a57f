"""Files of a till that writes no webhooks (The Edge, JewelMate): CSV with a heading, documented in docs/file-drop.md.

A row says in `record` what it is: a sale's line, a payment, a refund, a void, a count, a customer or a register's closing. The rows of one ticket are one
message; its key is the file's SHA-256 with the first of them, and its facts have the ticket's number in its store, so that
a file that is dropped twice, or a period that is exported again, changes nothing. A ticket in a later file overrules an
earlier one. Rows that cannot be understood are kept dead with their reason, and hold up no others.
"""

import csv
import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from pos_bridge.providers import json_text, tickets
from pos_bridge.providers.contract import Delivery, Message
from pos_bridge.providers.fields import Malformed
from pos_bridge.providers.reading import (
    moment,
    needed,
    number,
    quantity,
    rows,
    text,
    version_at,
    whole_object,
    wrong,
)
from pos_bridge.records import (
    Cancellation,
    Closure,
    CustomerCard,
    HandOver,
    ItemCard,
    PaymentReport,
    Person,
    Record,
    RefundReport,
    StockCount,
    Ticket,
    TicketLine,
)

TELLS_PROBLEMS = False
FETCHES: frozenset[str] = frozenset()
MOST_ROWS = 200_000
LONGEST_ROW = 64
RECORDS = ("sale", "payment", "refund", "void", "stock", "customer", "closing")

# Our column, and what else it may be called. Case, spaces, dots, dashes and # do not matter.
COLUMNS = {
    "record": ("record", "type", "transtype", "transactiontype"),
    "store": ("store", "storeno", "storecode", "storenumber", "location"),
    "ticket": ("ticket", "ticketno", "ticketnumber", "invoice", "invoiceno", "receipt", "transno"),
    "line": ("line", "lineno", "linenumber", "seq"),
    "at": ("at", "date", "datetime", "saledate", "transdate", "ticketdate"),
    "sku": ("sku", "item", "itemno", "itemnumber", "stockno", "stocknumber", "barcode"),
    "kind": ("kind", "itemtype"),
    "description": ("description", "desc", "itemdescription"),
    "quantity": ("quantity", "qty"),
    "price": ("price", "unitprice", "retail", "listprice"),
    "net": ("net", "nettotal", "extended", "extprice", "lineamount"),
    "tax": ("tax", "salestax", "taxamount"),
    "currency": ("currency",),
    "number": ("number", "paymentno", "paymentnumber", "refundno", "closingno", "zno", "znumber"),
    "register": ("register", "registerno", "registername", "drawer", "station"),
    "opened": ("opened", "openedat", "openingtime"),
    "counted": ("counted", "countedwhole"),
    "tender": ("tender", "paymenttype", "paymentmethod", "paymethod"),
    "amount": ("amount", "paid", "paymentamount"),
    "reason": ("reason", "returnreason"),
    "email": ("email", "emailaddress"),
    "phone": ("phone", "phonenumber", "mobile", "cell", "cellphone"),
    "first_name": ("firstname", "first"),
    "last_name": ("lastname", "last", "surname"),
    "customer": ("customer", "customerid", "customerno", "custno"),
    "design_code": ("designcode", "design"),
    "report_number": ("reportnumber", "certificate", "certno", "certnumber", "gia"),
    "codes": ("codes", "code", "promocode", "coupon", "referralcode"),
    "note": ("note", "notes", "comment", "comments"),
    "taken": ("taken", "handedover", "pickedup"),
}
_OURS = {alias: ours for ours, aliases in COLUMNS.items() for alias in aliases}
_TIMES = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M %p", "%m/%d/%Y")  # fmt: skip
_KINDS = (tickets.MERCHANDISE, tickets.SERVICE, tickets.GIFT_CARD, tickets.SHIPPING)


class NotAFile(ValueError):
    """The whole file cannot be read; the text says what to mend."""


def is_signed(delivery: Delivery, *, secrets: Sequence[str], now: datetime) -> bool:
    return False  # files come into a directory, and nothing comes by HTTP


def key_of(delivery: Delivery) -> str:
    return delivery.fingerprint


def read(delivery: Delivery) -> Message:
    raise json_text.NotReadable("Files of this till are put into its directory")


def messages(raw: bytes, *, written_at: datetime, zone: ZoneInfo) -> Iterator[Message]:
    """What a file says, ticket by ticket. Times without an offset are of this zone. Raises NotAFile."""
    digest = hashlib.sha256(raw).hexdigest()
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for number_, row in enumerate(_rows(raw), start=2):
        said: dict[str, Any] = {**row, "row": number_}
        for name in {"at", "opened"} & said.keys():
            said[name] = _with_offset(said[name], zone)
        record = str(said.setdefault("record", "sale")).lower()
        ticket = str(said.get("ticket", ""))
        if record == "closing":  # a row for each tender
            ticket = f"{said.get('register', '')}:{said.get('number', '')}"
        is_of_many = record in {"sale", "closing"} and ticket.strip(":")
        own = "" if is_of_many else str(number_)
        groups.setdefault((record, f"{said.get('store', '')}:{ticket}", own), []).append(said)
    for (record, ticket, _), grouped in groups.items():
        is_sales = record in {"sale", "payment", "refund", "void"}
        yield Message(
            key=f"file:{digest}:{grouped[0]['row']}",
            type=record[:64],
            about=ticket[:128] if is_sales else "",
            body={"rows": grouped, "written_at": written_at.isoformat()},
        )


def refused(raw: bytes, *, name: str, why: str) -> Message:
    """A whole file that cannot be read, to be kept dead. Its text is not kept."""
    digest = hashlib.sha256(raw).hexdigest()
    return Message(
        key=f"file:{digest}", type="file", about="", body={"file": name[:200], "why": why}
    )


def parse(*, name: str, body: Any) -> tuple[Record, ...]:
    said = whole_object(body)
    if name == "file":
        wrong(text(said, "file"), text(said, "why", longest=500))
    reader = _READERS.get(name)
    if reader is None:
        wrong("record", f"is {name!r}; it is one of {', '.join(RECORDS)}")
    found = rows(said, "rows")
    try:
        return reader(found, moment(said, "written_at"))
    except Malformed as malformed:
        for problem in malformed.problems:
            wrong(f"row {found[0].get('row') if found else '?'}: {problem.field}", problem.message)
        raise


# The file.


def _rows(raw: bytes) -> Iterator[dict[str, str]]:
    try:
        whole = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        whole = raw.decode("cp1252", "replace")  # as older tills on Windows write
    if "\0" in whole:
        raise NotAFile("It has the character NUL; export it as CSV in UTF-8")
    heading = whole.partition("\n")[0]
    divider = max(",;\t|", key=heading.count)
    reader = csv.reader(io.StringIO(whole, newline=""), delimiter=divider, strict=True)
    try:
        names = [_name(each) for each in next(reader, [])]
        if not {"ticket", "sku", "customer", "register"} & set(names):
            raise NotAFile("Its first row names no column that we know; see docs/file-drop.md")
        if len(set(filter(None, names))) < len(list(filter(None, names))):
            raise NotAFile("Two of its columns mean the same; leave one out")
        for count, values in enumerate(reader):
            if count >= MOST_ROWS or len(values) > LONGEST_ROW:
                raise NotAFile(
                    f"It has more than {MOST_ROWS} rows, or {LONGEST_ROW} columns; split it"
                )
            if any(value.strip() for value in values):
                yield {
                    name: value.strip()
                    for name, value in zip(names, values, strict=False)
                    if name and value.strip()
                }
    except csv.Error as error:
        raise NotAFile(f"It is no CSV: {error}") from error


def _name(heading: str) -> str:
    plain = "".join(each for each in heading.lower() if each.isalnum())
    return _OURS.get(plain, "")


def _with_offset(value: str, zone: ZoneInfo) -> str:
    """As it is, where it cannot be read: whoever reads the row says so."""
    try:
        found = datetime.fromisoformat(value)
        return (found if found.tzinfo else found.replace(tzinfo=zone)).isoformat()
    except ValueError:
        pass
    for each in _TIMES:
        try:
            return datetime.strptime(value, each).replace(tzinfo=zone).isoformat()
        except ValueError:
            continue
    return value


# The rows.


def _ticket(found: list[dict[str, Any]], written_at: datetime) -> tuple[Record, ...]:
    first = found[0]
    lines = [_line(row) for row in found]
    net = sum((line.net for line in lines), Decimal(0))
    tax = sum((_amount(row, "tax") for row in found), Decimal(0))
    if net < 0 or tax < 0:
        wrong("net", "comes to less than nothing; send what went back as a refund")
    ticket = Ticket(
        sale_id=_sale_id(first),
        version=version_at(written_at),
        store=text(first, "store", longest=50),
        number=needed(first, "ticket", longest=64),
        currency=text(first, "currency", longest=3).upper(),
        total=net + tax,
        tax=tax,
        placed_at=moment(first, "at"),
        note=" ".join(
            dict.fromkeys(filter(None, (text(row, "note", longest=500) for row in found)))
        )[:2000],
        design_code="",
        codes=tuple(
            dict.fromkeys(
                code for row in found for code in text(row, "codes").split(",") if code.strip()
            )
        ),
        person=_person(first),
        lines=tuple(lines),
    )
    taken = [text(row, "taken").lower() in {"yes", "y", "true", "1", "x"} for row in found]
    is_taken = all(taken)
    return (
        (ticket, HandOver(sale_id=ticket.sale_id, at=ticket.placed_at)) if is_taken else (ticket,)
    )


def _line(row: dict[str, Any]) -> TicketLine:
    pieces = quantity(row, "quantity") if "quantity" in row else 1
    net = _amount(row, "net") if "net" in row else _amount(row, "price") * pieces
    kind = text(row, "kind").lower().replace(" ", "_") or tickets.MERCHANDISE
    if kind not in _KINDS:
        wrong("kind", f"is one of {', '.join(_KINDS)}")
    return TicketLine(
        kind=kind,
        sku=text(row, "sku", longest=64),
        description=text(row, "description"),
        quantity=pieces,
        price=_amount(row, "price") if "price" in row else net / pieces,
        net=net,
        design_code=text(row, "design_code", longest=16),
        report_number=text(row, "report_number", longest=32),
    )


def _payment(found: list[dict[str, Any]], written_at: datetime) -> tuple[Record, ...]:
    (row,) = found
    report = PaymentReport(
        sale_id=_sale_id(row),
        payment_id=f"{_sale_id(row)}:{needed(row, 'number', longest=32)}",
        status="captured",
        amount=_above_zero(row),
        currency=text(row, "currency", longest=3).upper(),
        tender=text(row, "tender", longest=32).lower() or "other",
        at=moment(row, "at"),
    )
    return (report,)


def _refund(found: list[dict[str, Any]], written_at: datetime) -> tuple[Record, ...]:
    (row,) = found
    amount = _above_zero(row)
    report = RefundReport(
        sale_id=_sale_id(row),
        refund_id=f"{_sale_id(row)}:{needed(row, 'number', longest=32)}",
        amount=amount,
        tax=min(_amount(row, "tax"), amount) if "tax" in row else None,
        currency=text(row, "currency", longest=3).upper(),
        tender=text(row, "tender", longest=32).lower(),
        reason=text(row, "reason"),
        at=moment(row, "at"),
    )
    return (report,)


def _void(found: list[dict[str, Any]], written_at: datetime) -> tuple[Record, ...]:
    (row,) = found
    return (Cancellation(sale_id=_sale_id(row), at=moment(row, "at")),)


def _stock(found: list[dict[str, Any]], written_at: datetime) -> tuple[Record, ...]:
    (row,) = found
    counted = number(row, "quantity")
    if "quantity" not in row or counted != counted.to_integral_value():
        wrong("quantity", "is a whole number of pieces")
    sku = needed(row, "sku", longest=64)
    at = moment(row, "at") if "at" in row else written_at
    count = StockCount(
        item_id=sku, place=text(row, "store", longest=50), quantity=int(counted), at=at
    )
    report = text(row, "report_number", longest=32)
    return (ItemCard(item_id=sku, sku=sku, report_number=report), count)


def _customer(found: list[dict[str, Any]], written_at: datetime) -> tuple[Record, ...]:
    (row,) = found
    needed(row, "customer")
    return (CustomerCard(person=_person(row), at=moment(row, "at") if "at" in row else written_at),)


def _closing(found: list[dict[str, Any]], written_at: datetime) -> tuple[Record, ...]:
    """A register's session; its number counts closings, so that with the store and the register it is known again."""
    first = found[0]
    place, register = text(first, "store", longest=50), text(first, "register", longest=32)
    opened_at, closed_at = moment(first, "opened"), moment(first, "at")
    if opened_at >= closed_at:
        wrong("opened", "is not before at, when it was closed")
    closure = Closure(
        closure_id=f"{place}:{register}:{needed(first, 'number', longest=32)}",
        place=place,
        register=register,
        opened_at=opened_at,
        closed_at=closed_at,
        currency=text(first, "currency", longest=3).upper(),
        tenders=tuple((needed(row, "tender", longest=32), _counted(row)) for row in found),
        is_counted_whole=text(first, "counted").lower() not in {"no", "n", "false", "0", "part"},
    )
    return (closure,)


def _counted(row: dict[str, Any]) -> Decimal:
    """Below zero where more was given back than taken."""
    return _amount(row, "amount") if "amount" in row else wrong("amount", "is missing; send 0.00")


def _sale_id(row: dict[str, Any]) -> str:
    return f"{text(row, 'store', longest=50)}:{needed(row, 'ticket', longest=64)}"


def _person(row: dict[str, Any]) -> Person:
    return Person(
        id=text(row, "customer", longest=128),
        email=text(row, "email", longest=254),
        phone=text(row, "phone", longest=64),
        first_name=text(row, "first_name", longest=100),
        last_name=text(row, "last_name", longest=100),
    )


def _amount(row: dict[str, Any], name: str) -> Decimal:
    """With a currency's sign and the commas between thousands, as tills export them."""
    said = str(row.get(name, "")).replace("$", "").replace(",", "").strip()
    return number({name: said}, name)


def _above_zero(row: dict[str, Any]) -> Decimal:
    amount = abs(_amount(row, "amount"))
    return amount if amount else wrong("amount", "is zero, or missing; send what was moved")


_READERS: dict[str, Callable[[list[dict[str, Any]], datetime], tuple[Record, ...]]] = {
    "sale": _ticket,
    "payment": _payment,
    "refund": _refund,
    "void": _void,
    "stock": _stock,
    "customer": _customer,
    "closing": _closing,
}
